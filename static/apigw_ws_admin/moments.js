// Times that the server told: kept true while the page is open. Where it did not know this browser's zone yet
// (zones.py), they are put into it.
"use strict";
{
  const MINUTES = { year: 525_600, month: 43_800, week: 10_080, day: 1_440, hour: 60, minute: 1 };
  const { lang } = document.documentElement;
  const words = new Intl.RelativeTimeFormat(lang || "en");
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  const isElsewhere = document.currentScript.dataset.zone !== timeZone;
  const latest = new WeakMap(); // time -> how long ago it was; the server's words stand while that is true

  function agoOf(time) {
    const minutes = (Date.parse(time.dateTime) - Date.now()) / 60_000;
    const unit = Object.keys(MINUTES).find((name) => Math.abs(minutes) >= MINUTES[name]);
    return unit ? words.format(Math.trunc(minutes / MINUTES[unit]), unit) : time.dataset.ago;
  }
  function keep(time) {
    const text = agoOf(time), known = latest.get(time) ?? text;
    if (known !== text) time.textContent = text;
    latest.set(time, text);
  }
  function translate(node) {
    const moment = new Date(node.dateTime);
    const [date, exact] = moment.toLocaleString("sv").split(" "), time = exact.slice(0, 5); // 2026-11-23 16:46:59
    const zone = moment.toLocaleString("sv", { timeZoneName: "short" }).split(" ").pop();
    const exactly = `${date} ${exact} ${zone}`;
    const day = moment.toLocaleDateString(lang, { day: "numeric", month: "short" });
    const text = { time, exact, full: `${date} ${time}`, date, day }[node.dataset.clock];
    if (text || node.title === node.textContent) node.textContent = text ?? exactly;
    node.title = exactly;
  }
  function look() {
    document.querySelectorAll("time[data-ago]").forEach(keep);
  }
  function tell() {
    look();
    if (isElsewhere) document.querySelectorAll("time[title]").forEach(translate);
  }
  tell();
  document.addEventListener("htmx:afterRequest", tell);
  setInterval(look, 30_000);
}
