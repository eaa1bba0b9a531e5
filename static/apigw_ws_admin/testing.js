/** The test console of a gateway: WebSockets of this browser, and what is sent on them. */

import { bytesOf, fill, grouped, note, pretty, start } from "./testing_log.js";

const MOST = 20; // connections
const FRAME_LIMIT = 32 * 1024; // https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
const GATEWAYS_OWN = /^connectionId,message,(messageId|requestId)$/;

const part = (id) => document.getElementById(id);
const root = part("test");
const say = root?.dataset;

let last = 0;
const connections = []; // The newest last; those that are closed until they are dismissed.

const isOpen = ({ ws }) => ws?.readyState === WebSocket.OPEN;
const notify = (sentence = "", values = {}) => (part("notice").textContent = fill(sentence, values));

/** What the console answers; throws a sentence. */
async function ask(url, options) {
  let response;
  try {
    response = await fetch(url, { redirect: "manual", headers: { Accept: "application/json" }, ...options });
  } catch {
    throw new Error(say.textUnanswered);
  }
  if (response.ok) return response;
  const isOurs = response.headers.get("Content-Type")?.startsWith("application/json");
  if (isOurs) throw new Error((await response.json()).error);
  throw new Error([0, 403].includes(response.status) ? say.textOut : say.textUnanswered);
}

// ---- connections

/** Opens one; resolves when it is open or is not going to be. */
async function connect() {
  const form = part("connect");
  const query = form.elements.query.value.trim().replace(/^\?/, "");
  if (connections.filter(({ state }) => state !== "closed").length >= MOST) return notify(say.textMost);
  const button = form.querySelector("[type=submit]");
  button.disabled = true;
  notify();
  try {
    const { token, after } = await (await ask(form.action, { method: "POST", body: new FormData(form) })).json();
    const url = say.url + (query && `?${query}`);
    const connection = { number: ++last, url, after, state: "connecting", sent: 0, received: 0, at: performance.now() };
    const link = new URL(url);
    if (token) link.searchParams.set("ws_token", token);
    link.hash = "";
    connection.ws = new WebSocket(link);
    add(connection);
    await listen(connection);
  } catch ({ message, name }) {
    notify(name === "SyntaxError" ? say.textUrl : message);
  } finally {
    button.disabled = false;
  }
}

/** Shows what happens to it. Resolves when it is open, or closed before that. */
function listen(connection) {
  const { ws, number } = connection;
  return new Promise((resolve) => {
    ws.onopen = () => {
      change(connection, "open");
      const ms = Math.round(performance.now() - connection.at);
      note({ kind: "note", connection, text: fill(say.textOpened, { ms, url: connection.url }) });
      connection.at = performance.now();
      part("on").value = number;
      resolve();
    };
    ws.onmessage = ({ data }) => receive(connection, data);
    ws.onclose = (event) => {
      const wasOpen = connection.state === "open";
      change(connection, "closed");
      if (wasOpen) ended(connection, event);
      else if (connection.isGivenUp) note({ kind: "note", connection, text: say.textGivenUp });
      else refused(connection);
      resolve();
    };
  });
}

function receive(connection, data) {
  const text = typeof data === "string" ? data : String(data);
  const lag = connection.sentAt && Math.round(performance.now() - connection.sentAt);
  connection.received += 1;
  note({ kind: isGateways(text) ? "gateway" : "in", connection, text, lag });
  show(connection);
}

/** API Gateway's own frame, such as {"message": "Forbidden", "connectionId": "…", "requestId": "…"}. */
function isGateways(text) {
  try {
    return GATEWAYS_OWN.test(Object.keys(JSON.parse(text) ?? {}).sort().join());
  } catch {
    return false;
  }
}

function ended(connection, { code, reason }) {
  const seconds = ((performance.now() - connection.at) / 1000).toFixed(1);
  const meaning = say[`code-${code}`] ?? root.getAttribute(`data-code-${code}`) ?? "";
  const values = { seconds, code, reason: reason && ` (${reason})`, meaning };
  connection.code = code;
  note({ kind: "note", connection, text: fill(say.textEnded, values).trim() });
  show(connection);
}

