// A list that refreshes itself. Rows are told apart by their record, and only cells that changed are replaced:
// a plain swap would lose selection, open rows, focus and menus.
"use strict";
{
  const RATE = "apigw-ws-live-rate";
  const one = (selector, within = document) => within.querySelector(selector);
  const bar = () => one("#live");
  const rowsOf = (table) => [...table.tBodies];
  const cellsOf = (row) => [...row.rows].flatMap((line) => [...line.cells]);
  const keyOf = (row) => one(":scope > tr > th a[href]", row)?.getAttribute("href");

  // ---- times: the server sends moments, and the page reckons
  function span(seconds, [s, m, h, d]) {
    if (seconds < 60) return `${seconds} ${s}`;
    if (seconds < 3600) return `${Math.floor(seconds / 60)} ${m} ${seconds % 60} ${s}`;
    if (seconds < 86400) return `${Math.floor(seconds / 3600)} ${h} ${Math.floor((seconds % 3600) / 60)} ${m}`;
    return `${Math.floor(seconds / 86400)} ${d} ${Math.floor((seconds % 86400) / 3600)} ${h}`;
  }
  function tick(within = document) {
    const units = one("[data-units]")?.dataset.units.split(" ");
    if (!units) return;
    for (const time of within.querySelectorAll("time[data-live]")) {
      const past = (Date.now() - Date.parse(time.dateTime)) / 1000;
      const text = span(Math.max(0, Math.floor(time.dataset.live === "until" ? -past : past)), units);
      if (time.textContent !== text) time.textContent = text;
    }
  }

  // ---- rows
  const sent = new WeakMap(); // cell -> its HTML as the server sent it: Alpine and the clock change it
  const remember = (row) => cellsOf(row).forEach((cell) => sent.set(cell, cell.outerHTML));
  // What opens a row, or its menu, is for the mouse alone in the theme.
  function reach(node) {
    const openers = "td[x-on\\:click], span[x-ref^=rowDropdown]";
    for (const opener of [...node.querySelectorAll(openers), ...(node.matches?.(openers) ? [node] : [])]) {
      const isOpen = opener.matches("td") && opener.closest("tbody").rows[1]?.checkVisibility();
      opener.tabIndex = 0;
      opener.setAttribute("role", "button");
      opener.setAttribute("aria-expanded", Boolean(isOpen));
      opener.setAttribute("aria-label", opener.closest("td").dataset.label);
    }
  }
  const menu = () => [...document.querySelectorAll("body > nav")].find((each) => each.checkVisibility());
  function enliven(node) {
    htmx.process(node);
    tick(node);
    reach(node);
    // Alpine moves the menus of rows to the body, where htmx has not seen them.
    Alpine.nextTick(() => document.querySelectorAll("body > nav").forEach((each) => htmx.process(each)));
  }
  function patch(row, fresh) {
    if (row.className !== fresh.className) row.className = fresh.className;
    const cells = cellsOf(row);
    let changed = false;
    cellsOf(fresh).forEach((cell, place) => {
      const html = cell.outerHTML, old = cells[place];
      if (sent.get(old) === html || old.contains(document.activeElement)) return;
      sent.set(cell, html);
      cell.classList.add("live-changed");
      old.replaceWith(cell);
      enliven(cell);
      changed = true;
    });
    const facts = one("[data-facts]", row);
    if (changed && facts?.checkVisibility()) htmx.trigger(facts, "live:row");
  }
  function remove(row) {
    const held = row.contains(document.activeElement);
    const beside = row.nextElementSibling ?? row.previousElementSibling;
    row.remove();
    if (held) (one("th a[href]", beside) ?? one("#live-rate")).focus();
  }
  function reconcile(table, fresh) {
    const known = new Map(rowsOf(table).map((row) => [keyOf(row), row]));
    const wanted = new Set(rowsOf(fresh).map(keyOf));
    known.forEach((row, key) => wanted.has(key) || remove(row));
    let place = table.tBodies[0] ?? null;
    for (const row of rowsOf(fresh)) {
      const old = known.get(keyOf(row));
      if (!old) {
        remember(row);
        table.insertBefore(row, place);
        row.rows[0].classList.add("live-changed");
        enliven(row);
      } else {
        if (old === place) place = place.nextElementSibling;
        else table.insertBefore(old, place);
        patch(old, row);
      }
    }
  }
  function show(fragment) {
    const box = one("#live-results"), table = one("#result_list", box);
    const list = one("#live-results", fragment), fresh = one("#result_list", list);
    // Other columns: somebody's permissions have changed.
    if (table && fresh && table.tHead.rows[0].cells.length !== fresh.tHead.rows[0].cells.length) return location.reload();
    if (table && fresh) reconcile(table, fresh);
    else if (table || fresh) {
      const incoming = list.lastElementChild;
      if (fresh) rowsOf(fresh).forEach(remember);
      box.lastElementChild.replaceWith(incoming);
      enliven(incoming);
    }
    one(".live-figure").replaceWith(one(".live-figure", fragment));
    tick(one(".live-figure"));
    const pages = one("#live-pagination"), next = one("#live-pagination", fragment);
    if (pages && !pages.contains(document.activeElement)) pages.replaceChildren(...next.childNodes);
    count();
  }

  // ---- selection: Unfold's own handlers know only the rows of the first page load
  let latest = null, shift = false;
  const boxes = () => [...document.querySelectorAll("#result_list > tbody > tr > .action-checkbox input")];
  function count() {
    const all = boxes(), chosen = all.filter((box) => box.checked).length;
    all.forEach((box) => box.closest("tr").classList.toggle("selected", box.checked));
    const toggle = one("#result_list > thead .action-toggle"), counter = one("#changelist-form .action-counter");
    if (toggle) {
      toggle.checked = chosen > 0 && chosen === all.length;
      toggle.indeterminate = chosen > 0 && chosen < all.length;
    }
    const text = "%(sel)s of %(cnt)s selected";
    if (counter) counter.textContent = interpolate(ngettext(text, text, chosen), { sel: chosen, cnt: all.length }, true);
  }
  document.addEventListener("click", (event) => (shift = event.shiftKey), true);
  document.addEventListener("change", ({ target }) => {
    if (!bar()) return;
    if (target.matches("#result_list > thead .action-toggle")) {
      boxes().forEach((box) => (box.checked = target.checked));
      count();
    } else if (target.matches("#result_list > tbody > tr > .action-checkbox input")) {
      const all = boxes(), [from, to] = [all.indexOf(latest), all.indexOf(target)].sort((a, b) => a - b);
      if (shift && from >= 0) all.slice(from, to + 1).forEach((box) => (box.checked = target.checked));
      latest = target;
      count();
    }
  });

  // ---- when to ask
  let rate, timer, version, asOf, failures = 0, over = false;
  function tell(state) {
    bar().dataset.state = state;
    const text = bar().dataset[`text${state[0].toUpperCase()}${state.slice(1)}`];
    one("#live-note").textContent = text.replace("{time}", asOf.toLocaleTimeString("sv"));
  }
  // Room for what it says of a refresh that gets no answer, so that nothing moves then.
  function reserve() {
    const note = one("#live-note");
    const { state } = bar().dataset;
    const sizes = ["failed", "waiting", state].map((each) => (tell(each), [note.offsetWidth, note.offsetHeight]));
    note.style.minWidth = `${Math.max(...sizes.map(([width]) => width)) + 1}px`;
    note.style.minHeight = `${Math.max(...sizes.map(([, height]) => height))}px`;
  }
  function plan() {
    clearTimeout(timer);
    if (rate && !over) timer = setTimeout(ask, rate * 1000 * Math.min(2 ** failures, 16));
  }
  function ask() {
    if (document.hidden) return; // visibilitychange asks
    // A row's menu hangs at its row. A dialog does not, and the list goes on under it.
    if (menu() && !one("#modal-content").checkVisibility()) {
      tell("waiting");
      return plan();
    }
    htmx.trigger(bar(), "live:now");
  }
  function end(state) {
    over = true;
    tell(state);
  }
  const ours = (event) => event.target.id === "live";
  document.addEventListener("htmx:configRequest", (event) => {
    if (ours(event)) event.detail.headers["X-Live"] = version;
  });
  document.addEventListener("htmx:beforeOnLoad", (event) => {
    const to = ours(event) && event.detail.xhr.getResponseHeader("HX-Redirect");
    if (!to) return;
    // Signed out: whoever is in the middle of something keeps the page.
    event.preventDefault();
    const link = one("#live-sign-in");
    link.href = to;
    link.hidden = false;
    end("out");
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    if (!ours(event) || over) return;
    const { xhr } = event.detail;
    if (xhr.status === 200 || xhr.status === 204) {
      version = xhr.getResponseHeader("X-Live") ?? version;
      const counted = xhr.getResponseHeader("X-Counted"), clock = one(".live-figure time");
      if (counted && clock) clock.dateTime = counted, (clock.title = new Date(counted).toLocaleString("sv", { timeZoneName: "short" }));
      asOf = new Date();
      failures = 0;
      tell(rate ? "ok" : "paused");
    } else if (xhr.status === 403) return end("refused");
    else {
      failures += 1;
      tell("failed");
    }
    plan();
  });
  document.addEventListener("visibilitychange", () => {
    if (bar() && rate && !over && !document.hidden) ask();
  });
  document.addEventListener("change", ({ target }) => {
    if (target.id !== "live-rate" || over) return;
    rate = Number(target.value);
    localStorage.setItem(RATE, rate);
    tell(rate ? "ok" : "paused");
    if (rate) ask();
    plan();
  });
  document.addEventListener("animationend", (event) => {
    if (event.animationName === "live-flash") event.target.classList.remove("live-changed");
  });

  // Before Alpine, which is deferred, has changed an attribute, and before Unfold calls its own Actions.
  document.addEventListener("readystatechange", () => {
    if (document.readyState !== "interactive" || !one("[data-units]")) return;
    tick();
    setInterval(tick, 1000);
    document.addEventListener("htmx:afterSwap", ({ target }) => tick(target));
    if (!bar()) return;
    window.Actions = function () {};
    rowsOf(one("#live-results #result_list") ?? document.createElement("table")).forEach(remember);
    ({ version } = bar().dataset);
    asOf = new Date();
    const select = one("#live-rate"), kept = localStorage.getItem(RATE);
    if ([...select.options].some((option) => option.value === kept)) select.value = kept;
    rate = Number(select.value);
    tell(rate ? "ok" : "paused");
    addEventListener("load", () => document.fonts.ready.then(reserve));
    plan();
  });
  document.addEventListener("DOMContentLoaded", () => {
    if (!bar()) return;
    htmx.defineExtension("live", {
      isInlineSwap: (style) => style === "live",
      handleSwap(style, target, fragment) {
        if (style === "live") show(fragment);
        return style === "live" ? [] : false;
      },
    });
    count();
    reach(document);
  });
}
