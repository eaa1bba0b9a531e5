// Parts of a page that refresh themselves (data-part): not while nobody sees the tab, and whoever was signed out
// meanwhile keeps the page, with what is being written on it.
{
  const isPart = (event) => event.target.matches?.("[data-part]");
  let over = false;
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (isPart(event) && (document.hidden || over)) event.preventDefault();
  });
  document.addEventListener("htmx:beforeOnLoad", (event) => {
    const to = isPart(event) && event.detail.xhr.getResponseHeader("HX-Redirect");
    if (!to) return;
    event.preventDefault();
    over = true;
    const note = document.getElementById("part-over");
    note.querySelector("a").href = to;
    note.hidden = false;
  });
}
