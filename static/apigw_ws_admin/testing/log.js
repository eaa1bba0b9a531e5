/** What went over the test connections: a list that stays small, and fast while frames pour in. */

import { away, bytesOf, copyOf, fill, grouped, part, pretty, say } from "./common.js";

const KEPT = 1_000; // frames
const KEPT_TEXT = 8_000_000; // characters in all of them
const PREVIEW = 300; // characters of a row
const ICONS = { in: "call_received", out: "call_made", note: "info", gateway: "warning" };
const ACTS = { in: ["edit", "copy"], out: ["replay", "edit", "copy"], note: ["copy"], gateway: ["copy"] };

const clock = new Intl.DateTimeFormat([], {
  hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3, hourCycle: "h23",
});

/** @typedef {{ kind: "in" | "out" | "note" | "gateway", connection: any, text: string, bytes: number, at: Date,
 *   lag?: number, link?: { href: string, label: string }, item?: HTMLElement }} Entry */

/** @type {Entry[]} The last of them wait for the next frame of the screen. */
let entries = [];
let waiting = 0;
let [length, dropped, unseen] = [0, 0, 0];
const entryOf = new WeakMap();

/** @param {Omit<Entry, "at" | "bytes" | "item">} entry */
export function note(entry) {
  entries.push({ ...entry, bytes: bytesOf(entry.text), at: new Date() });
  length += entry.text.length;
  if (!waiting++) requestAnimationFrame(draw);
  if (entries.length > 2 * KEPT) trim(); // Nothing is drawn in a tab that nobody sees.
}

function trim() {
  while (entries.length > 1 && (entries.length > KEPT || length > KEPT_TEXT)) {
    const { text, item } = entries.shift();
    length -= text.length;
    dropped += 1;
    item?.remove();
  }
  waiting = Math.min(waiting, entries.length);
}

function draw() {
  trim();
  const [list, isAtEnd] = [part("log"), atEnd()];
  const fresh = entries.slice(entries.length - waiting).filter(wanted());
  waiting = 0;
  list.append(...fresh.map(itemOf));
  unseen = isAtEnd ? 0 : unseen + fresh.length;
  if (isAtEnd) list.scrollTop = list.scrollHeight;
  tell();
}

function atEnd() {
  const { scrollHeight, scrollTop, clientHeight } = part("log");
  return scrollHeight - scrollTop - clientHeight < 40;
}

function itemOf(entry) {
  return (entry.item ??= row(entry));
}

function row(entry) {
  const item = copyOf("entry");
  const [way, kind, number, text, size, time] = item.querySelector("summary").children;
  item.dataset.kind = entry.kind;
  way.textContent = ICONS[entry.kind];
  kind.textContent = way.title = say[`textKind${entry.kind[0].toUpperCase()}${entry.kind.slice(1)}`];
  number.textContent = entry.connection.number;
  text.textContent = entry.text.slice(0, PREVIEW);
  if (entry.kind !== "note") size.textContent = `${grouped.format(entry.bytes)} B`;
  time.dateTime = entry.at.toISOString();
  time.textContent = clock.format(entry.at);
  entryOf.set(item, entry);
  return item;
}

/** @returns {(entry: Entry) => boolean} Whether it passes the filters, as they are now. */
function wanted() {
  const [text, way, number] = ["filter", "direction", "of"].map((id) => part(id).value.toLowerCase());
  const kinds = { in: ["in", "gateway"], out: ["out"] }[way];
  return (entry) =>
    (!kinds || kinds.includes(entry.kind)) &&
    (!number || String(entry.connection.number) === number) &&
    (!text || entry.text.toLowerCase().includes(text));
}

function tell() {
  const [shown, all] = [part("log").children.length, entries.length].map((number) => grouped.format(number));
  const { textShown, textDropped, textNewer } = say;
  part("shown").textContent = entries.length ? fill(textShown, { shown, all }) : "";
  part("nothing").hidden = entries.length > 0;
  part("dropped").textContent = dropped ? fill(textDropped, { count: grouped.format(dropped) }) : "";
  part("newer").hidden = !unseen;
  part("newer").textContent = fill(textNewer, { count: unseen });
}

/** Rows that are not wanted leave the page: to hide a thousand takes a browser the better part of a second. */
function filter() {
  part("log").replaceChildren(...entries.filter(wanted()).map(itemOf));
  waiting = unseen = 0;
  tell();
}

export function clear() {
  entries = [];
  waiting = length = dropped = unseen = 0;
  part("log").replaceChildren();
  tell();
}

/** The whole of it, when its row is opened for the first time. */
function unfold(details) {
  const entry = entryOf.get(details.parentElement);
  if (!details.open || details.children.length > 1) return;
  const whole = copyOf("whole");
  const { lag, link } = entry;
  const said = [
    lag === undefined ? "" : fill(say.textLag, { ms: lag }),
    entry.kind === "gateway" ? say.textGateway : "",
  ];
  whole.querySelector(".test-said").textContent = said.filter(Boolean).join(". ");
  whole.querySelector("pre").textContent = pretty(entry.text);
  for (const button of whole.querySelectorAll("[data-do]")) button.hidden = !ACTS[entry.kind].includes(button.dataset.do);
  if (link) whole.append(away(link));
  details.append(whole);
}

/** @param {Record<string, (entry: Entry, button: HTMLElement) => void>} acts  What the buttons of a row do. */
export function start(acts) {
  const list = part("log");
  list.addEventListener("toggle", ({ target }) => unfold(target), true);
  list.addEventListener("click", ({ target }) => {
    const button = target.closest("[data-do]");
    if (button) acts[button.dataset.do](entryOf.get(button.closest("li")), button);
  });
  list.addEventListener("scroll", () => {
    if (!unseen || !atEnd()) return;
    unseen = 0;
    tell();
  });
  part("newer").addEventListener("click", () => (list.scrollTop = list.scrollHeight));
  part("clear").addEventListener("click", clear);
  for (const id of ["filter", "direction", "of"]) part(id).addEventListener("input", filter);
}
