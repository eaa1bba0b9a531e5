// What Unfold leaves to the mouse, for the keyboard and for screen readers. For UNFOLD["SCRIPTS"].
"use strict";
{
  // Times are those of the operator's clock (zones.py).
  document.cookie = `apigw-ws-zone=${Intl.DateTimeFormat().resolvedOptions().timeZone}; path=/; max-age=31536000; samesite=lax`;

  const CLICKED = ["a:not([href])", "span", "div", "td"].map((tag) => `${tag}[x-on\\:click]:not([tabindex])`).join();
  const ICON = ".material-symbols-outlined:not([aria-hidden])";
  const NAMES = { close: "Close", dock_to_left: "Menu", dock_to_right: "Menu", expand_more: "Details", more_horiz: "Actions" };
  const translated = (text) => window.gettext?.(text) ?? text;
  const all = (root, selector) => [...(root.matches(selector) ? [root] : []), ...root.querySelectorAll(selector)];

  function mend(root) {
    for (const trigger of all(root, CLICKED)) {
      if (!trigger.textContent.trim()) continue; // what closes a sheet by a click beside it
      trigger.tabIndex = 0;
      if (trigger.tagName !== "TD") trigger.setAttribute("role", "button");
      if (/open\w* = (!|true)/i.test(trigger.getAttribute("x-on:click")) && !trigger.matches("[x-on\\:click*='Desktop'], td"))
        trigger.setAttribute("aria-expanded", "false"); // overlays.js says when it is true
      const name = NAMES[trigger.textContent.trim()];
      if (name) trigger.setAttribute("aria-label", translated(name));
    }
    for (const icon of all(root, ICON)) {
      const { parentElement: around } = icon;
      if (icon.role !== "button" && around.textContent.trim() !== icon.textContent.trim()) icon.ariaHidden = "true";
    }
    // What Django says of a field, Unfold writes below it without the ID that the field names.
    for (const field of all(root, "[aria-describedby]")) {
      const around = field.closest(".grow.relative, .group");
      for (const id of field.getAttribute("aria-describedby").split(" ")) {
        if (document.getElementById(id)) continue;
        const told = around?.querySelector(id.endsWith("_error") ? ".text-red-600.text-xs" : ".leading-relaxed.text-xs");
        if (told && !told.id) told.id = id;
      }
    }
    // Django's hints beside its two lists: an image with a text, and no name for a mere span.
    for (const hint of all(root, "span.help-tooltip[aria-label]:not([role])")) hint.setAttribute("role", "img");
    // What Django's select2 is typed into has the name of the field that it stands for.
    for (const field of all(root, ".select2-search__field:not([aria-label])")) {
      const label = field.closest(".select2")?.previousElementSibling?.labels?.[0];
      field.setAttribute("aria-label", label?.textContent.trim() || translated("Search"));
    }
    // Its list of choices likewise.
    for (const list of all(root, ".select2-results__options:not([aria-label])")) {
      const label = document.getElementById(list.id.replace(/^select2-|-results$/g, ""))?.labels?.[0];
      list.setAttribute("aria-label", label?.textContent.trim() || translated("Search"));
    }
    // Django's dates and times are two fields under one title.
    for (const field of all(root, ".datetime input:not([aria-label])")) {
      const title = field.closest("[class*='field-line'], .form-row")?.querySelector("legend, label")?.textContent.trim();
      if (!field.labels.length && title) field.setAttribute("aria-label", title);
    }
    for (const field of all(root, "input:is([title], [placeholder]):not([aria-label])")) {
      if (!field.labels.length) field.setAttribute("aria-label", field.title || field.placeholder);
    }
  }

  document.addEventListener("DOMContentLoaded", () => {
    document.getElementById("content")?.setAttribute("role", "main");
    mend(document.body);
    const added = (changes) => changes.flatMap((change) => [...change.addedNodes]);
    const observer = new MutationObserver((changes) => {
      for (const node of added(changes)) if (node instanceof Element && node.isConnected) mend(node);
    });
    observer.observe(document.body, { childList: true, subtree: true });
  });

  // The theme draws the page after the browser has tried `autofocus`. After a failure, the first field that it is about
  // comes first; where it is about none, the failure is read with the field.
  addEventListener("load", () => {
    const wrong = document.querySelector("[aria-invalid='true']:not([type=hidden])");
    const first = wrong ?? document.querySelector("[autofocus]");
    const notes = [...document.querySelectorAll(".errornote")];
    notes.forEach((note, place) => (note.id ||= `errornote-${place}`));
    if (!wrong && first && notes.length) first.setAttribute("aria-describedby", notes.map(({ id }) => id).join(" "));
    if (!first && notes.length) notes[0].tabIndex = -1;
    const to = first ?? notes[0];
    if (wrong || document.activeElement === document.body) to?.focus();
  });

  document.addEventListener("keydown", (event) => {
    const pressed = event.key === "Enter" || event.key === " ";
    if (!pressed || event.defaultPrevented || !event.target.matches("[x-on\\:click][tabindex='0']:not([href], button)")) return;
    event.preventDefault();
    event.target.click();
  });
}
