/** WebSockets of this browser to the gateway, without any help: what they do is what a client's would. */

import { ask, copyOf, fill, notify, part, say } from "./common.js";
import { note } from "./log.js";

const MOST = 20;
const GATEWAYS_OWN = /^connectionId,message,(messageId|requestId)$/;

let last = 0;
let beginning = null;
/** The newest last; those that are over until they are dismissed. Their states are connecting, open, refused
 * (or never reached), given-up and closed. */
const connections = [];

const isOpen = ({ ws }) => ws.readyState === WebSocket.OPEN;
const isOver = ({ state }) => !["connecting", "open"].includes(state);
const tell = (connection, text, link) => note({ kind: "note", connection, text, link });

/** The URL with the query string that is asked for. */
export function wantedUrl() {
  const url = new URL(say.url);
  url.search = part("connect").elements.query.value.trim();
  return url;
}

/** The URL of the connection that is chosen, or the wanted one. It never has a token: that is good once. */
export function currentUrl() {
  return targets().length === 1 ? targets()[0].url : wantedUrl().href;
}

/** Those that a frame goes out on. */
export function targets() {
  const chosen = part("on").value;
  return connections.filter((each) => isOpen(each) && (chosen === "all" || String(each.number) === chosen));
}

/** Opens one. Its ``settled`` resolves when it is open, or is not going to be. */
export function connect() {
  beginning ??= begin().finally(() => (beginning = null));
  return beginning;
}

async function begin() {
  notify();
  if (connections.filter((each) => !isOver(each)).length >= MOST) return notify(say.textMost);
  try {
    const form = part("connect");
    const { token, after } = await (await ask(form.action, { method: "POST", body: new FormData(form) })).json();
    const [url, link] = [wantedUrl(), wantedUrl()];
    if (token) link.searchParams.set("ws_token", token);
    const connection = { number: last + 1, url: url.href, query: url.search, after, sent: 0, received: 0 };
    connection.ws = new WebSocket(link);
    connection.ws.binaryType = "arraybuffer";
    last += 1;
    add(connection);
    connection.settled = listen(connection);
    return connection;
  } catch ({ message }) {
    notify(message);
  }
}

/** At least one is open afterwards, unless that is refused. */
export async function connected() {
  if (connections.some(isOpen)) return;
  const connection = connections.findLast(({ state }) => state === "connecting") ?? (await connect());
  await connection?.settled;
}

function listen(connection) {
  const { ws, number } = connection;
  const begun = performance.now();
  return new Promise((resolve) => {
    ws.onopen = () => {
      connection.openedAt = performance.now();
      change(connection, "open");
      part("on").value = number;
      const ms = Math.round(connection.openedAt - begun);
      tell(connection, `${fill(say.textOpened, { ms })} ${connection.query}`.trim());
      resolve();
    };
    ws.onmessage = ({ data }) => receive(connection, data);
    ws.onclose = (event) => {
      end(connection, event);
      resolve();
    };
  });
}

function receive(connection, data) {
  const text = typeof data === "string" ? data : new TextDecoder().decode(data);
  const lag = connection.sentAt && Math.round(performance.now() - connection.sentAt);
  connection.received += 1;
  note({ kind: isGateways(text) ? "gateway" : "in", connection, text, lag });
  count(connection);
}

/** API Gateway's own frame, such as {"message": "Forbidden", "connectionId": "…", "requestId": "…"}. */
function isGateways(text) {
  try {
    return GATEWAYS_OWN.test(Object.keys(JSON.parse(text) ?? {}).sort().join());
  } catch {
    return false;
  }
}

export function transmit(connection, text) {
  if (!isOpen(connection)) return notify(fill(say.textNotOpen, connection));
  connection.ws.send(text);
  connection.sent += 1;
  connection.sentAt = performance.now();
  note({ kind: "out", connection, text });
  count(connection);
}

function end(connection, { code, reason }) {
  if (connection.state === "connecting") {
    change(connection, connection.isGivenUp ? "given-up" : "refused");
    return connection.isGivenUp ? tell(connection, say.textGivenUp) : explain(connection);
  }
  connection.code = code;
  change(connection, "closed");
  const seconds = ((performance.now() - connection.openedAt) / 1000).toFixed(1);
  const because = reason && ` (${reason})`;
  tell(connection, `${fill(say.textEnded, { seconds, code, because })} ${say[`code-${code}`] ?? ""}`.trim());
}

/** A browser learns neither the status nor the reason, so Django is asked for its newest refusal. */
async function explain(connection) {
  notify(say.textRefusing);
  try {
    const { text, ...link } = await (await ask(`${say.refusal}?after=${connection.after}`)).json();
    tell(connection, text, link.href && link);
    notify(text, link.href && link);
  } catch ({ message }) {
    tell(connection, say.textUnknown);
    notify(`${say.textUnknown} ${message}`);
  }
}

// ---- what stands in the page

function add(connection) {
  const item = copyOf("connection");
  connections.push(connection);
  connection.item = item;
  item.querySelector(".test-number").textContent = connection.number;
  item.querySelector(".test-text").textContent = connection.query || say.textNoQuery;
  item.querySelector("button").addEventListener("click", () => close(connection));
  part("connections").prepend(item);
  part("of").append(option(connection));
  change(connection, "connecting");
  for (const old of connections.filter(isOver).slice(0, -MOST)) dismiss(old);
}

function close(connection) {
  if (isOver(connection)) return dismiss(connection);
  connection.isGivenUp = true;
  connection.ws.close(1000);
}

function dismiss(connection) {
  connections.splice(connections.indexOf(connection), 1);
  connection.item.remove();
}

function change(connection, state) {
  const [{ item, number, code }, on] = [connection, part("on")];
  const chosen = on.value;
  connection.state = item.dataset.state = state;
  on.replaceChildren(on.options[0], ...connections.filter(isOpen).map(option));
  // Where the chosen one is gone, the newest: what is sent does not go to all of a sudden.
  on.value = [...on.options].some(({ value }) => value === chosen) ? chosen : on.options[on.options.length - 1].value;
  const { textConnecting, textOpen, textRefused, textClosed } = say;
  const words = { connecting: textConnecting, open: textOpen, refused: textRefused };
  item.querySelector(".test-state").textContent = words[state] ?? textClosed + (code ? ` (${code})` : "");
  const button = item.querySelector("button");
  button.textContent = isOver(connection) ? say.textDismiss : say.textClose;
  button.ariaLabel = fill(isOver(connection) ? say.textDismissNumber : say.textCloseNumber, { number });
  count(connection);
}

function count({ item, sent, received }) {
  item.querySelector(".test-counts").textContent = fill(say.textCounts, { sent, received });
}

function option({ number }) {
  return new Option(fill(say.textConnection, { number }), number);
}