/** A browser learns neither the status nor the reason, so Django is asked for its newest refusal. */
async function refused(connection) {
  notify(say.textRefusing);
  try {
    const { text, href, label } = await (await ask(`${say.refusal}?after=${connection.after}`)).json();
    note({ kind: "note", connection, text, link: href && { href, label } });
    explain(text, href, label);
  } catch {
    note({ kind: "note", connection, text: say.textUnknown });
    notify(say.textUnknown);
  }
}

function explain(text, href, label) {
  notify(text);
  if (href) part("notice").append(" ", Object.assign(document.createElement("a"), { href, textContent: label, className: "underline", target: "_blank" }));
}

function add(connection) {
  connections.push(connection);
  const closed = connections.filter(({ state }) => state === "closed");
  for (const old of closed.slice(0, -MOST)) dismiss(old);
  const item = part("connection").content.firstElementChild.cloneNode(true);
  connection.item = item;
  item.querySelector(".test-number").textContent = connection.number;
  item.querySelector(".test-text").textContent = connection.url;
  item.querySelector("button").addEventListener("click", () => close(connection));
  part("connections").prepend(item);
  part("of").append(option(connection));
  change(connection, "connecting");
}

function option({ number }) {
  return new Option(fill(say.textConnection, { number }), number);
}

function close(connection) {
  if (connection.state === "closed") return dismiss(connection);
  connection.isGivenUp = true;
  connection.ws.close(1000);
}

function dismiss(connection) {
  connections.splice(connections.indexOf(connection), 1);
  connection.item.remove();
}

function change(connection, state) {
  connection.state = state;
  const chosen = part("on").value;
  part("on").replaceChildren(part("on").options[0], ...connections.filter(isOpen).map(option));
  part("on").value = [...part("on").options].some(({ value }) => value === chosen) ? chosen : "all";
  show(connection);
}

function show({ item, state, number, sent, received, code, ws, ...connection }) {
  const { textConnecting, textOpen, textClosed, textRefused, textClose, textDismiss } = say;
  const isOver = state === "closed";
  const over = code ? `${textClosed} (${code})` : connection.isGivenUp ? textClosed : textRefused;
  const button = item.querySelector("button");
  item.dataset.state = isOver && !code && !connection.isGivenUp ? "refused" : state;
  item.querySelector(".test-state").textContent = { connecting: textConnecting, open: textOpen, closed: over }[state];
  item.querySelector(".test-counts").textContent = fill(say.textCounts, { sent, received });
  button.textContent = isOver ? textDismiss : textClose;
  button.ariaLabel = fill(isOver ? say.textDismissNumber : say.textCloseNumber, { number });
}

// ---- sending

/** Without a connection one is opened first. */
async function send(text) {
  if (!text) return notify(say.textEmpty);
  if (!connections.some(isOpen)) await connect();
  const chosen = part("on").value;
  const targets = connections.filter((each) => isOpen(each) && (chosen === "all" || String(each.number) === chosen));
  for (const connection of targets) transmit(connection, text);
}

function transmit(connection, text) {
  connection.ws.send(text);
  connection.sent += 1;
  connection.sentAt = performance.now();
  note({ kind: "out", connection, text });
  show(connection);
}

function replay({ connection, text }) {
  if (isOpen(connection)) transmit(connection, text);
  else notify(say.textNotOpen, { number: connection.number });
}

function judge() {
  const text = part("frame").value;
  const bytes = bytesOf(text);
  let [sentence, route] = [say.textJson, "$default"];
  let problem = "";
  try {
    const named = say.selector.split(".").reduce((value, name) => value?.[name], JSON.parse(text));
    if (JSON.parse(say.routes).includes(named)) route = named;
  } catch (error) {
    [sentence, problem] = [say.textPlain, error.message];
  }
  const said = [fill(sentence, { bytes: grouped.format(bytes), problem })];
  if (say.selector) said.push(fill(say.textRoute, { route }));
  if (bytes > FRAME_LIMIT) said.push(say.textLarge);
  part("judged").textContent = text ? said.join(" · ") : say.textEmpty;
  part("judged").classList.toggle("test-bad", Boolean(text) && (bytes > FRAME_LIMIT || Boolean(problem)));
}

