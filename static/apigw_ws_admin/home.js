// The first page refreshes while it is visible and not paused. What has changed is put in place,
// node by node: nothing flickers, and what is focused, open or scrolled stays so.
"use strict";
{
  const EVERY = 10_000;
  const HIDDEN = 60_000; // for the tab's title
  const home = document.getElementById("home");
  const pause = document.getElementById("home-pause");
  let asOf = new Date();
  let looked = Date.now();

  // ---- times, as this browser's clock has them
  const forms = {
    time: { hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
    exact: { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" },
    both: { weekday: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
  };
  const language = document.documentElement.lang;
  const clock = (moment, form) => moment.toLocaleString(language, forms[form]);

  // ---- putting what has changed in place
  function settle(old, fresh) {
    if (old.nodeType !== fresh.nodeType || old.nodeName !== fresh.nodeName) return old.replaceWith(fresh);
    if (old.nodeType !== Node.ELEMENT_NODE) {
      if (old.data !== fresh.data) old.data = fresh.data;
      return;
    }
    for (const { name } of [...old.attributes]) if (!fresh.hasAttribute(name) && name !== "open") old.removeAttribute(name);
    for (const { name, value } of fresh.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
    if (old.matches(".home-table, [data-readout]")) return; // made below
    const [before, after] = [[...old.childNodes], [...fresh.childNodes]];
    before.slice(after.length).forEach((node) => node.remove());
    after.forEach((node, place) => (before[place] ? settle(before[place], node) : old.append(node)));
  }
  // ---- how much needs somebody, for a tab that is out of sight
  const { title } = document;
  function entitle() {
    const needs = home.querySelectorAll(".home-needs > li").length;
    document.title = needs ? `(${needs}) ${title}` : title;
  }

  function show(fragment) {
    for (const part of fragment.querySelectorAll("[data-version]")) {
      const old = document.getElementById(part.id);
      if (old) settle(old, part);
      else home.append(part);
    }
    home.querySelectorAll("details[open]").forEach(tabulate);
    readOut(latest);
    entitle();
  }

  // ---- charts: their numbers in a table, and under the pointer
  function rowsOf(plot) {
    const series = [...plot.querySelectorAll("[data-values]")];
    const values = series.map((line) => line.dataset.values.split(","));
    const form = Number(plot.dataset.step) > 60 ? "both" : "time";
    return values[0].map((_first, step) => {
      const moment = new Date(1000 * (Number(plot.dataset.from) + step * Number(plot.dataset.step)));
      const numbers = values.map((line) => written(line[step], plot.dataset.unit));
      return [clock(moment, form), ...numbers];
    });
  }
  function written(value, unit) {
    if (value === "") return "–";
    const number = Number(value).toLocaleString(language, { maximumFractionDigits: 1 });
    return unit ? `${number} ${unit}` : number;
  }
  const namesOf = (plot) => [...plot.querySelectorAll("[data-values]")].map((line) => line.dataset.name);
  function tabulate(details) {
    const plot = details.closest(".home-chart").querySelector("[data-plot]");
    const table = document.createElement("table");
    const heads = table.createTHead().insertRow();
    for (const name of [home.dataset.when, ...namesOf(plot)]) {
      const head = document.createElement("th");
      head.scope = "col";
      head.textContent = name;
      heads.append(head);
    }
    const body = table.createTBody();
    for (const cells of rowsOf(plot).reverse()) {
      const row = body.insertRow();
      for (const text of cells) row.insertCell().textContent = text;
    }
    const box = details.querySelector(".home-table"), scrolled = box.scrollTop;
    box.replaceChildren(table);
    box.scrollTop = scrolled;
  }
  home.addEventListener("toggle", ({ target }) => target.open && tabulate(target), true);

  let latest = {};
  function readOut({ target, clientX }) {
    const plot = target?.isConnected ? target.closest?.("[data-plot]") : null;
    for (const chart of home.querySelectorAll(".home-chart")) {
      const cursor = chart.querySelector(".home-cursor"), readout = chart.querySelector("[data-readout]");
      const here = plot !== null && chart.contains(plot);
      cursor.setAttribute("visibility", here ? "visible" : "hidden");
      if (!here) {
        readout.textContent = "";
        continue;
      }
      const rows = rowsOf(plot), names = namesOf(plot);
      const { left, width } = plot.getBoundingClientRect();
      const step = Math.max(0, Math.min(Math.floor(((clientX - left) / width) * rows.length), rows.length - 1));
      cursor.setAttribute("x", step);
      const [when, ...numbers] = rows[step];
      readout.textContent = [when, ...numbers.map((number, line) => `${names[line]} ${number}`)].join(" · ");
    }
  }
  home.addEventListener("pointermove", (event) => readOut((latest = event)));
  home.addEventListener("pointerleave", () => readOut((latest = {})));

  // ---- when to refresh
  const paused = () => pause.getAttribute("aria-pressed") === "true";
  function tell(state) {
    home.dataset.state = state;
    const text = home.dataset[`text${state[0].toUpperCase()}${state.slice(1)}`];
    document.getElementById("home-note").textContent = text.replace("{time}", clock(asOf, "exact"));
  }
  // Room for what it says where no answer comes, so that nothing moves then.
  function reserve() {
    const note = document.getElementById("home-note").parentElement;
    const { state } = home.dataset;
    const sizes = ["failed", state].map((each) => (tell(each), [note.offsetWidth, note.offsetHeight]));
    note.style.minWidth = `${Math.max(...sizes.map(([width]) => width)) + 1}px`;
    note.style.minHeight = `${Math.max(...sizes.map(([, height]) => height))}px`;
  }
  function look() {
    if (paused() || Date.now() - looked < (document.hidden ? HIDDEN : EVERY)) return;
    looked = Date.now();
    htmx.trigger(home, "home:look");
  }
  home.addEventListener("htmx:configRequest", ({ detail }) => {
    const versions = [...home.querySelectorAll(":scope > [data-version]")].map((part) => part.dataset.version);
    detail.headers["X-Live"] = versions.join(",");
  });
  home.addEventListener("htmx:afterRequest", ({ detail }) => {
    if (detail.xhr.getResponseHeader("HX-Redirect")) return;
    const answered = detail.xhr.status === 200 || detail.xhr.status === 204;
    if (answered) asOf = new Date();
    tell(!answered ? "failed" : paused() ? "paused" : "ok");
    if (answered && detail.requestConfig.verb === "post") focusAfterCard();
  });
  // The button that was pressed is gone: on with what comes next.
  function focusAfterCard() {
    const [card, next] = [document.getElementById("home-first"), document.getElementById("home-needs")];
    (card.hasChildNodes() ? card : next).focus();
  }
  pause.addEventListener("click", () => {
    pause.setAttribute("aria-pressed", String(!paused()));
    tell(paused() ? "paused" : "ok");
    look();
  });
  document.addEventListener("visibilitychange", look);
  htmx.defineExtension("home", {
    isInlineSwap: (style) => style === "home",
    handleSwap(style, _target, fragment) {
      if (style === "home") show(fragment);
      return style === "home" ? [] : false;
    },
  });
  tell("ok");
  addEventListener("load", () => document.fonts.ready.then(reserve));
  entitle();
  setInterval(look, 1_000);
}
