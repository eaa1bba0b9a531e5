// Composing a broadcast, and watching one. Counting, checking and formatting are left to the server.
"use strict";
{
  const one = (selector) => document.querySelector(selector);

  // ---- who: the fields of the kind that is chosen
  const kind = one("#id_kind");
  function choose() {
    for (const part of document.querySelectorAll("[data-kind]")) part.hidden = part.dataset.kind !== kind.value;
  }
  if (kind) {
    choose();
    kind.addEventListener("change", choose);
  }

  // The first column of a CSV file, without the apostrophes that tell spreadsheets what is text.
  one("#connections-file")?.addEventListener("change", async ({ target }) => {
    const text = (await target.files[0]?.text()) ?? "";
    const first = text.split(/\r?\n/).map((line) => line.split(/[,;\t]/)[0].trim().replace(/^"(.*)"$/, "$1").replace(/^'/, ""));
    const field = one("#id_connections");
    field.value = first.filter((word) => word && word !== "connection_id").join("\n");
    field.dispatchEvent(new Event("input", { bubbles: true }));
  });

  // ---- when: the operator's clock
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  if (one("#id_zone")) {
    one("#id_zone").value = timeZone;
    one("#zone").textContent = timeZone;
    for (const field of document.querySelectorAll("[data-moment]")) {
      const moment = new Date(field.dataset.moment);
      field.value = new Date(moment - moment.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
    }
  }

  // ---- what: go to where the JSON goes wrong
  document.addEventListener("click", ({ target }) => {
    const link = target.closest("#go-to");
    if (!link) return;
    const editor = one("#id_payload"), lines = editor.value.split("\n");
    const before = lines.slice(0, link.dataset.line - 1).reduce((sum, line) => sum + line.length + 1, 0);
    const at = before + Number(link.dataset.column) - 1;
    editor.focus();
    editor.setSelectionRange(at, at + 1);
  });

  // ---- a hidden tab does not poll, and does so at once when it is shown again
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (document.hidden && event.target.matches("[data-poll]")) event.preventDefault();
  });
  document.addEventListener("htmx:afterRequest", ({ target, detail }) => {
    const stale = target.matches("[data-poll]") && target.querySelector("[data-stale]");
    if (stale) stale.hidden = detail.successful;
  });
  document.addEventListener("visibilitychange", () => {
    const polled = one("[data-poll]");
    if (polled && !document.hidden) window.htmx.trigger(polled, "broadcast:look");
  });
}
