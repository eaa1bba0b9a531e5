"""The console's first page in a browser: what changes is put in place, and nothing else moves."""

from __future__ import annotations

import time
from typing import Any

import pytest
from django.core.cache import cache
from django.utils import timezone

from apigw_ws.models import ApiGateway, Rollup, Run
from tests.admin.rows import gateway

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def home(operator_page: Any, live_server: Any) -> Any:
    """The page, with a gateway and a minute of traffic."""
    cache.clear()
    gateway()
    for ago in (1, 2, 3):
        Rollup.objects.create(minute=int(time.time() // 60) - ago, messages_in=321, live=7, took_10=5)
    operator_page.clock.install()
    operator_page.set_viewport_size({"width": 390, "height": 700})
    operator_page.goto(f"{live_server.url}/admin/apigw_ws/apigateway/home/")
    return operator_page


def test_numbers_are_replaced_in_place(home: Any) -> None:
    home.evaluate("window.plot = document.querySelector('#home-charts [data-plot]')")
    summary = home.locator("#home-charts summary").nth(2)
    summary.click()
    home.locator("#home-charts .home-table td", has_text="321").first.wait_for()
    Rollup.objects.update(live=8, messages_in=654)

    home.clock.run_for(11_000)

    home.locator("#home-numbers dd", has_text="8").first.wait_for()
    home.locator("#home-charts .home-table td", has_text="654").first.wait_for()
    assert home.evaluate("window.plot.isConnected && window.plot === document.querySelector('[data-plot]')")
    assert home.evaluate("document.activeElement.closest('details').open")
    assert home.evaluate("document.documentElement.scrollWidth") <= 390


def test_what_is_under_the_pointer_is_read_out(home: Any) -> None:
    plot = home.locator("#home-charts [data-plot]").nth(2)
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()

    home.mouse.move(box["x"] + box["width"] - 1.5 * box["width"] / 60, box["y"] + 50)

    assert "in 321 · out 0" in home.locator("[data-readout]").nth(2).text_content()


def test_a_page_that_is_paused_asks_nothing(home: Any) -> None:
    asked: list[str] = []
    home.on("request", lambda request: asked.append(request.url))

    home.get_by_role("button", name="Pause").click()
    home.clock.run_for(30_000)

    assert asked == []
    assert home.locator("#home-note").text_content().startswith("Paused")


def test_a_console_that_is_gone_is_told(home: Any) -> None:
    home.route("**/home/**", lambda route: route.abort())

    home.clock.run_for(11_000)

    home.locator("#home[data-state=failed]").wait_for()
    assert "No answer since" in home.locator("#home-note").text_content()


def test_the_first_steps_are_put_away_and_brought_back_by_keyboard(home: Any) -> None:
    card, away = home.locator("#home-first"), home.get_by_role("button", name="Put this card away")
    again = home.get_by_role("button", name="Show the first steps")
    assert not again.is_visible()

    away.focus()
    home.keyboard.press("Enter")

    again.wait_for()
    assert not card.is_visible()
    assert home.evaluate("document.activeElement.id") == "home-needs"
    home.reload()
    assert not card.is_visible()

    again.focus()
    home.keyboard.press("Enter")

    card.get_by_role("heading", name="First steps").wait_for()
    assert home.evaluate("document.activeElement.id") == "home-first"
    assert home.evaluate("document.documentElement.scrollWidth") <= 390


def test_the_title_counts_what_needs_somebody_while_nobody_sees_the_tab(home: Any) -> None:
    assert home.title().startswith("(1) Overview")
    home.evaluate("Object.defineProperty(document, 'hidden', { get: () => true })")
    Run.objects.create(gateway=ApiGateway.objects.get(), state="failed", finished_on=timezone.now())
    cache.clear()

    home.clock.run_for(61_000)

    home.wait_for_function("document.title.startsWith('(2) Overview')")
