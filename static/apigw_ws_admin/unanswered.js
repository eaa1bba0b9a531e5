// A request by hand that fails says so where its answer would be. What a page requests by itself has
// its own words for that, or retries. Somebody who was signed out and has typed something keeps the page, signs in beside
// it, and goes on.
"use strict";
{
  const note = document.createElement("p");
  note.className = "font-semibold text-important";
  note.role = "alert";
  const { text, over, login, again, account } = document.currentScript.dataset;
  const BY_HAND = new Set(["click", "submit", "change"]);
  const byHand = ({ requestConfig }) => BY_HAND.has(requestConfig.triggeringEvent?.type);
  const parsed = (html) => new DOMParser().parseFromString(html, "text/html");
  const reasonIn = ({ responseText }) =>
    [...parsed(responseText).querySelectorAll("[data-says]")].map((says) => says.textContent).join(" ");

  const isWritten = () =>
    [...document.querySelectorAll("#content :is(input, textarea)")].some(({ value, defaultValue }) => value !== defaultValue);
  document.addEventListener("htmx:beforeOnLoad", (event) => {
    const to = event.detail.xhr.getResponseHeader("HX-Redirect");
    if (!to?.startsWith(login) || event.target.matches("#live, [data-part]") || !isWritten()) return;
    event.preventDefault();
    tellOver(event.detail.target, to);
  });
  function tellOver(place, to) {
    const link = document.createElement("a");
    Object.assign(link, { href: to, target: "_blank", className: "underline", textContent: again });
    note.replaceChildren(over, " ", link);
    place.prepend(note);
    addEventListener("focus", goOn);
  }
  async function goOn() {
    if (!(await isSignedIn())) return;
    removeEventListener("focus", goOn);
    note.remove();
  }
  async function isSignedIn() {
    const answer = await fetch(account, { cache: "no-store" });
    if (new URL(answer.url).pathname === login) return false;
    // A sign-in has changed what forms prove themselves with.
    const token = parsed(await answer.text()).querySelector("[name=csrfmiddlewaretoken]")?.value;
    for (const field of document.querySelectorAll("[name=csrfmiddlewaretoken]")) field.value = token ?? field.value;
    return true;
  }

  // What no script sends would be lost with the page.
  const isPlain = (form) => form.method === "post" && location.pathname !== login;
  let asked = null;
  let sent = null;
  async function send(form, submitter) {
    const isOver = !(await isSignedIn().catch(() => true)); // without an answer the browser has words for it
    asked = null;
    if (isOver) return tellOver(form, `${login}?${new URLSearchParams({ next: location.pathname })}`);
    sent = form;
    form.requestSubmit(submitter);
    sent = null;
  }
  document.addEventListener("submit", (event) => {
    const { target: form, submitter } = event;
    if (event.defaultPrevented || form === sent || !isPlain(form) || !isWritten()) return;
    event.preventDefault();
    if (asked !== form) send((asked = form), submitter);
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
