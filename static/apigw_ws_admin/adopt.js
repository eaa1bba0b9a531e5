// Filters a list, which is whole on the page, to the rows that contain what is typed.
document.addEventListener("input", ({ target }) => {
  if (!target.dataset?.filter) return;
  const list = document.querySelector(target.dataset.filter);
  const words = target.value.trim().toLowerCase();
  for (const row of list.children) row.hidden = !row.textContent.toLowerCase().includes(words);
  const none = document.querySelector(`[data-none="${target.dataset.filter}"]`);
  none.hidden = [...list.children].some((row) => !row.hidden);
});