function edit(text) {
  part("frame").value = text;
  judge();
  part("frame").focus();
}

// ---- copying: never a token, which is good once

const currentUrl = () => {
  const query = part("connect").elements.query.value.trim().replace(/^\?/, "");
  const chosen = connections.find(({ number }) => String(number) === part("on").value);
  return chosen?.url ?? say.url + (query && `?${query}`);
};
const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;
const asWscat = (text) => `wscat -c ${quoted(currentUrl())}${text ? ` -w 10 -x ${quoted(text)}` : ""}`;
const asJavaScript = (text) =>
  [
    `const socket = new WebSocket(${JSON.stringify(currentUrl())});`,
    ...(text ? [`socket.onopen = () => socket.send(${JSON.stringify(text)});`] : []),
    "socket.onmessage = ({ data }) => console.log(data);",
    "socket.onclose = ({ code, reason }) => console.log(code, reason);",
  ].join("\n");

/** Where the browser forbids it, the text is shown to be copied by hand. */
async function copy(text, button) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    Object.assign(part("copied"), { hidden: false, textContent: text }).focus();
    return getSelection().selectAllChildren(part("copied"));
  }
  const caption = button.dataset.caption ?? button.textContent;
  Object.assign(button.dataset, { caption });
  button.textContent = say.textCopied;
  setTimeout(() => (button.textContent = caption), 1500);
}

// ---- saved frames

const payloadOf = (button) => button.closest("li").querySelector("data").textContent;

function forget(button) {
  const dialog = part("forgetting");
  dialog.querySelector("form").action = button.dataset.forget;
  dialog.querySelector("b").textContent = button.closest("li").querySelector("b").textContent;
  dialog.showModal();
}

async function submit(event) {
  event.preventDefault();
  const dialog = event.target.closest("dialog");
  const problem = dialog.querySelector("[role=alert]");
  problem.textContent = "";
  try {
    const answer = await ask(event.target.action, { method: "POST", body: new FormData(event.target) });
    part("frames").innerHTML = await answer.text(); // the server's own, escaped
    dialog.close();
  } catch ({ message }) {
    problem.textContent = message;
  }
}

function listenToFrames() {
  part("frames").addEventListener("click", ({ target }) => {
    const button = target.closest("button");
    if (button?.matches("[data-use]")) edit(payloadOf(button));
    else if (button?.matches("[data-send]")) send(payloadOf(button));
    else if (button) forget(button);
  });
  part("keep")?.addEventListener("click", () => {
    part("keeping").querySelector("[name=payload]").value = part("frame").value;
    part("keeping").showModal();
  });
  for (const dialog of root.querySelectorAll("dialog")) {
    dialog.addEventListener("submit", submit);
    dialog.querySelector("[data-cancel]").addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => {
      dialog.querySelector("form").reset();
      dialog.querySelector("[role=alert]").textContent = "";
    });
  }
}

function begin() {
  start((what, entry, button) => ({ replay, edit: () => edit(entry.text), copy: () => copy(pretty(entry.text), button) })[what](entry));
  listenToFrames();
  part("connect").addEventListener("submit", (event) => {
    event.preventDefault();
    connect();
  });
  part("send").addEventListener("submit", (event) => {
    event.preventDefault();
    send(part("frame").value);
  });
  part("frame").addEventListener("input", judge);
  part("frame").addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    send(part("frame").value);
  });
  part("format").addEventListener("click", () => edit(pretty(part("frame").value)));
  part("wscat").addEventListener("click", ({ target }) => copy(asWscat(part("frame").value), target));
  part("javascript").addEventListener("click", ({ target }) => copy(asJavaScript(part("frame").value), target));
  judge();
}

if (root) begin();
