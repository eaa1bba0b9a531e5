// Says below a message's editor how large it is, and what is wrong with its JSON.
"use strict";
{
  const MOST = 131072; // AWS's limit
  function tell(area) {
    let note = area.nextElementSibling;
    if (note?.tagName !== "OUTPUT") {
      note = document.createElement("output");
      note.className = "acting-note";
      area.after(note);
    }
    const size = new TextEncoder().encode(area.value).length;
    let problem = size > MOST ? ` / ${MOST}` : "";
    try {
      if (area.value.trim()) JSON.parse(area.value);
    } catch (error) {
      problem += ` · ${error.message}`;
    }
    note.textContent = area.dataset.json.replace("%s", size.toLocaleString()) + problem;
    note.toggleAttribute("data-wrong", problem !== "");
  }
  document.addEventListener("input", ({ target }) => target.matches("textarea[data-json]") && tell(target));
}
