// Parts of a page that refresh themselves (data-part) do not while the tab is hidden, and whoever was signed out
// meanwhile keeps the page, with what is being written on it.
"use strict";
{
  const isPart = (event) => event.target.matches?.("[data-part]");
  let over = false;
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (isPart(event) && ((document.hidden && event.target.dataset.part !== "hidden") || over)) event.preventDefault();
  });
  document.addEventListener("htmx:beforeOnLoad", (event) => {
    const to = isPart(event) && event.detail.xhr.getResponseHeader("HX-Redirect");
    if (!to) return;
    event.preventDefault();
    over = true;
    const note = document.getElementById("part-over");
    note.querySelector("a").href = to;
    note.hidden = false;
  });

  // Refreshing keeps the focus: htmx does so for elements with an ID, this for links.
  let held = null;
  document.addEventListener("htmx:beforeSwap", () => {
    held = document.activeElement.matches("a[href]:not([id])") ? document.activeElement.getAttribute("href") : null;
  });
  document.addEventListener("htmx:afterSettle", () => {
    if (held === null || document.activeElement !== document.body) return;
    document.querySelector(`#content a[href="${CSS.escape(held)}"]`)?.focus({ preventScroll: true });
  });
}
