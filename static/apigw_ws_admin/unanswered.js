// A request by hand that fails says so where its answer would be. What a page requests by itself has
// its own words for that, or retries. Somebody who was signed out and has typed something keeps the page.
"use strict";
{
  const note = document.createElement("p");
  note.className = "font-semibold text-important";
  note.role = "alert";
  const { text, over, login, again } = document.currentScript.dataset;
  const BY_HAND = new Set(["click", "submit", "change"]);
  const byHand = ({ requestConfig }) => BY_HAND.has(requestConfig.triggeringEvent?.type);
  function reasonIn({ responseText }) {
    const page = new DOMParser().parseFromString(responseText, "text/html");
    return [...page.querySelectorAll("[data-says]")].map((says) => says.textContent).join(" ");
  }

  const isWritten = () =>
    [...document.querySelectorAll("#content :is(input, textarea)")].some(({ value, defaultValue }) => value !== defaultValue);
  document.addEventListener("htmx:beforeOnLoad", (event) => {
    const to = event.detail.xhr.getResponseHeader("HX-Redirect");
    if (!to?.startsWith(login) || event.target.matches("#live, [data-part]") || !isWritten()) return;
    event.preventDefault();
    const link = document.createElement("a");
    Object.assign(link, { href: to, target: "_blank", className: "underline", textContent: again });
    note.replaceChildren(over, " ", link);
    event.detail.target.prepend(note);
  });
  document.addEventListener("htmx:beforeRequest", ({ detail }) => byHand(detail) && note.remove());
  for (const failure of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
    document.addEventListener(failure, ({ detail }) => {
      if (!byHand(detail)) return;
      const { elt, target, xhr } = detail;
      note.textContent = reasonIn(xhr) || text;
      if (target.id !== "modal-content") return target.prepend(note);
      target.replaceChildren(note);
      Alpine.$data(elt).openModal = true;
    });
  }
}
