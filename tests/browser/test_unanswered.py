"""What somebody pressed and got no answer to says so, in place of the answer."""

from __future__ import annotations

from typing import Any

import pytest

from tests.demo.running import Demo

pytestmark = pytest.mark.browser

WRITTEN = '{"type": "notice"}'


@pytest.fixture
def console(page: Any, demo: Demo) -> Any:
    page.goto(demo.lines["Sign in"])
    return page


@pytest.fixture
def composing(console: Any, demo: Demo) -> Any:
    """An operator in the middle of a broadcast."""
    console.goto(f"{demo.lines['Console']}apigw_ws/broadcast/compose/")
    console.fill("#id_payload", WRITTEN)
    return console


def test_a_dialog_that_does_not_come_says_so(console: Any, demo: Demo) -> None:
    console.goto(f"{demo.lines['Console']}apigw_ws/apigateway/?q=demo")
    console.get_by_role("link", name="demo", exact=True).click()
    apply = console.get_by_role("link", name="Apply to AWS")
    console.route("**/apply/", lambda route: route.abort())

    apply.click()
    no_answer = console.locator("#modal-content [role=alert]", has_text="The console did not answer.")
    no_answer.wait_for()

    console.unroute("**/apply/")
    console.keyboard.press("Escape")
    apply.click()
    console.get_by_role("dialog", name="Apply to AWS").wait_for()
    assert no_answer.count() == 0


def test_what_a_refusal_says_is_shown(composing: Any) -> None:
    composing.context.clear_cookies(name="apigw_ws_csrf")

    composing.locator("#format").click()

    composing.get_by_role("alert").filter(has_text="older than your sign-in").wait_for()
    assert composing.locator("#id_payload").input_value() == WRITTEN


def test_who_was_signed_out_keeps_what_they_have_written(composing: Any) -> None:
    composing.context.clear_cookies(name="apigw_ws_session")

    composing.locator("#format").click()

    again = composing.get_by_role("link", name="Sign in again")
    again.wait_for()
    assert again.get_attribute("target") == "_blank"
    assert composing.locator("#id_payload").input_value() == WRITTEN
