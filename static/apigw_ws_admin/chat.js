/** The demo's chat page: one GatewaySocket, and the handlers of apigw_ws_admin/demo/views.py. */

import { GatewaySocket } from "../apigw_ws/client.js";

const KEPT = 200; // messages in each channel
const SAME_BREATH = 3 * 60_000; // messages this close together share a heading
const LISTED = 8; // names under “Here now”
const REFRESH = 10_000;
const TINTS = 8;

const page = document.body.dataset; // The gateway's URL, the state, and every sentence.
const part = Object.fromEntries([...document.querySelectorAll("[id]")].map((node) => [node.id, node]));
const logs = new Map([...document.querySelectorAll("[role=log]")].map((log) => [log.id, log]));
const hour = new Intl.DateTimeFormat([], { timeStyle: "short" });

const met = new Set(); // Names: a new one is no reason to ask twice who is here.

let channel = wantedChannel();
let following = true; // The reader is at the end of the log, and stays there.
let turn = Promise.resolve();

const socket = new GatewaySocket(() => `${page.gateway}?channel=${channel}`, {
  backoffBase: 500,
  backoffCap: 4_000,
  requestTimeout: 5_000,
  keepAliveMessage: { action: "time" },
});

function wantedChannel() {
  const names = [...logs.keys()];
  return names.find((name) => location.hash === `#${name}`) ?? names[0];
}

function fill(sentence, values) {
  return sentence.replace(/\{(\w+)\}/g, (_, place) => values[place]);
}

function notify(sentence = "", values = {}) {
  part.notice.textContent = fill(sentence, values);
}

/** One after the other: API Gateway hands on a connection's messages without waiting for the one before. */
function inTurn(action, data) {
  const reply = turn.then(() => socket.request(action, data));
  turn = reply.catch(() => {});
  return reply;
}

async function timed(action) {
  const start = performance.now();
  const reply = await socket.request(action);
  const ms = Math.ceil(performance.now() - start);
  part.trip.textContent = fill(page.textTrip, { ms });
  return { ...reply, ms };
}

function showChannel() {
  part.channel.textContent = channel;
  part.second.hash = channel;
  for (const [name, log] of logs) log.hidden = name !== channel;
  for (const link of part.switcher.querySelectorAll("a")) {
    link.ariaCurrent = String(link.hash === `#${channel}`);
  }
  scrollToEnd();
}

function scrollToEnd() {
  const log = logs.get(channel);
  log.scrollTop = log.scrollHeight;
  following = part.newer.hidden = true;
}

function showScroll({ target: log }) {
  following = log.scrollHeight - log.scrollTop - log.clientHeight < 60;
  if (following) part.newer.hidden = true;
}

/** The reply to our own "say" carries the number of our request; what others say carries none. */
function show({ from, text, channel: where, at, request_id: request }) {
  const list = logs.get(where)?.querySelector("ol");
  if (!list) return;
  const key = `${at} ${from}`;
  // While a connection is renewed we are there twice, and hear ourselves as another would.
  const twin = [...list.children].find((item) => item.dataset.key === key);
  const item = twin ?? part.message.content.firstElementChild.cloneNode(true);
  const own = request !== undefined || item.classList.contains("own");
  item.classList.toggle("own", own);
  item.querySelector(".from").textContent = own ? page.textYou : from;
  if (twin) return;
  item.classList.toggle("more", continues(list.lastElementChild, { from, at, own }));
  Object.assign(item.dataset, { key, from, at, tint: tint(from) });
  item.querySelector("time").dateTime = at;
  item.querySelector("time").textContent = hour.format(new Date(at));
  item.querySelector(".text").textContent = text;
  append(item, list, where);
  if (!met.has(from)) {
    met.add(from);
    refreshMembers();
  }
}

function continues(item, { from, at, own }) {
  if (item?.dataset.from !== from || item.classList.contains("own") !== own) return false;
  return Date.parse(at) - Date.parse(item.dataset.at) < SAME_BREATH;
}

