// A panel that cannot be loaded at all says so.
for (const failure of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(failure, ({ target }) => {
    target.querySelector?.("[data-loading]")?.setAttribute("hidden", "");
    target.querySelector?.("[data-failed]")?.removeAttribute("hidden");
  });
}
