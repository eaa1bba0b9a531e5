// The theme draws the page after the browser has tried `autofocus`, which so often comes to nothing.
addEventListener("load", () => {
  if (document.activeElement === document.body) document.querySelector("[autofocus]")?.focus();
});
