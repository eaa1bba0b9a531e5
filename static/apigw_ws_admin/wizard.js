"use strict";
{
  const KEY = "apigw-ws-wizard";
  const form = document.querySelector(".wizard-form");

  // Signing in drops what was submitted, so a step that met the sign-in page is filled in again.
  const typed = JSON.parse(sessionStorage.getItem(KEY) ?? "{}");
  sessionStorage.removeItem(KEY);
  if (typed.at === location.pathname) {
    for (const field of form.elements) {
      const values = typed.fields.filter(([name]) => name === field.name).map(([, value]) => value);
      if (["checkbox", "radio"].includes(field.type)) field.checked = values.includes(field.value);
      else if (field.type !== "hidden" && values.length) field.value = values[0];
    }
  }
  form.addEventListener("submit", () => {
    const fields = [...new FormData(form)].filter(([name]) => name !== "csrfmiddlewaretoken");
    sessionStorage.setItem(KEY, JSON.stringify({ at: location.pathname, fields }));
  });

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
