// What opens over a page takes the keyboard's focus, closes by Escape, and gives the focus back to what opened it: menus,
// filters, the sidebar of a narrow window, Ctrl+K, and dialogs. None but menus lets Tab out; from a menu it goes on.
"use strict";
{
  const MENU = "nav[x-show]";
  const STOP = "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']";
  // What scrolls, and what closes.
  const PASSED_OVER = ".simplebar-content-wrapper, div[x-on\\:click='openModal = false']";
  // Hang at the body, and belong to a field.
  const POPPED_UP = ".select2-container--open, .calendarbox, .clockbox";
  const one = (selector, within = document) => within.querySelector(selector);
  const isMenu = (panel) => panel.matches(MENU);
  const isSidebar = (panel) => panel.id === "nav-sidebar";
  const covers = (panel) => panel && getComputedStyle(panel).position === "fixed";

  const opened = []; // [{ panel, opener }], the last on top
  let closing = null; // fades out, and is there no more
  let before = null; // what had the focus, or was clicked

  const shown = (panel) => panel && panel !== closing && panel.checkVisibility();
  const panels = () => [
    innerWidth < 1280 && one("#nav-sidebar"),
    ...document.querySelectorAll(MENU),
    covers(one("#changelist-filter")) && one("#changelist-filter"),
    one("#search-input-command")?.closest(".fixed"),
    one("#modal-content"),
  ];
  // Of radio buttons, Tab comes to the chosen one alone.
  const passed = (each, panel) => each.type === "radio" && !each.checked && one(`[name="${each.name}"]:checked`, panel);
  const stops = (panel) =>
    [...panel.querySelectorAll(STOP)].filter((each) => !each.disabled && each.checkVisibility() && !passed(each, panel));

  function enter(panel, opener) {
    opened.push({ panel, opener });
    opener?.matches("[aria-expanded]") && opener.setAttribute("aria-expanded", "true");
    attend(panel, opener);
  }
  function attend(panel, opener) {
    if (!isMenu(panel) && !isSidebar(panel)) {
      const name = one("h1", panel)?.textContent ?? one("[placeholder]", panel)?.placeholder ?? opener?.firstChild?.textContent;
      for (const [key, value] of Object.entries({ role: "dialog", "aria-modal": "true", "aria-label": name?.trim() ?? "" }))
        panel.setAttribute(key, value);
    }
    if (panel.contains(document.activeElement)) return;
    const all = stops(panel);
    (all.find((each) => !each.matches(PASSED_OVER)) ?? all[0])?.focus();
  }
  function leave() {
    const { panel, opener } = opened.pop();
    opener?.matches("[aria-expanded]") && opener.setAttribute("aria-expanded", "false");
    const at = document.activeElement ?? document.body;
    const lost = at === document.body || panel.contains(at) || !at.checkVisibility();
    if (!lost) return;
    if (!opener?.checkVisibility()) return toContent();
    opener.focus({ preventScroll: true });
    // Newer themes let go of the focus later, and may give it to what they take for the opener.
    if (!isMenu(panel)) setTimeout(() => opened.length || opener.focus({ preventScroll: true }), 50);
  }
  function toContent() {
    const content = one("#content");
    if (!content) return;
    content.tabIndex = -1;
    content.focus();
  }
  function settle() {
    if (!closing?.checkVisibility()) closing = null;
    while (opened.length && !shown(opened.at(-1).panel)) leave();
    const top = panels().findLast(shown);
    if (top && !opened.some(({ panel }) => panel === top)) enter(top, before);
  }
  let frame;
  function later() {
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(settle);
  }
  function close() {
    const { panel, opener } = opened.at(-1);
    closing = panel;
    if (opener?.matches("[x-on\\:click]") && opener.checkVisibility()) opener.click();
    else document.body.click();
    leave();
  }

  document.addEventListener(
    "click",
    (event) => {
      const { target } = event;
      if (target.matches?.(".apigw-skip")) {
        event.preventDefault(); // the theme takes what stands behind # for a tab
        return toContent();
      }
      const clicked = target.closest?.(STOP) ?? document.activeElement;
      if (!opened.some(({ panel }) => panel.contains(clicked)) || clicked.closest("#nav-sidebar")) before = clicked;
      const row = target.closest?.("td[aria-expanded]");
      if (row) setTimeout(() => row.setAttribute("aria-expanded", row.closest("tbody").rows[1].checkVisibility()), 50);
    },
    true,
  );
  // A dialog that a menu leads to is opened from where the menu was.
  document.addEventListener("htmx:beforeRequest", ({ detail }) => {
    if (detail.target.id !== "modal-content") return;
    if (opened.length && isMenu(opened.at(-1).panel)) close();
    before = document.activeElement;
  });

  // What a dialog says may come after it, and anew.
  document.addEventListener("htmx:afterSettle", ({ target }) => {
    if (target.id === "modal-content" && opened.at(-1)?.panel === target) attend(target);
  });

  function move(event, panel) {
    const all = stops(panel), at = all.indexOf(document.activeElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    all.at(to % all.length)?.focus();
  }
  function keep(event, panel) {
    const all = stops(panel), at = document.activeElement ?? document.body;
    if (at.closest(POPPED_UP) || (panel.contains(at) && at !== all.at(event.shiftKey ? 0 : -1))) return;
    if (isMenu(panel)) return close(); // and on from its opener
    event.preventDefault();
    all.at(event.shiftKey ? -1 : 0)?.focus();
  }
  document.addEventListener("keydown", (event) => {
    const { key, target } = event, top = opened.at(-1)?.panel;
    if (key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey)) {
      before = target;
      // The theme leaves it to the browser in a field, be it a box to tick.
      if (event.defaultPrevented || !target.matches("input, textarea")) return;
      event.preventDefault();
      dispatchEvent(new CustomEvent("opencommand"));
    } else if ((key === "Enter" || key === " ") && target.matches?.("[role=button][tabindex='0']:not(button, [href])")) {
      // keyboard.js may have come first: twice would open it and close it.
      if (!event.defaultPrevented) target.click();
      event.preventDefault();
    } else if (!top) return;
    else if (key === "Escape") {
      if (isMenu(top) || isSidebar(top)) close();
      else if (one("#search-input-command", top) && target.id !== "search-input-command") document.body.click();
    } else if (key === "Tab") keep(event, top);
    else if (isMenu(top)) move(event, top);
  });

  new MutationObserver(later).observe(document.documentElement, { subtree: true, attributeFilter: ["style", "class"] });

  // Unfold's menus of actions open by a link without an address, which the keyboard cannot reach.
  document.addEventListener("DOMContentLoaded", () => {
    for (const trigger of document.querySelectorAll("a:not([href])[x-on\\:click*='actionDropdownOpen']")) {
      trigger.tabIndex = 0;
      trigger.setAttribute("role", "button");
      trigger.setAttribute("aria-expanded", "false");
    }
  });
}
