// A button with data-copy copies the text before it, or the whole of it from its title; if the browser forbids that,
// it selects the text. Its answer does not move what stands beside it.
document.addEventListener("click", async ({ target }) => {
  const button = target.closest("[data-copy]");
  if (!button || button.hasAttribute("data-copied")) return;
  const shown = button.previousElementSibling, text = shown.querySelector("[title]") ?? shown;
  const { textContent, ariaLabel } = button;
  try {
    await navigator.clipboard.writeText(text.title || text.textContent);
  } catch {
    if (text.title) text.textContent = text.title;
    getSelection().selectAllChildren(text);
    return;
  }
  button.style.width = `${button.offsetWidth}px`;
  button.setAttribute("data-copied", "");
  if (textContent.trim()) button.textContent = button.dataset.copy;
  else button.ariaLabel = button.dataset.copy;
  setTimeout(() => {
    button.removeAttribute("data-copied");
    button.removeAttribute("style");
    button.textContent = textContent;
    button.ariaLabel = ariaLabel;
  }, 1500);
});
