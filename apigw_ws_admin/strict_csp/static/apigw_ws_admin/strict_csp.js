// Unfold's pages for @alpinejs/csp, which reads most of what their attributes say by itself. For UNFOLD["SCRIPTS"].
document.addEventListener("alpine:init", () => {
  // What it cannot read: several statements, "if", template strings. `this` is the scope, as Alpine's own code has it.
  const MEANINGS = {
    // Unfold 0.91
    "sidebarDesktopOpen = !sidebarDesktopOpen; localStorage.setItem('sidebarDesktopOpen', sidebarDesktopOpen ? '1' : '0');"() {
      this.sidebarDesktopOpen = !this.sidebarDesktopOpen;
      localStorage.setItem("sidebarDesktopOpen", this.sidebarDesktopOpen ? "1" : "0");
    },
    "openSearchResults = true; currentIndex = 0"() {
      this.openSearchResults = true;
      this.currentIndex = 0;
    },
    "openSearchResults = false; if ($refs.searchInput.value === '') { $refs.searchInput.blur() } else { $refs.searchInput.value = '' }"() {
      const { searchInput } = this.$refs;
      this.openSearchResults = false;
      if (searchInput.value === "") searchInput.blur();
      else searchInput.value = "";
    },
    // Unfold 0.110
    "`width: ${sidebarWidth}px`"() {
      return `width: ${this.sidebarWidth}px`;
    },
    "if (resizing) { sidebarWidth = Math.min(max, Math.max(min, getComputedStyle($el).direction === 'rtl' ? document.getElementById('nav-sidebar').getBoundingClientRect().right - $event.clientX : $event.clientX)); localStorage.setItem('sidebarWidth', sidebarWidth); }"() {
      if (!this.resizing) return;
      const { right } = document.getElementById("nav-sidebar").getBoundingClientRect();
      const { clientX } = this.$event;
      const width = getComputedStyle(this.$el).direction === "rtl" ? right - clientX : clientX;
      this.sidebarWidth = Math.min(this.max, Math.max(this.min, width));
      localStorage.setItem("sidebarWidth", this.sidebarWidth);
    },
    "if (!$event.target.closest('a')) { openUserLinks = !openUserLinks }"() {
      if (!this.$event.target.closest("a")) this.openUserLinks = !this.openUserLinks;
    },
    // Both: lists of values in forms
    "items.push({ key: new Date().getTime()})"() {
      this.items.push({ key: new Date().getTime() });
    },
    "if ($el.getElementsByTagName('input')[0].name.includes('__prefix__')) { $el.getElementsByTagName('input')[0].name = $el.parentElement.getElementsByTagName('input')[0].name }"() {
      const field = this.$el.querySelector("input");
      if (field.name.includes("__prefix__")) field.name = this.$el.parentElement.querySelector("input").name;
    },
  };
  // The same, where a part differs from page to page. What 0.91 watches it also keeps at the click.
  const REWORDED = [
    [/^if \(([^{]+)\) (\w+\([^{]*\))$/, "$1 && $2"],
    [/^(activeTab = .*); \$watch\('sidebarDesktopOpen', value => .*\);$/, "$1"],
  ];
  const understood = (said) => {
    const text = said.trim().replace(/\s+/g, " ");
    if (Object.hasOwn(MEANINGS, text)) return MEANINGS[text];
    const [from, to] = REWORDED.find(([pattern]) => pattern.test(text)) ?? [];
    return from ? text.replace(from, to) : said;
  };
  Alpine.mapAttributes(({ name, value }) => {
    return { name, value: name.startsWith("x-") && typeof value === "string" ? understood(value) : value };
  });

  // What it finds in no scope: the globals that Unfold's attributes name.
  const calls = { getCurrentTab, searchCommand, sortRecords, moveRecords, theme };
  if (typeof searchForm === "function") Object.assign(calls, { searchForm, searchDropdown }); // Unfold 0.91
  const globals = {
    localStorage: { getItem: (key) => localStorage.getItem(key) },
    window: {
      get location() {
        return { pathname: location.pathname, search: location.search };
      },
    },
  };
  for (const [name, called] of Object.entries(calls)) globals[name] = (...args) => called(...args);
  Alpine.addScopeToNode(document.documentElement, globals);
});
