"""A screen that refreshes itself moves nothing: measured as the browser measures it, while figures change."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache
from django.db.models import F
from django.utils import timezone

from apigw_ws.models import Rollup, WebSocketSession
from tests.admin import rows

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

#: Since it was asked for; all of them, whatever an operator has pressed just before.
SHIFTS = """() => {
  window.shifts = [];
  new PerformanceObserver((list) => shifts.push(...list.getEntries().map(({ value, sources }) =>
    ({ value, of: sources.map(({ node }) => node?.parentElement?.outerHTML.slice(0, 120)) }))))
    .observe({ type: "layout-shift" });
}"""
FOCUSED = "document.activeElement.href"
PAINTED = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


def more_traffic() -> None:
    """Figures get three digits more, times fewer."""
    now = timezone.now()
    WebSocketSession.objects.update(
        request_count=F("request_count") * 1000, messages_out=F("messages_out") * 1000, active_on=now
    )
    minute = int(time.time() // 60)
    Rollup.objects.update(messages_in=F("messages_in") * 10, live=F("live") * 10)
    Rollup.objects.get_or_create(minute=minute, defaults={"live": 9, "messages_in": 5})


@pytest.fixture
def lively(operator_page: Any, live_server: Any) -> Callable[[str], Any]:
    cache.clear()
    rows.fill(10)
    for number in range(20):
        WebSocketSession.objects.create(
            connection_id=f"one-of-many-{number}=", channel_name="lobby", request_count=2
        )
    for ago in (1, 2, 3):
        Rollup.objects.create(minute=int(time.time() // 60) - ago, messages_in=3, live=7, took_10=5)

    def show(path: str) -> Any:
        operator_page.clock.install()
        operator_page.set_viewport_size({"width": 1440, "height": 900})
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
    ],
)
def test_a_refresh_moves_nothing(lively: Any, path: str) -> None:
    page = lively(path)
    page.locator("#content a[href]:visible").first.focus()
    focused = page.evaluate(FOCUSED)
    page.evaluate(PAINTED)
    page.evaluate(SHIFTS)

    for _ in range(2):
        more_traffic()
        with page.expect_response(lambda answer: "hx-request" in answer.request.headers):
            page.clock.run_for(11_000)
        page.wait_for_function("!document.querySelector('.htmx-request, .htmx-swapping, .htmx-settling')")
        page.evaluate(PAINTED)

    shifts = page.evaluate("shifts")
    assert sum(shift["value"] for shift in shifts) < 0.01, shifts
    assert page.evaluate(FOCUSED) == focused


def test_times_of_the_row_that_the_keyboard_is_in_are_told_exactly(lively: Any) -> None:
    page = lively("apigw_ws/refusal/")
    exact = "() => getComputedStyle(document.querySelector('#result_list time'), '::after').content"
    assert page.evaluate(exact) == "none"

    page.locator("#result_list .action-select").first.focus()
    page.keyboard.press("Tab")

    title = page.locator("#result_list time").first.get_attribute("title")
    assert page.evaluate(exact) == f'"{title}"'
