// The columns of a list that refreshes itself keep their widths, until something no longer fits into its own.
"use strict";
{
  const list = () => document.getElementById("result_list");
  function keep() {
    const table = list(), heads = [...(table?.tHead?.rows[0].cells ?? [])];
    if (!table) return;
    table.style.tableLayout = table.style.minWidth = "";
    for (const head of heads) head.style.width = "";
    if (!heads[0]?.offsetWidth) return; // a telephone has a card for each row
    const widths = heads.map((head) => `${head.getBoundingClientRect().width}px`);
    table.style.minWidth = `${table.offsetWidth}px`;
    heads.forEach((head, place) => (head.style.width = widths[place]));
    table.style.tableLayout = "fixed";
  }
  const overflows = (cell) => cell.scrollWidth > cell.clientWidth + 1;
  const isKept = () => list()?.style.tableLayout === "fixed";
  // The window's width, or the sidebar, gives the list another.
  let width = 0;
  const watch = new ResizeObserver(([{ contentRect }]) => {
    if (contentRect.width === width) return;
    width = contentRect.width;
    keep();
  });
  addEventListener("load", () => document.fonts.ready.then(() => watch.observe(document.getElementById("content"))));
  document.addEventListener("htmx:afterRequest", ({ target }) => {
    if (target.id === "live" && (!isKept() || [...list().querySelectorAll("tbody > .data-row > [class*=field-]")].some(overflows))) keep();
  });
}
