// On a narrow screen the tabs scroll: the one of this page has to be in sight.
document.addEventListener("DOMContentLoaded", () => {
  for (const tab of document.querySelectorAll("[data-tabs] [aria-current]")) {
    tab.scrollIntoView({ block: "nearest", inline: "center" });
  }
});
