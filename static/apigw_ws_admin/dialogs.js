// A dialog of the theme takes the keyboard's focus, keeps it, and gives it back; its name is its heading.
let opener = null;

let focusing;

const focusable = (dialog) =>
  [...dialog.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea")].filter(
    (element) => element.offsetParent !== null,
  );

document.addEventListener("htmx:beforeRequest", ({ detail }) => {
  if (detail.target.id === "modal-content") opener = document.activeElement;
});

document.addEventListener("htmx:afterSettle", ({ target }) => {
  if (target.id !== "modal-content") return;
  target.setAttribute("role", "dialog");
  target.setAttribute("aria-modal", "true");
  target.setAttribute("aria-label", target.querySelector("h1")?.textContent.trim() ?? "");
  // Alpine shows it in the next frame.
  clearTimeout(focusing);
  focusing = setTimeout(() => focusable(target)[0]?.focus(), 50);
});

document.addEventListener("keydown", (event) => {
  const dialog = event.target.closest?.("#modal-content");
  if (!dialog) return;
  const elements = focusable(dialog);
  if (event.key === "Escape") {
    clearTimeout(focusing);
    // The theme's focus trap lets go in between, and may itself give the focus to what it took for the opener.
    setTimeout(() => opener?.focus(), 50);
  }
  if (event.key !== "Tab" || !elements.length) return;
  const leaving = event.shiftKey ? elements[0] : elements.at(-1);
  if (event.target !== leaving) return;
  event.preventDefault();
  (event.shiftKey ? elements.at(-1) : elements[0]).focus();
});

// Unfold's menus of actions open by a link without an address, which the keyboard cannot reach.
document.addEventListener("DOMContentLoaded", () => {
  for (const trigger of document.querySelectorAll("a:not([href])[x-on\\:click*='actionDropdownOpen']")) {
    trigger.tabIndex = 0;
    trigger.setAttribute("role", "button");
    trigger.setAttribute("aria-haspopup", "menu");
    trigger.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      trigger.click();
    });
  }
});
