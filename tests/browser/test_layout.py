"""A screen that refreshes itself moves nothing: measured as the browser measures it, while figures change."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.cache import cache
from django.utils import timezone

from apigw_ws.models import AuditEvent, Broadcast, BroadcastSample, Rollup, Run, Step, WebSocketSession
from tests.admin import rows

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

#: Since it was asked for; all of them, whatever an operator has pressed just before.
SHIFTS = """() => {
  window.shifts = [];
  const where = ({ x, y, width, height }) => [x, y, width, height].map(Math.round).join();
  const what = (node) => (node?.parentElement ?? node)?.outerHTML.replace(/\\s+/g, " ").slice(0, 120);
  new PerformanceObserver((list) => shifts.push(...list.getEntries().map(({ value, sources }) =>
    ({ value, of: sources.map((each) =>
      [where(each.previousRect), where(each.currentRect), what(each.node)]) }))))
    .observe({ type: "layout-shift" });
}"""
WIDTHS = (1440, 1024, 390)
FOCUSED = "document.activeElement.href"
SIDEBAR = "[x-on\\:click^='sidebarDesktopOpen ='], [x-on\\:click='sidebarToggle()']"
PAINTED = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


def count(figure: int) -> None:
    """So many of everything, and one more of what happened."""
    now = timezone.now()
    WebSocketSession.objects.update(
        request_count=figure, messages_out=figure, bytes_in=figure, bytes_out=figure, active_on=now
    )
    Rollup.objects.update(messages_in=figure, live=figure)
    Broadcast.objects.update(sent=figure, gone=figure // 10)
    BroadcastSample.objects.update(at=now - timedelta(seconds=1), sent=figure)
    AuditEvent.objects.create(who="ada", verb="apply", object_text="chat", result="done")
    position = Step.objects.filter(run=12).count()
    Step.objects.create(
        run_id=12, position=position, operation="Deploy", description="Deploy.", started_on=now
    )


@pytest.fixture
def lively(operator_page: Any, live_server: Any) -> Callable[[str], Any]:
    cache.clear()
    rows.fill(10)
    for number in range(20):
        WebSocketSession.objects.create(
            connection_id=f"one-of-many-{number}=", channel_name="lobby", request_count=2
        )
    sending = Broadcast.objects.create(
        pk=11, state="sending", total=2_000_000, sent=1, gone=3, audience={"kind": "everybody"}, payload="{}"
    )
    BroadcastSample.objects.create(broadcast=sending, at=timezone.now(), sent=1)
    Run.objects.create(pk=12, gateway_id=11, planned=20)
    for ago in (1, 2, 3):
        Rollup.objects.create(minute=int(time.time() // 60) - ago, messages_in=3, live=7, took_10=5)

    operator_page.clock.install()

    def show(path: str, width: int = 1440) -> Any:
        operator_page.set_viewport_size({"width": width, "height": 900})
        operator_page.goto(f"{live_server.url}/admin/{path}")
        operator_page.evaluate("document.fonts.ready")
        operator_page.wait_for_function("!document.querySelector('[x-cloak], .htmx-request')")
        return operator_page

    return show


@pytest.mark.parametrize(
    "path",
    [
        "apigw_ws/apigateway/home/",
        "apigw_ws/websocketsession/",
        "apigw_ws/websocketsession/11/change/",
        "apigw_ws/channel/",
        "apigw_ws/channel/page/?channel=lobby",
        "apigw_ws/broadcast/11/change/",
        "apigw_ws/auditevent/activity/",
        "apigw_ws/apigateway/11/change/",
    ],
)
def test_a_refresh_moves_nothing(lively: Any, path: str) -> None:
    """Nor does one that gets no answer, and the next that does."""
    for width in WIDTHS:
        page = lively(path, width)
        page.locator("#content a[href]:visible").first.focus()
        focused = page.evaluate(FOCUSED)
        page.evaluate(PAINTED)
        page.evaluate(SHIFTS)

        for figure in (20, 1_000_000):
            count(figure)
            refresh(page)
        refresh(page, answers=False)
        refresh(page)

        shifts = page.evaluate("shifts")
        assert sum(shift["value"] for shift in shifts) < 0.01, (width, shifts)
        assert page.evaluate(FOCUSED) == focused


def refresh(page: Any, *, answers: bool = True) -> None:
    """What the page asks for by itself, answered or not."""
    if not answers:
        page.route("**/admin/**", lambda route: route.fulfill(status=503))
    with page.expect_response(lambda answer: "hx-request" in answer.request.headers):
        page.clock.run_for(21_000)
    page.unroute_all(behavior="wait")
    page.wait_for_function("!document.querySelector('.htmx-request, .htmx-swapping, .htmx-settling')")
    page.evaluate(PAINTED)


def test_times_of_the_row_that_the_keyboard_is_in_are_told_exactly(lively: Any) -> None:
    page = lively("apigw_ws/refusal/")
    exact = "() => getComputedStyle(document.querySelector('#result_list time'), '::after').content"
    assert page.evaluate(exact) == "none"

    page.locator("#result_list .action-select").first.focus()
    page.keyboard.press("Tab")

    title = page.locator("#result_list time").first.get_attribute("title")
    assert page.evaluate(exact) == f'"{title}"'


def test_a_page_that_knew_no_zone_tells_times_in_the_browsers(lively: Any) -> None:
    page = lively("apigw_ws/refusal/")
    there = page.locator("#result_list time").first.get_attribute("datetime")
    page.context.new_cdp_session(page).send("Emulation.setTimezoneOverride", {"timezoneId": "Asia/Tokyo"})
    page.reload()

    here = datetime.fromisoformat(there).astimezone(ZoneInfo("Asia/Tokyo"))
    page.locator(f'#result_list time[title="{here:%Y-%m-%d %H:%M:%S} GMT+9"]').first.wait_for()


def test_how_long_ago_it_was_stays_true(lively: Any) -> None:
    page = lively("apigw_ws/refusal/")
    time = page.locator("#result_list time").first
    assert time.text_content() == "just now"

    page.clock.run_for(125_000)

    assert time.text_content() == "2 minutes ago"


def test_an_id_is_copied_by_the_keyboard_and_moves_nothing(lively: Any) -> None:
    page = lively("apigw_ws/websocketsession/11/change/")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.evaluate(SHIFTS)

    page.get_by_role("button", name="Copy connection-10=").press("Enter")

    page.get_by_role("button", name="Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == "connection-10="
    assert page.evaluate("shifts") == []


def test_without_the_sidebar_the_columns_take_its_room(lively: Any) -> None:
    page = lively("apigw_ws/websocketsession/")
    page.wait_for_function("result_list.style.tableLayout === 'fixed'")
    before = page.evaluate("result_list.offsetWidth")
    toggle = page.locator(SIDEBAR).locator("visible=true").first

    toggle.click()
    page.wait_for_function("before => result_list.offsetWidth > before + 100", arg=before)

    toggle.click()
    page.wait_for_function("before => Math.abs(result_list.offsetWidth - before) < 2", arg=before)
