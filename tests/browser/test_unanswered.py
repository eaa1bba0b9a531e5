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


def test_who_was_signed_out_signs_in_beside_it_and_goes_on(composing: Any, demo: Demo) -> None:
    composing.context.clear_cookies(name="apigw_ws_session")

    composing.locator("#format").click()

    again = composing.get_by_role("link", name="Sign in again")
    again.wait_for()
    assert again.get_attribute("target") == "_blank"
    assert composing.locator("#id_payload").input_value() == WRITTEN
    sign_in_beside(composing, demo)
    again.wait_for(state="detached")
    composing.locator("#format").click()
    composing.wait_for_function("document.querySelector('#id_payload').value.includes('\\n')")


def test_a_form_that_is_sent_whole_is_kept_for_who_was_signed_out(console: Any, demo: Demo) -> None:
    bans = f"{demo.lines['Console']}apigw_ws/ban/"
    console.goto(f"{bans}add/")
    console.fill("#id_user_agent", "curious/1.0")
    console.fill("#id_reason", "Comes too often.")
    console.context.clear_cookies(name="apigw_ws_session")

    console.get_by_role("button", name="Ban", exact=True).dblclick()

    again = console.get_by_role("link", name="Sign in again")
    again.wait_for()
    assert console.url == f"{bans}add/"
    assert console.locator("#id_reason").input_value() == "Comes too often."
    sign_in_beside(console, demo)
    again.wait_for(state="detached")
    console.get_by_role("button", name="Ban", exact=True).dblclick()
    console.wait_for_url(bans)
    assert console.get_by_text("curious/1.0", exact=False).count() >= 1


def sign_in_beside(page: Any, demo: Demo) -> None:
    """In a tab of its own, and come back."""
    beside = page.context.new_page()
    beside.goto(demo.lines["Sign in"])
    beside.close()
    page.bring_to_front()
    page.evaluate("window.dispatchEvent(new Event('focus'))")
