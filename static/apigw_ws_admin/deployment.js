// A panel says so when it cannot be loaded at all.
for (const failure of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(failure, ({ target }) => {
    target.querySelector?.("[data-loading]")?.setAttribute("hidden", "");
    target.querySelector?.("[data-failed]")?.removeAttribute("hidden");
  });
}
