"""The console whose policy has no 'unsafe-eval': every screen, and what Unfold's pages do by Alpine."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import unfold
from django.urls import resolve

from tests.browser.test_sweep import ALIKE, LINKS, LISTEN, NO_PAGES, ROOT, furnish
from tests.demo.running import Demo, running

pytestmark = pytest.mark.browser

SHIM = ROOT / "apigw_ws_admin/strict_csp/static/apigw_ws_admin/strict_csp.js"
#: What the shim has a function for, word by word.
MEANINGS = frozenset(re.findall(r'^    "(.+)"\(\) \{$', SHIM.read_text(), re.MULTILINE))
#: Attributes that Alpine evaluates, in a template whose tags are gone.
EVALUATED = re.compile(
    r"\s(?:x-(?:data|init|show|bind|on|text|html|model|effect|if|anchor|resize|trap|sort:config)[\w:.-]*"
    r"|[@:][a-z][\w:.-]*)=(?:\"([^\"]*)\"|'([^']*)')"
)
#: An error of the parser is one whatever the scope has, and others depend on it.
REFUSED = """(texts) => {
  const refused = [], box = document.body.appendChild(document.createElement("section"));
  Alpine.setErrorHandler((error, _, text) => {
    if (error.message.includes("CSP Parser Error")) refused.push(`${text}: ${error.message}`);
  });
  for (const text of texts) {
    const probe = document.createElement("div");
    probe.setAttribute("x-on:probe", text);
    box.appendChild(probe);
    Alpine.initTree(probe);
    probe.dispatchEvent(new CustomEvent("probe"));
  }
  return refused;
}"""
#: What handlers name, and neither a component nor the shim has: it fails when somebody clicks.
UNKNOWN = r"""(meanings) => [...document.querySelectorAll("*")].flatMap((each) =>
  [...each.attributes].filter(({ name, value }) => /^(x-on:|@)/.test(name) && !meanings.includes(value))
    .flatMap(({ value }) => [...value.replace(/'[^']*'/g, "").matchAll(/(?<![.\w$])[A-Za-z]\w*/g)]
      .map(([word]) => word)
      .filter(word => !/^(if|true|false|null|undefined)$/.test(word) && !(word in Alpine.$data(each)))
      .map(word => `${word} in ${value}`)))"""
#: Playwright's wait_for_function() evaluates, which is forbidden here.
BUSY = "[x-cloak], .htmx-request"
DROPS_DOWN = "[x-on\\:click*='openUserLinks = !openUserLinks']"
SIDEBAR = (
    "[x-on\\:click^='sidebarDesktopOpen ='], [x-on\\:click^='sidebarMobileOpen ='], "
    "[x-on\\:click='sidebarToggle()']"
)


def expressions() -> set[str]:
    """Of all of Unfold's templates; of what depends on a condition, the first case."""
    found = set()
    for path in Path(unfold.__file__).parent.rglob("*.html"):
        text = re.sub(r"{% if .*?%}", "⟨", path.read_text())
        text = re.sub(r"{% (?:else|elif) ?.*?%}", "¦", text).replace("{% endif %}", "⟩")
        text = re.sub(r"{%.*?%}|{{.*?}}", "x1", text)
        for match in EVALUATED.finditer(text):
            said = " ".join((match[1] or match[2] or "").split())
            while (first := re.sub(r"⟨([^⟨⟩¦]*)(?:¦[^⟨⟩]*)?⟩", r"\1", said)) != said:
                said = first
            found.add(said)
    return found - {""}


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("APIGW_WS_STRICT_CSP", "1")
        with running(tmp_path_factory.mktemp("strict") / "state") as demo:
            furnish(demo)
            yield demo


@pytest.fixture
def said(page: Any) -> list[str]:
    """What the browser's console complains of on all pages, its policy among it."""
    complaints: list[str] = []

    def hear(line: Any) -> None:
        """What is shown in dialogs names no icon by itself, and browsers then look for one."""
        if line.type in ("error", "warning") and not line.location["url"].endswith("/favicon.ico"):
            complaints.append(f"{page.url}: {line.text}")

    page.set_default_timeout(30_000)
    page.add_init_script(LISTEN)
    page.on("console", hear)
    page.set_viewport_size({"width": 1440, "height": 900})
    return complaints


@pytest.fixture
def console(page: Any, strict: Demo, said: list[str]) -> Iterator[str]:
    """The console's address; a superuser is signed in, and nothing is complained of in the end."""
    page.goto(strict.lines["Sign in"])
    yield strict.lines["Console"]
    assert said == []


def test_every_screen_keeps_the_stricter_policy(page: Any, console: str, said: list[str]) -> None:
    left, seen = ["/admin/", "/admin/apigw_ws/apigateway/1/overview/"], set()
    while left:
        path = left.pop(0)
        name = resolve(urlsplit(path).path).view_name
        kind = next((end for end in ALIKE if name.endswith(end)), name)
        if kind not in seen and not name.endswith(NO_PAGES):
            seen.add(kind)
            page.goto(console.removesuffix("/admin/") + path)
            page.locator(BUSY).first.wait_for(state="detached")
            if page.evaluate("typeof Alpine === 'object'"):  # what is shown in dialogs has none of its own
                said += page.evaluate(UNKNOWN, list(MEANINGS))
                left += page.evaluate(LINKS)

    assert len(seen) > 60


def test_all_that_the_templates_of_this_unfold_say_is_understood(page: Any, console: str) -> None:
    """Also of widgets and pages that the console has no use for, and other projects have."""
    texts = expressions()

    assert len(texts) > 100
    assert page.evaluate(REFUSED, list(texts - MEANINGS)) == []


def test_one_signs_in(page: Any, strict: Demo, said: list[str]) -> None:
    page.goto(f"{strict.lines['Console']}login/")
    page.get_by_label("Username").fill("operator")
    password = strict.lines["Operator"].split("password ")[1].split(" ")[0]
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()

    page.wait_for_url(strict.lines["Console"])
    assert said == []


def test_the_sidebar_goes_and_comes_and_stays_so(page: Any, console: str) -> None:
    sidebar, toggle = page.locator("#nav-sidebar"), page.locator(SIDEBAR).locator("visible=true").first
    toggle.click()
    sidebar.wait_for(state="hidden")
    page.reload()
    page.locator(BUSY).first.wait_for(state="detached")
    assert not sidebar.is_visible()
    toggle.click()
    sidebar.wait_for()

    page.set_viewport_size({"width": 390, "height": 800})
    page.evaluate("localStorage.clear()")
    page.reload()
    sidebar.wait_for(state="hidden")
    toggle.click()
    sidebar.wait_for()


def test_the_sidebar_is_drawn_wider(page: Any, console: str) -> None:
    edge = page.locator("[x-on\\:mousedown='resizing = true']")
    if not edge.count():
        pytest.skip("this Unfold has a sidebar of one width")
    page.mouse.move(edge.bounding_box()["x"] + 1, 300)
    page.mouse.down()
    page.mouse.move(330, 300, steps=10)  # a jump drags what is beside it
    page.mouse.up()
    page.mouse.move(600, 300)

    assert page.locator("#nav-sidebar").bounding_box()["width"] == 330
    assert page.evaluate("localStorage.sidebarWidth") == "330"


def test_the_menu_of_the_user_switches_the_theme(page: Any, console: str) -> None:
    menu = page.locator("[x-show='openUserLinks']")
    for theme in ("dark", "light"):
        page.locator(DROPS_DOWN).click()
        page.locator(f"[x-on\\:click=\"switchTheme('{theme}')\"]").click()
        page.reload()
        page.locator(f"html.{theme}").wait_for()

    page.locator(DROPS_DOWN).click()
    menu.wait_for()
    page.mouse.click(900, 700)
    menu.wait_for(state="hidden")


def test_the_keyboard_finds_and_opens_a_page(page: Any, console: str) -> None:
    page.keyboard.press("Control+k")
    page.locator("#command-search input, input[x-ref='searchInputCommand']").first.wait_for()
    page.keyboard.type("sess")
    page.locator("#command-results-list a", has_text="Sessions").first.wait_for()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")

    page.wait_for_url("**/websocketsession/")


def test_filters_actions_and_the_dialogs_of_rows(page: Any, console: str) -> None:
    page.goto(f"{console}apigw_ws/websocketsession/")
    panel = page.locator("[x-show='filterOpen']").first
    page.locator("[x-on\\:click='filterOpen = true']").first.click()
    panel.wait_for()
    page.keyboard.press("Escape")
    panel.wait_for(state="hidden")

    actions = page.locator("select[name=action]")
    assert not actions.is_visible()
    page.locator("#action-toggle").check()
    actions.select_option(index=1)
    page.locator("[x-show='action']").first.wait_for()

    page.locator("[x-on\\:click^='openActionsId']").first.click()
    page.locator("body > nav [x-on\\:htmx\\:after-on-load] >> visible=true").first.click()
    dialog = page.locator("#modal-content form")
    dialog.wait_for()
    page.keyboard.press("Escape")
    dialog.wait_for(state="hidden")


def test_tabs_and_rows_of_a_form(page: Any, console: str) -> None:
    page.goto(f"{console}apigw_ws/apigateway/1/change/")
    fields = page.locator("[x-show=\"activeFieldsetTab == 'domain'\"]")
    assert not fields.is_visible()
    page.locator("[x-on\\:click=\"activeFieldsetTab = 'domain'\"]").click()
    fields.wait_for()
    page.locator("[x-on\\:click=\"activeTab = 'additional_routes'\"]").first.click()
    rows = page.locator("#additional_routes-group .form-group:not(.empty-form)")
    before = rows.count()
    page.locator("#additional_routes-group .add-row").first.click()

    assert rows.count() == before + 1
    action = page.locator("#apigateway_form").get_attribute("action")
    assert action == "/admin/apigw_ws/apigateway/1/change/#additional_routes"
    page.reload()
    page.locator("#additional_routes-group").wait_for()


def test_a_related_record_is_added_beside_the_form(page: Any, console: str) -> None:
    page.goto(f"{console}auth/user/1/change/")
    page.locator("[x-on\\:click^='openRelatedWidgetWrapper ='] >> visible=true").first.click()
    add = page.locator(".related-widget-wrapper-link.add-related").first
    if unfold_frames := "openPopupInModal" in page.evaluate(
        "fetch(document.querySelector('script[src*=\"unfold/js/app\"]').src).then(answer => answer.text())"
    ):
        add.click()
        form: Any = page.frame_locator("#modal-content iframe")
    else:
        with page.expect_popup() as popup:
            add.click()
        form = popup.value
    name = f"Made in a {'frame' if unfold_frames else 'window'}"
    form.locator("[name=name]").fill(name)
    form.locator("[name=_save]").click()

    page.locator("#id_groups_to option", has_text=name).wait_for(state="attached")
