// On a narrow screen the tabs scroll: bring this page's into view.
document.addEventListener("DOMContentLoaded", () => {
  for (const tab of document.querySelectorAll("[data-tabs] [aria-current]")) {
    tab.scrollIntoView({ block: "nearest", inline: "center" });
  }
});
