"""Every screen of the console that links lead to: its policy, axe-core, the keyboard and a telephone."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import pytest
from django.urls import resolve

from tests.demo.running import COMMAND, Demo, running

pytestmark = pytest.mark.browser

ROOT = Path(__file__).resolve().parents[2]
#: Rows of each kind, so that there are pages about them.
FURNISH = """
from django.contrib.auth.models import Group
from apigw_ws.models import AuditEvent, Refusal, Run, Trace, WebSocketSession
from apigw_ws.services import bans, broadcasts, traces
from tests.admin import rows
rows.fill(10)
Group.objects.create(name="Viewers")
bans.ban(network="203.0.113.0/24", reason="Floods the lobby.")
traces.start(Trace(channel_name="lobby", reason="Ticket 7"), minutes=10)
broadcasts.start(broadcasts.prepare(audience={"kind": "channels", "channels": ["lobby"]}, payload="{}"))
for n in range(60):
    WebSocketSession.objects.create(connection_id=f"one-of-many-{n}=", channel_name="lobby")
# Words that are longer than a telephone is wide.
long = "Benutzerverwaltungsdatenschutzbeauftragtenzentrale" * 2
WebSocketSession.objects.create(connection_id=long, channel_name=long, user_agent=long * 3, origin=f"https://{long}")
Refusal.objects.update(origin=f"https://{long}", times=1_000_000, reason=long)
Run.objects.update(error_text=long)
AuditEvent.objects.create(
    who=long, verb="apply", object_text=long, result="failed", error_text=long, after={long: long * 3}
)
"""
#: What a page breaks is said on the console, where its own errors are, too.
LISTEN = """addEventListener("securitypolicyviolation", (broken) =>
  console.error(`${broken.violatedDirective} forbids ${broken.blockedURI} ${broken.sample}`))"""
LINKS = """() => [...document.querySelectorAll("a[href]")].map(link => new URL(link.href, location))
  .filter(url => url.origin === location.origin && url.pathname.startsWith("/admin/"))
  .map(url => url.pathname + url.search)"""
AXE = """async (rules) => {
  const only = rules ? { runOnly: { type: "rule", values: rules } } : {};
  const { violations } = await axe.run(document, only);
  return violations.filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 150)}`));
}"""
#: An icon that is not in the font shows its name instead.
WORDS = """() => [...document.querySelectorAll(".material-symbols-outlined")].filter((icon) => {
  const range = document.createRange();
  range.selectNodeContents(icon);
  return range.getBoundingClientRect().width > 1.5 * parseFloat(getComputedStyle(icon).fontSize);
}).map(icon => `is no icon: ${icon.textContent.trim()}`)"""
#: What axe-core does not see: a mouse clicks it, and the keyboard does not come to it.
OUT_OF_REACH = r"""() => [...document.querySelectorAll("[x-on\\:click]")]
  .filter(each => each.tabIndex < 0 && each.offsetParent && each.textContent.trim())
  .map(each => `out of the keyboard's reach: ${each.outerHTML.slice(0, 150)}`)"""
#: Each stop of Tab: what has the focus is seen to have it, and nothing lies over it.
STOPS = """() => {
  const dialog = document.getElementById("modal-content"), wrong = [];
  const root = dialog?.checkVisibility() ? dialog : document;
  const stops = "a[href], button, input, select, textarea, summary, [tabindex='0']";
  for (const each of root.querySelectorAll(stops)) {
    if (each.disabled || each.tabIndex < 0 || !each.checkVisibility({ visibilityProperty: true })) continue;
    each.focus();
    if (document.activeElement !== each) continue;
    const box = each.getClientRects()[0];
    const on = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
    const free = on?.contains(each) || [each, ...(each.labels ?? [])].some((node) => node.contains(on));
    const what = each.outerHTML.slice(0, 150);
    if (getComputedStyle(each).outlineStyle === "none") wrong.push(`does not show the focus: ${what}`);
    if (!free && box.height < innerHeight) wrong.push(`is covered: ${what}`);
  }
  document.activeElement.blur();
  scrollTo(0, 0);
  return wrong;
}"""
#: As the theme's own links open one.
OPEN_DIALOG = """(path) => {
  const link = Object.assign(document.createElement("a"), { textContent: "Open" });
  const details = { "hx-get": path, "hx-target": "#modal-content", "hx-swap": "innerHTML" };
  for (const [name, value] of Object.entries(details)) link.setAttribute(name, value);
  link.setAttribute("x-on:htmx:after-on-load", "openModal = true");
  document.getElementById("content").append(link);
  htmx.process(link);
  setTimeout(() => link.click(), 50);
}"""
#: What live.js asks for, where all has changed.
REFRESH = """() => fetch(location, { headers: { "HX-Request": "true", "X-Live": "another" } })
  .then(answer => answer.text())"""
