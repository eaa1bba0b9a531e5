"""By keyboard alone: what opens over a page, the way into it and out of it again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.admin import rows
from tests.browser.test_sweep import AXE

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SESSIONS = "apigw_ws/websocketsession/?state=all"
GATEWAY = "apigw_ws/apigateway/{}/overview/"
#: What opens, by what, on which page, in a window of which width.
OVERLAYS = {
    "the menu of the operator": (
        "#nav-sidebar nav[x-show]",
        "#nav-sidebar [x-on\\:click*=openUserLinks]",
        SESSIONS,
        1440,
    ),
    "the menu of a row": ("body > nav", "#result_list [x-ref^=rowDropdown]", SESSIONS, 1440),
    "the menu of a gateway": ("body > nav", "[x-on\\:click*=actionDropdownOpen]", GATEWAY, 1440),
    "the filters": ("#changelist-filter", "[x-on\\:click*=filterOpen]:not(div)", SESSIONS, 1440),
    "a dialog": ("#modal-content", "[hx-get$='/apply/']", GATEWAY, 1440),
    "the sidebar": ("#nav-sidebar", "#header-inner [x-on\\:click*=sidebar]:not(.hidden\\!)", SESSIONS, 390),
}
WITHIN = "selector => !!document.activeElement?.closest(selector)"
FOCUSED = "each => each === document.activeElement"
HIDDEN = "selector => [...document.querySelectorAll(selector)].every((each) => !each.checkVisibility())"
LONG_MOVES = "() => document.getAnimations().filter((each) => each.effect.getTiming().duration > 1).length"
SAID = """field => field.getAttribute("aria-describedby").split(" ")
  .map((id) => document.getElementById(id)?.textContent)"""
#: Where Tab is, as nothing else on the page is.
PLACE = """() => {
  const at = document.activeElement;
  return at === document.body ? "" : String([...document.querySelectorAll("*")].indexOf(at));
}"""


@pytest.fixture(autouse=True)
def frame(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """That of the standalone console."""
    monkeypatch.setenv("APIGW_WS_SECRET_KEY", "only-for-tests")
    from apigw_ws_admin.project import settings as project

    settings.UNFOLD = project.UNFOLD


@pytest.fixture
def show(operator_page: Any, live_server: Any) -> Callable[..., Any]:
    rows.fill(3)
    gateway = rows.gateway()

    def to(path: str, width: int = 1440) -> Any:
        operator_page.set_viewport_size({"width": width, "height": 900})
        operator_page.goto(f"{live_server.url}/admin/{path.format(gateway.pk)}")
        operator_page.wait_for_function("!document.querySelector('[x-cloak], .htmx-request')")
        return operator_page

    return to


@pytest.mark.parametrize("which", OVERLAYS)
def test_what_opens_takes_the_focus_and_escape_gives_it_back(show: Callable[..., Any], which: str) -> None:
    package = pytest.importorskip("axe_core_python", reason="axe-core-python is not installed")
    panel, opener, path, width = OVERLAYS[which]
    page = show(path, width)
    by = page.locator(opener).first
    by.focus()

    page.keyboard.press("Enter")
    page.wait_for_function(WITHIN, arg=panel)
    page.evaluate(
        "source => { (0, eval)(source) }", next(Path(package.__path__[0]).rglob("axe.min.js")).read_text()
    )
    assert page.evaluate(AXE, None) == []
    page.keyboard.press("Escape")

    page.wait_for_function(HIDDEN, arg=panel)
    page.wait_for_function(FOCUSED, arg=by.element_handle())


def test_tab_goes_on_from_a_menu_and_stays_in_what_covers_the_page(show: Callable[..., Any]) -> None:
    page = show(SESSIONS)
    menu, filters = (page.locator(OVERLAYS[which][1]).first for which in ("the menu of a row", "the filters"))
    menu.press("Enter")
    page.wait_for_function(WITHIN, arg="body > nav")
    for key in ("ArrowDown", "ArrowUp", "Shift+Tab"):
        page.keyboard.press(key)
    page.wait_for_function(HIDDEN, arg="body > nav")
    assert page.evaluate(WITHIN, "#result_list")

    filters.press("Enter")
    page.wait_for_function(WITHIN, arg="#changelist-filter")
    for _ in range(40):
        page.keyboard.press("Tab")
        assert page.evaluate(WITHIN, "#changelist-filter")


def test_ctrl_k_opens_from_a_field_and_closes_from_what_it_found(show: Callable[..., Any]) -> None:
    page = show(SESSIONS)
    page.locator("#searchbar").focus()

    page.keyboard.press("Control+k")
    page.wait_for_function(WITHIN, arg="#search-input-command")
    page.keyboard.type("gateway-0")
    page.get_by_role("link", name="gateway-0").first.focus()
    page.keyboard.press("Escape")

    page.wait_for_function(HIDDEN, arg="#search-input-command")
    page.wait_for_function(WITHIN, arg="#searchbar")


def test_the_first_link_skips_to_the_content(show: Callable[..., Any]) -> None:
    page = show(SESSIONS)

    page.keyboard.press("Tab")
    assert page.locator(".apigw-skip").evaluate(FOCUSED)
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")

    assert page.evaluate(WITHIN, "#content")
    assert "#" not in page.url


@pytest.mark.parametrize("path", [SESSIONS, "apigw_ws/broadcast/write/", "apigw_ws/apigateway/{}/change/"])
def test_tab_goes_through_a_page_once_and_leaves_it(show: Callable[..., Any], path: str) -> None:
    page, seen = show(path), ["the browser's own"]
    page.locator("#content a[href], #content input:not([type=hidden])").first.focus()

    for _ in range(200):
        page.keyboard.press("Tab")
        place = page.evaluate(PLACE)
        if place != seen[-1]:  # a field for a time has several parts
            seen.append(place)
        if not place:
            break

    assert seen[-1] == ""
    assert len(set(seen)) == len(seen) > 10


def test_a_failure_leads_to_its_field_with_what_is_wrong(show: Callable[..., Any]) -> None:
    page = show("apigw_ws/channelpermission/add/")
    page.locator("#id_channel_name").fill("no spaces in it")

    page.locator("[name=_save]").press("Enter")

    page.wait_for_function(WITHIN, arg="#id_channel_name[aria-invalid=true]")
    assert all(page.locator("#id_channel_name").evaluate(SAID))


def test_where_less_motion_is_wanted_nothing_moves(show: Callable[..., Any]) -> None:
    page = show(SESSIONS)
    page.emulate_media(reduced_motion="reduce")

    for which in ("the menu of the operator", "the menu of a row"):
        panel, opener, *_ = OVERLAYS[which]
        page.locator(opener).first.press("Enter")
        page.wait_for_function(WITHIN, arg=panel)
        assert page.evaluate(LONG_MOVES) == 0
        page.keyboard.press("Escape")
