import { GatewaySocket } from "../apigw_ws/client.js";

const WHO_EVERY = 20_000;
const PATIENCE = 60_000;

const [chat, state, channels, members, scroll, log, composer, text, me] = [
  "chat", "state", "channels", "members", "scroll", "log", "composer", "text", "me",
].map((id) => document.getElementById(id));

/** The channel is in the address, so that a reload or a copied link leads back to it. */
const wanted = [...channels.elements].find((radio) => radio.value === location.hash.slice(1));
if (wanted) wanted.checked = true;
let channel = channels.elements.channel.value;

const socket = new GatewaySocket(
  () => {
    const url = new URL(chat.dataset.gatewayUrl);
    url.searchParams.set("channel", channel);
    return url;
  },
  { keepAliveMessage: { action: "who" } },
);

function element(name, properties = {}, ...children) {
  const node = Object.assign(document.createElement(name), properties);
  node.append(...children);
  return node;
}

function say(template, values = {}) {
  return template.replace(/{(\w+)}/g, (_, name) => values[name]);
}

/** Adds an item to the log, and keeps the end in view for a reader who is there. */
function show(item) {
  const atEnd = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 80;
  log.append(item);
  if (atEnd || item.classList.contains("mine")) scroll.scrollTop = scroll.scrollHeight;
  return item;
}

function note(words) {
  show(element("li", { className: "note" }, words));
}

function clock(at) {
  const date = new Date(at);
  const time = date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  return element("time", { dateTime: date.toISOString(), title: date.toLocaleString() }, time);
}

function message({ from, text: words, at }, mine = false) {
  const previous = log.lastElementChild;
  const item = element(
    "li",
    { className: mine ? "message mine" : "message" },
    element("p", { className: "head" }, element("b", {}, mine ? log.dataset.you : from), " ", clock(at)),
    element("p", { className: "body" }, words),
  );
  item.dataset.from = mine ? "" : from;
  if (previous?.dataset.from === item.dataset.from) item.classList.add("more");
  return item;
}

async function deliver(item, words) {
  item.classList.add("waiting");
  try {
    await socket.request("say", { text: words }, { timeout: PATIENCE });
    item.classList.remove("waiting");
  } catch {
    const retry = element("button", { type: "button" }, log.dataset.retry);
    const failed = element("p", { className: "failed" }, log.dataset.failed, " ", retry);
    retry.addEventListener("click", () => {
      failed.remove();
      text.focus();
      deliver(item, words);
    });
    item.classList.remove("waiting");
    item.append(failed);
  }
}

function showState() {
  const now = socket.state !== "open" && !navigator.onLine ? "offline" : socket.state;
  state.dataset.state = now;
  state.textContent = state.dataset[now];
}

function count(number) {
  members.textContent = number > 1 ? say(members.dataset.many, { count: number }) : members.dataset.one;
}

async function move() {
  const next = channels.elements.channel.value;
  const previous = channel;
  channel = next;
  try {
    const joined = socket.state === "open" ? await socket.request("join", { channel: next }) : null;
    if (channel !== next) return; // The user went on meanwhile.
    if (joined) count(joined.members);
  } catch {
    if (channel !== next) return;
    channel = channels.elements.channel.value = previous;
    note(say(log.dataset.refused, { channel: next }));
    return;
  }
  history.replaceState(null, "", `#${next}`);
  note(say(log.dataset.joined, { channel: next }));
}

function who() {
  if (socket.state === "open" && document.visibilityState === "visible") socket.send({ action: "who" });
}

const receive = {
  said(data) {
    if (data.request_id || data.channel !== channel) return; // Our own, or of the channel we just left.
    show(message(data));
  },
  who(data) {
    count(data.members.length);
    if (data.you) me.textContent = say(me.dataset.as, { name: data.you });
  },
};

socket.addEventListener("message", ({ data }) => receive[data?.type]?.(data));
socket.addEventListener("open", who);
socket.addEventListener("state", showState);
socket.addEventListener("error", ({ detail }) => {
  if (detail.code === "gateway") note(say(log.dataset.gateway, detail));
});
addEventListener("online", showState);
addEventListener("offline", showState);
addEventListener("visibilitychange", who);
setInterval(who, WHO_EVERY);

channels.addEventListener("change", move);
channels.addEventListener("submit", (event) => event.preventDefault());
composer.addEventListener("submit", (event) => {
  event.preventDefault();
  const words = text.value.trim();
  if (!words) return;
  text.value = "";
  const said = { text: words, at: Date.now() };
  deliver(show(message(said, true)), words);
});

socket.connect();
