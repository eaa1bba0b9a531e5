// Links back to a list (at the head of a page, and “Cancel”) lead to it as it was left in this tab: filtered,
// sorted and on its page.
"use strict";
{
  const known = (path) => `apigw_ws:list:${path}`;

  document.addEventListener("DOMContentLoaded", () => {
    const here = new URL(location.href);
    if (document.getElementById("changelist-form") && !here.searchParams.has("_popup"))
      sessionStorage.setItem(known(here.pathname), here.search);
    for (const link of document.querySelectorAll("#header-inner h1 a, #content form a")) {
      const left = sessionStorage.getItem(known(link.pathname));
      if (left && !link.search && link.pathname !== here.pathname) link.search = left;
    }
  });
}
