"use strict";
{
  const form = document.querySelector(".wizard-form");

  // A button takes over another gateway's value.
  form.addEventListener("click", ({ target }) => {
    const field = document.getElementById(target.dataset.fills);
    if (!field) return;
    field.value = target.textContent;
    field.dispatchEvent(new Event("change", { bubbles: true }));
    field.focus();
  });

  // The theme draws the page after the browser has tried `autofocus`, which often fails for that.
  addEventListener("load", () => {
    if (document.activeElement === document.body) document.querySelector("[autofocus]")?.focus();
  });
}
