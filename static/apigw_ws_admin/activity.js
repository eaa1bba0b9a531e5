// The timeline's range: dragged over the chart, or typed into the fields.
"use strict";
{
  const one = (selector) => document.querySelector(selector);
  const two = (number) => String(number).padStart(2, "0");

  // ---- fields: local times here, UTC in the URL; empty fields are left out
  for (const field of document.querySelectorAll("[data-moment]")) {
    const at = new Date(field.dataset.moment);
    const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
    field.value = `${day}T${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
  }
  const written = (moment) => new Date(moment).toISOString().replace(/\.\d+/, "");
  one("#activity-form").addEventListener("formdata", ({ formData }) => {
    for (const [name, value] of [...formData]) if (!value) formData.delete(name);
    for (const name of ["since", "until"]) {
      if (formData.has(name)) formData.set(name, written(formData.get(name)));
    }
  });

  // ---- the chart: a step that is clicked, or the steps that are dragged over
  const chart = () => one(".activity-lanes");
  let from = null;
  const part = (event) => {
    const { left, width } = chart().getBoundingClientRect(), parts = Number(chart().dataset.parts);
    return Math.min(Math.max(Math.floor(((event.clientX - left) / width) * parts), 0), parts - 1);
  };
  function choose(event) {
    const [first, last] = [from, part(event)].sort((a, b) => a - b), parts = Number(chart().dataset.parts);
    const chosen = one(".activity-chosen");
    chosen.hidden = false;
    chosen.style.left = `${(first / parts) * 100}%`;
    chosen.style.width = `${((last + 1 - first) / parts) * 100}%`;
    return [first, last + 1];
  }
  function leave() {
    from = null;
    if (chart()) one(".activity-chosen").hidden = true;
  }
  document.addEventListener("pointerdown", (event) => {
    if (!event.target.closest?.(".activity-lanes") || event.button) return;
    from = part(event);
    choose(event);
  });
  document.addEventListener("pointermove", (event) => from !== null && choose(event));
  document.addEventListener("pointercancel", leave);
  document.addEventListener("keydown", (event) => event.key === "Escape" && leave());
  document.addEventListener("pointerup", (event) => {
    if (from === null) return;
    const [first, end] = choose(event), { since, until, parts } = chart().dataset;
    const at = (step) => Date.parse(since) + ((Date.parse(until) - Date.parse(since)) * step) / Number(parts);
    const url = new URL(location.href);
    for (const name of ["span", "before"]) url.searchParams.delete(name);
    url.searchParams.set("since", written(at(first)));
    url.searchParams.set("until", written(at(end)));
    from = null;
    location.assign(url);
  });
}