#: Of windows, the last a telephone's.
WIDTHS: Final = (1440, 1024, 390)
#: How names of views end of which one page is as good as any.
ALIKE: Final = ("_history", "_delete", "_import_file")
#: Names of views that answer with a file or a part, or sign out.
NO_PAGES: Final = ("export", "export_file", "logout", "jsi18n", "search")


class Sweep:
    """A tab that goes from page to page and keeps what is wrong with them."""

    def __init__(self, page: Any, url: str, axe: str) -> None:
        self.page, self.url, self.axe, self.at = page, url, axe, ""
        self.problems: list[str] = []
        page.add_init_script(LISTEN)
        page.on("console", self.hear)

    def note(self, *problems: str) -> None:
        self.problems += [f"{self.at} {problem}" for problem in problems]

    def hear(self, said: Any) -> None:
        """A dialog by itself names no icon, and browsers then look for one."""
        if said.type == "error" and not said.location["url"].endswith("/favicon.ico"):
            self.note(said.text)

    def visit(self, path: str) -> list[str]:
        """Look at the page in light, in dark and on a telephone; return where its links lead."""
        self.at, page = path, self.page
        page.goto(f"{self.url}{path}")
        if not page.evaluate("document.title"):
            self.open_dialog(path)
        page.wait_for_function("!document.querySelector('[x-cloak], .htmx-request')")
        page.evaluate("source => { (0, eval)(source) }", self.axe)
        self.note(*page.evaluate(AXE, None), *page.evaluate(WORDS), *page.evaluate(OUT_OF_REACH))
        page.keyboard.press("Tab")
        self.note(*page.evaluate(STOPS))
        page.evaluate("document.documentElement.classList.add('dark')")
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            if page.evaluate("document.scrollingElement.scrollWidth > innerWidth"):
                self.note(f"scrolls sideways at {width} px")
        self.note(*(f"in the dark, {each}" for each in page.evaluate(AXE, ["color-contrast"])))
        page.set_viewport_size({"width": 1440, "height": 900})
        return list(page.evaluate(LINKS))

    def open_dialog(self, path: str) -> None:
        """What the theme shows in a dialog is no page by itself."""
        self.page.goto(f"{self.url}/admin/password_change/")
        self.page.evaluate(OPEN_DIALOG, path)
        self.page.locator("#modal-content form").wait_for()


def furnish(demo: Demo) -> None:
    """Rows of each kind, for all screens to have something on them."""
    manage = [*COMMAND, "manage", "--state", str(demo.state), "shell", "-v", "0", "-c", FURNISH]
    subprocess.run(manage, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=True, capture_output=True)


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with running(tmp_path_factory.mktemp("sweep") / "state") as demo:
        furnish(demo)
        yield demo


@pytest.fixture
def sweep(page: Any, furnished: Demo) -> Sweep:
    package = pytest.importorskip("axe_core_python", reason="axe-core-python is not installed")
    source = next(Path(package.__path__[0]).rglob("axe.min.js")).read_text()
    page.set_viewport_size({"width": 1440, "height": 900})
    page.set_default_timeout(30_000)
    return Sweep(page, furnished.lines["Console"].removesuffix("/admin/"), source)


def test_every_screen_keeps_the_policy_and_keeps_nobody_out(sweep: Sweep, furnished: Demo) -> None:
    """From the overview and a gateway that works; of the pages of a view, the first that a link leads to."""
    sweep.visit("/admin/login/")
    sweep.page.goto(furnished.lines["Sign in"])
    left, seen = ["/admin/", "/admin/apigw_ws/apigateway/1/overview/"], set()
    while left:
        path = left.pop(0)
        name = resolve(urlsplit(path).path).view_name
        kind = next((end for end in ALIKE if name.endswith(end)), name)
        if kind not in seen and not name.endswith(NO_PAGES):
            seen.add(kind)
            left += sweep.visit(path)

    assert "\n".join(sweep.problems) == ""
    assert len(seen) > 60


def test_the_first_page_and_a_refresh_are_light(page: Any, furnished: Demo) -> None:
    """In bytes over the wire, compressed, with nothing kept from before: the budget of the console."""
    console = furnished.lines["Console"]
    page.goto(furnished.lines["Sign in"])
    network, weights = page.context.new_cdp_session(page), []
    network.send("Network.enable")
    network.send("Network.setCacheDisabled", {"cacheDisabled": True})
    network.on("Network.loadingFinished", lambda loaded: weights.append(loaded["encodedDataLength"]))

    page.goto(console, wait_until="load")
    page.evaluate("document.fonts.ready")
    first = sum(weights)
    page.goto(f"{console}apigw_ws/websocketsession/")
    weights.clear()
    refreshed = page.evaluate(REFRESH)
    while sum(weights) < 5_000:  # they are told beside the answer
        page.wait_for_timeout(20)

    assert 100_000 < first <= 350 * 1024
    assert "one-of-many-" in refreshed
    assert 0 < sum(weights) < 20 * 1024