function append(item, list, where) {
  list.append(item);
  while (list.children.length > KEPT) list.firstElementChild.remove();
  list.firstElementChild.classList.remove("more");
  if (where !== channel) return;
  if (following || item.classList.contains("own")) scrollToEnd();
  else part.newer.hidden = false;
}

/** The same for the same name: which of the style sheet's colours it has. */
function tint(name) {
  return [...name].reduce((sum, letter) => (sum * 31 + letter.codePointAt(0)) % 9973, 7) % TINTS;
}

async function refreshMembers() {
  if (document.hidden || socket.state !== "open") return;
  try {
    const { you, members } = await timed("who");
    for (const name of members) met.add(name);
    showMembers(you, members);
  } catch {
    // The state says what is wrong, and the next refresh is near.
  }
}

function showMembers(you, members) {
  const names = [...new Set(members)].sort((a, b) => (b === you) - (a === you) || a.localeCompare(b));
  const items = names.slice(0, LISTED).map((name) => {
    const count = members.filter((other) => other === name).length;
    const label = count > 1 ? fill(page.textTwice, { name, count }) : name;
    const item = element("li", name === you ? fill(page.textMember, { name: label }) : label);
    item.dataset.tint = tint(name);
    return item;
  });
  if (names.length > LISTED) items.push(element("li", fill(page.textOthers, { count: names.length - LISTED })));
  part.members.replaceChildren(...items);
}

function element(tag, text) {
  return Object.assign(document.createElement(tag), { textContent: text });
}

async function join() {
  channel = wantedChannel();
  showChannel();
  notify();
  if (socket.state === "waiting") return; // The next connection names the channel.
  try {
    const joined = await inTurn("join", { channel });
    if (joined.channel === channel) notify(page.textJoined, joined);
    refreshMembers();
  } catch ({ code }) {
    if (code === "timeout") notify(page.textSilent);
  }
}

async function say(event) {
  event.preventDefault();
  const text = part.text.value.trim();
  if (!text) return;
  if (socket.state !== "open") return notify(page.textUnsent);
  part.text.value = "";
  const slow = setTimeout(notify, 400, page.textSending);
  try {
    show(await inTurn("say", { text }));
    notify();
  } catch {
    part.text.value ||= text;
    notify(page.textUnanswered);
  } finally {
    clearTimeout(slow);
  }
}

async function askTheClock() {
  try {
    const { now, ms } = await timed("time");
    notify(page.textClock, { ms, time: new Date(now).toLocaleTimeString() });
  } catch {
    notify(page.textSilent);
  }
}

/** Between two attempts to connect nothing changes for the reader. */
function showState({ detail: { state } }) {
  const lost = state === "waiting" || (state === "connecting" && page.state === "lost");
  page.state = lost ? "lost" : state;
  const words = { connecting: page.textConnecting, open: page.textOpen, lost: page.textLost }[page.state];
  if (part.state.textContent !== words) part.state.textContent = words;
  if (lost) part.trip.textContent = "";
}

socket.addEventListener("state", showState);
socket.addEventListener("open", () => {
  notify();
  refreshMembers();
});
socket.addEventListener("message", ({ data }) => data?.type === "said" && show(data));
socket.addEventListener("error", ({ detail }) => detail.code === "gateway" && notify(page.textRefused, detail));
addEventListener("hashchange", join);
part.switcher.addEventListener("click", ({ target }) => target.hash === location.hash && join()); // Once more.
document.addEventListener("visibilitychange", refreshMembers);
part.composer.addEventListener("submit", say);
part.clock.addEventListener("click", askTheClock);
part.newer.addEventListener("click", () => {
  scrollToEnd();
  part.text.focus();
});
const sizes = new ResizeObserver(() => following && scrollToEnd());
for (const log of logs.values()) {
  log.addEventListener("scroll", showScroll);
  sizes.observe(log);
}
setInterval(refreshMembers, REFRESH);
part.way.open = matchMedia("(width >= 54rem) and (height >= 54rem)").matches;
showChannel();
part.text.focus({ preventScroll: true });
socket.connect();
