"""The monitoring tab in a browser: charts that look again by themselves, and get in nobody's way."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.core.cache import cache

from apigw_ws.models import ApiGateway
from apigw_ws.services import glances, metrics
from tests.admin.rows import gateway
from tests.emulator.serving import Served
from tests.traffic import counted

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def chat(aws: Served, monkeypatch: pytest.MonkeyPatch) -> ApiGateway:
    cache.clear()
    monkeypatch.setattr(glances, "BUDGET", 8.0)
    made = gateway(api_id=uuid4().hex[:10], api_endpoint="wss://chat.example.com")
    counted(aws, made.api_id, metrics.MESSAGES, minutes_ago=30, times=3)
    return made


@pytest.fixture
def console(operator_page: Any, live_server: Any, chat: ApiGateway) -> Any:
    """The tab, with its charts."""
    operator_page.clock.install()
    operator_page.set_viewport_size({"width": 390, "height": 700})
    operator_page.goto(f"{live_server.url}/admin/apigw_ws/apigateway/{chat.pk}/monitoring/")
    operator_page.locator("[data-plot]").first.wait_for()
    return operator_page


def looks(console: Any) -> list[str]:
    """The requests for the charts from now on."""
    seen: list[str] = []

    def note(request: Any) -> None:
        if "/monitoring/" in request.url:
            seen.append(request.url)

    console.on("request", note)
    return seen


def messages(console: Any) -> str:
    name = console.locator("[data-plot]").nth(1).get_attribute("aria-label")
    return str(name).split(",")[0]


def test_charts_are_drawn_and_the_range_is_in_the_url(console: Any) -> None:
    assert console.locator("[data-plot]").count() == 6
    drawn = console.locator(".monitoring-messagecount").first.bounding_box()
    assert drawn["height"] > 20
    assert console.evaluate("document.documentElement.scrollWidth") <= 390

    console.get_by_role("link", name="24 hours").click()

    console.get_by_text("Most in 15 minutes").first.wait_for()
    assert console.url.endswith("?range=24h")
    console.reload()
    console.get_by_text("Most in 15 minutes").first.wait_for()


def test_a_refresh_leaves_the_scroll_the_focus_and_open_tables_alone(
    console: Any, chat: ApiGateway, aws: Served
) -> None:
    summary = console.locator("#numbers-messagecount summary")
    summary.press("Enter")
    table = console.locator("#numbers-messagecount > div")
    table.evaluate("table => table.scrollTop = 50")
    console.evaluate("window.scrollTo(0, document.body.scrollHeight * 0.6)")
    before = console.evaluate("window.scrollY")
    assert before > 300
    counted(aws, chat.api_id, metrics.MESSAGES, minutes_ago=30)
    cache.clear()
    first = messages(console)

    with console.expect_response("**/monitoring/"):
        console.clock.fast_forward(61_000)
    console.wait_for_function(
        "before => !document.querySelectorAll('[data-plot]')[1].ariaLabel.startsWith(before)", arg=first
    )

    assert console.evaluate("window.scrollY") == before
    assert table.evaluate("table => table.scrollTop") == 50  # which only an open one can have
    assert console.evaluate("document.activeElement.parentElement.id") == "numbers-messagecount"


def test_nobody_is_asked_while_the_charts_are_paused_or_out_of_sight(console: Any) -> None:
    asked = looks(console)
    console.get_by_role("button", name="Pause").press("Enter")
    console.clock.fast_forward(61_000)
    console.get_by_role("button", name="Pause").press("Enter")
    console.wait_for_timeout(100)
    assert len(asked) == 1  # at once when it goes on

    console.evaluate(
        "Object.defineProperty(document, 'hidden', {get: () => window.away, configurable: true})"
    )
    console.evaluate("window.away = true")
    console.clock.fast_forward(200_000)
    assert len(asked) == 1

    console.evaluate("window.away = false; document.dispatchEvent(new Event('visibilitychange'))")
    console.wait_for_timeout(100)
    assert len(asked) == 2


def test_the_pointer_reads_a_chart(console: Any) -> None:
    plot = console.locator("[data-plot]").nth(1)
    box = plot.bounding_box()

    for share in range(48, 53):  # three messages, half an hour ago
        plot.hover(position={"x": box["width"] * share / 100, "y": 20})
        if "· 3" in (said := console.locator("[data-readout]").nth(1).inner_text()):
            break

    assert "· 3" in said
    console.get_by_role("link", name="24 hours").hover()
    assert console.locator("[data-readout]").nth(1).inner_text() == ""


def test_a_console_that_does_not_answer_leaves_the_charts_and_says_so(console: Any) -> None:
    console.route("**/monitoring/", lambda route: route.abort())

    console.clock.fast_forward(61_000)

    console.get_by_text("The console did not answer").wait_for()
    assert console.locator("[data-plot]").count() == 6


def test_times_are_those_of_the_browser(browser: Any, live_server: Any, console: Any) -> None:
    context = browser.new_context(timezone_id="Asia/Tokyo")
    context.add_cookies(console.context.cookies())
    elsewhere = context.new_page()
    elsewhere.goto(console.url)

    elsewhere.get_by_text("Times are those of Asia/Tokyo").wait_for()
    context.close()


def test_lines_are_not_told_apart_by_colour_alone(console: Any) -> None:
    """What was done is broken differently, so is what a line stands for."""
    dashes = console.evaluate(
        """() => ["deployment", "rollback", "failure", "p95"].map((name) => {
            const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
            path.setAttribute("class", `monitoring-${name}`);
            document.querySelector("[data-plot]").append(path);
            return getComputedStyle(path).strokeDasharray;
        })"""
    )

    assert len(set(dashes)) == 4
