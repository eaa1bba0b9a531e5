/** The test console of a gateway: what is sent, what is copied, and the frames that are kept. */

import { ask, bytesOf, fill, grouped, notify, part, pretty, root, say } from "./common.js";
import { connect, connected, currentUrl, targets, transmit } from "./connections.js";
import { start } from "./log.js";

const FRAME_LIMIT = 32 * 1024; // https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html

/** Without a connection one is opened first. */
async function send(text) {
  if (!text) return notify(say.textEmpty);
  await connected();
  for (const connection of targets()) transmit(connection, text);
}

function edit(text) {
  part("frame").value = text;
  judge();
  part("frame").focus();
}

/** Says what API Gateway will make of the frame. */
function judge() {
  const text = part("frame").value;
  const { problem, route } = read(text);
  const bytes = bytesOf(text);
  const said = [fill(problem ? say.textPlain : say.textJson, { bytes: grouped.format(bytes), problem })];
  if (say.selector) said.push(fill(say.textRoute, { route }));
  if (bytes > FRAME_LIMIT) said.push(say.textLarge);
  part("judged").textContent = text ? said.join(" · ") : say.textEmpty;
  part("judged").classList.toggle("test-bad", Boolean(text && problem) || bytes > FRAME_LIMIT);
}

/** What names no route goes to $default, JSON or not. */
function read(text) {
  try {
    const named = say.selector.split(".").reduce((value, name) => value?.[name], JSON.parse(text));
    return { route: JSON.parse(say.routes).includes(named) ? named : "$default" };
  } catch ({ message }) {
    return { route: "$default", problem: message };
  }
}

const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

function asWscat(text) {
  return `wscat -c ${quoted(currentUrl())}${text ? ` -w 10 -x ${quoted(text)}` : ""}`;
}

function asJavaScript(text) {
  const lines = [
    `const socket = new WebSocket(${JSON.stringify(currentUrl())});`,
    text && `socket.onopen = () => socket.send(${JSON.stringify(text)});`,
    "socket.onmessage = ({ data }) => console.log(data);",
    "socket.onclose = ({ code, reason }) => console.log(code, reason);",
  ];
  return lines.filter(Boolean).join("\n");
}

/** Where the browser forbids it, the text is shown, to be copied by hand. */
async function copy(text, button) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    Object.assign(part("copied"), { hidden: false, textContent: text });
    part("copied").focus();
    return getSelection().selectAllChildren(part("copied"));
  }
  const caption = (button.dataset.caption ??= button.textContent);
  button.style.minWidth ||= `${button.offsetWidth}px`;
  button.textContent = say.textCopied;
  setTimeout(() => (button.textContent = caption), 1500);
}

// ---- saved frames

function choose(button) {
  const item = button.closest("li");
  const payload = item.querySelector("data").textContent;
  if (button.matches("[data-use]")) return edit(payload);
  if (button.matches("[data-send]")) return send(payload);
  const dialog = part("forgetting");
  dialog.querySelector("form").action = button.dataset.forget;
  dialog.querySelector("b").textContent = item.querySelector("b").textContent;
  dialog.showModal();
}

function keep() {
  part("keeping").querySelector("[name=payload]").value = part("frame").value;
  part("keeping").showModal();
}

/** The list comes back, and the connections stay as they are. */
async function submit(event) {
  event.preventDefault();
  const [form, dialog] = [event.target, event.target.closest("dialog")];
  const problem = dialog.querySelector("[role=alert]");
  problem.textContent = "";
  try {
    const answer = await ask(form.action, { method: "POST", body: new FormData(form) });
    part("frames").innerHTML = await answer.text(); // the server's own, escaped
    dialog.close();
  } catch ({ message }) {
    problem.textContent = message;
  }
}

function reset({ target: dialog }) {
  dialog.querySelector("form").reset();
  dialog.querySelector("[role=alert]").textContent = "";
}

// ---- the page

const sendWritten = () => send(part("frame").value);
const onForm = (act) => (event) => {
  event.preventDefault();
  act();
};

function listen() {
  part("connect").addEventListener("submit", onForm(connect));
  part("send").addEventListener("submit", onForm(sendWritten));
  part("frame").addEventListener("input", judge);
  part("frame").addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) onForm(sendWritten)(event);
  });
  part("format").addEventListener("click", () => edit(pretty(part("frame").value)));
  part("wscat").addEventListener("click", ({ target }) => copy(asWscat(part("frame").value), target));
  part("javascript").addEventListener("click", ({ target }) => copy(asJavaScript(part("frame").value), target));
  part("frames").addEventListener("click", ({ target }) => {
    const button = target.closest("button");
    if (button) choose(button);
  });
  part("keep")?.addEventListener("click", keep);
  for (const dialog of root.querySelectorAll("dialog")) {
    dialog.addEventListener("submit", submit);
    dialog.addEventListener("close", reset);
    dialog.querySelector("[data-cancel]").addEventListener("click", () => dialog.close());
  }
}

if (root) {
  start({
    replay: ({ connection, text }) => transmit(connection, text),
    edit: ({ text }) => edit(text),
    copy: ({ text }, button) => copy(pretty(text), button),
  });
  listen();
  judge();
}
