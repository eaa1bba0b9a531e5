// Rows of routes: what was typed survives Unfold's renumbering, and rows can be filtered.

// When a row is removed, Unfold renumbers those after it by rewriting their HTML, which keeps only attributes.
document.addEventListener("input", ({ target }) => {
  if (!target.closest?.(".routes")) return;
  if (target.type === "checkbox") target.toggleAttribute("checked", target.checked);
  else target.setAttribute("value", target.value);
});

// A new row gets the focus.
document.addEventListener("formset:added", ({ target }) => target.querySelector?.("input:not([type=hidden])")?.focus());

document.addEventListener("DOMContentLoaded", () => {
  const tools = document.querySelector("[data-route-tools]");
  if (!tools) return;
  const [term, state, shown] = ["[data-route-term]", "[data-route-state]", "output"].map((selector) => tools.querySelector(selector));
  const rows = () => [...document.querySelectorAll(".routes .route")].filter((row) => !row.closest(".empty-form"));
  // Key, name and URL: the text inputs of an editable row, else the first cells without their labels.
  const words = (row) => {
    const inputs = [...row.querySelectorAll("input:not([type])")].map((input) => input.value);
    return inputs.length ? inputs : [...row.children].slice(0, 3).map((cell) => cell.lastChild.textContent);
  };
  const fits = (row) =>
    words(row).join("\n").toLowerCase().includes(term.value.trim().toLowerCase()) &&
    (!state.value || row.querySelector(".route-chip")?.dataset.state === state.value);

  const filter = () => {
    const all = rows();
    for (const row of all) row.hidden = !fits(row) && !row.contains(document.activeElement);
    const active = term.value.trim() || state.value;
    shown.value = active ? shown.dataset.routeShown.replace("{shown}", all.filter((row) => !row.hidden).length) : "";
  };
  term.addEventListener("input", filter);
  state.addEventListener("change", filter);
  document.addEventListener("htmx:afterSettle", filter);

  const switchAll = (on) => {
    const switches = rows().filter((row) => !row.hidden).flatMap((row) => [...row.querySelectorAll("[name$='-enabled']")]);
    for (const each of switches) {
      each.checked = on;
      each.toggleAttribute("checked", on);
    }
    switches[0]?.dispatchEvent(new Event("input", { bubbles: true }));
  };
  for (const button of tools.querySelectorAll("[data-route-switch]")) {
    button.addEventListener("click", () => switchAll(button.dataset.routeSwitch === "on"));
  }
});
