// A button with data-copy copies the text before it; where the browser forbids that, it selects the text.
document.addEventListener("click", async ({ target }) => {
  const button = target.closest("[data-copy]");
  if (!button || button.disabled) return;
  const [text, caption] = [button.previousElementSibling, button.textContent];
  try {
    await navigator.clipboard.writeText(text.textContent);
  } catch {
    getSelection().selectAllChildren(text);
    return;
  }
  button.textContent = button.dataset.copy;
  button.disabled = true;
  setTimeout(() => {
    button.textContent = caption;
    button.disabled = false;
  }, 1500);
});
