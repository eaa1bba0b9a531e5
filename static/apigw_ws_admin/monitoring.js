// The charts refresh every minute while they are visible and not paused.
"use strict";
{
  const MINUTE = 60_000;
  const part = document.getElementById("part");
  const pause = document.getElementById("monitoring-pause");
  let looked = Date.now();
  let open = new Map();

  function look() {
    const paused = pause.getAttribute("aria-pressed") === "true";
    if (document.hidden || paused || Date.now() - looked < MINUTE) return;
    looked = Date.now();
    window.htmx.trigger(part, "monitoring:look");
  }

  setInterval(look, 1_000);
  document.addEventListener("visibilitychange", look);
  pause.addEventListener("click", () => {
    pause.setAttribute("aria-pressed", String(pause.getAttribute("aria-pressed") !== "true"));
    look();
  });

  // The server writes times in this browser's zone.
  part.addEventListener("htmx:configRequest", ({ detail }) => {
    detail.headers["X-Time-Zone"] = Intl.DateTimeFormat().resolvedOptions().timeZone;
  });

  // Open tables arrive open, or the page would jump, and keep their scroll position.
  part.addEventListener("htmx:beforeSwap", ({ detail }) => {
    const tables = [...part.querySelectorAll("details[open]")];
    open = new Map(tables.map(({ id, lastElementChild }) => [id, lastElementChild.scrollTop]));
    for (const id of open.keys()) {
      detail.serverResponse = detail.serverResponse.replace(`<details id="${id}"`, `<details open id="${id}"`);
    }
  });
  part.addEventListener("htmx:afterSwap", () => {
    for (const [id, scrolled] of open) {
      document.getElementById(id)?.lastElementChild.scrollTo(0, scrolled);
    }
  });

  // Shows the numbers under the pointer, from the chart's table.
  function read({ target, clientX }) {
    const plot = target.closest?.("[data-plot]");
    for (const chart of part.querySelectorAll(".monitoring-chart")) {
      const cursor = chart.querySelector(".monitoring-cursor");
      const readout = chart.querySelector("[data-readout]");
      const here = chart.contains(plot);
      cursor.setAttribute("visibility", here ? "visible" : "hidden");
      if (!here) { readout.textContent = ""; continue; }
      const rows = chart.querySelectorAll("tbody tr");
      const { left, width } = plot.getBoundingClientRect();
      const step = Math.min(Math.floor(((clientX - left) / width) * rows.length), rows.length - 1);
      cursor.setAttribute("x", step);
      readout.textContent = [...rows[rows.length - 1 - step].cells].map((cell) => cell.textContent).join(" · ");
    }
  }
  part.addEventListener("pointermove", read);
  part.addEventListener("pointerleave", read);
}
