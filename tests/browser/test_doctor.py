"""The doctor in a browser: its findings come after the page, and a fix opens from the keyboard."""

from __future__ import annotations

from typing import Any

import pytest

from apigw_ws.models import ApiGateway
from apigw_ws.services import targets
from tests.emulator.serving import Served

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def console(operator_page: Any, live_server: Any, aws: Served, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The doctor's page: one gateway differs from AWS, and far below is another."""
    found = [targets.Finding(state="ok", text="A WebSocketView answers there.")]
    monkeypatch.setattr(targets, "check", lambda url, local: found)
    gateway = ApiGateway.objects.create(api_name="chat", target_base_endpoint="https://www.example.com/ws/")
    gateway.create_gateway()
    ApiGateway.objects.update(api_description="Changed")
    for number in range(20):
        ApiGateway.objects.create(api_name=f"later-{number:02}", endpoint_url="http://127.0.0.1:1")
    operator_page.goto(f"{live_server.url}/admin/apigw_ws/apigateway/doctor/")
    return operator_page


def test_a_fix_opens_from_the_keyboard_and_gives_the_focus_back(console: Any) -> None:
    console.get_by_text("AWS differs from the record: 2 operations").wait_for()
    fix = console.get_by_role("link", name="Review and apply …")
    fix.press("Enter")

    console.get_by_role("dialog").get_by_text("Change the API's description.").wait_for()
    console.wait_for_function("document.querySelector('#modal-content').contains(document.activeElement)")
    console.keyboard.press("Escape")

    console.wait_for_function("document.activeElement.id.startsWith('fix-')")


def test_a_gateway_far_below_is_looked_at_when_it_is_scrolled_to(console: Any) -> None:
    console.get_by_text("AWS differs from the record").wait_for()
    last = console.get_by_role("region", name="later-19")
    assert "Looking at AWS" in last.inner_text()

    last.scroll_into_view_if_needed()

    last.get_by_text("The gateway has no target URL").wait_for()


def test_looking_again_keeps_the_focus_and_a_narrow_screen_shows_it_all(console: Any) -> None:
    console.set_viewport_size({"width": 390, "height": 800})
    console.get_by_role("link", name="chat", exact=True).click()
    again = console.get_by_role("button", name="Look again")
    with console.expect_response(lambda response: "/doctor/" in response.url):
        again.press("Enter")

    console.wait_for_function("document.activeElement.id === 'look-again'")
    assert console.evaluate("document.documentElement.scrollWidth") <= 390
