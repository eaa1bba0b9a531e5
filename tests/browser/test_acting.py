"""Acts on sessions from the list and from a session's page, with real clients behind them."""

from __future__ import annotations

from typing import Any

import pytest
from websockets.sync.client import ClientConnection

from tests.browser.test_sessions import REACHED, ROWS, Watching, watching  # noqa: F401  (fixture)

pytestmark = pytest.mark.browser

MENU = "#result_list span[role=button]"


def heard(socket: ClientConnection, words: str) -> str:
    """The first message with these words; visitors of the demo talk as well."""
    while words not in (said := str(socket.recv(timeout=10))):
        pass
    return said


def choose(watching: Watching, name: str) -> Any:  # noqa: F811
    """Open the dialog of the only row by the keyboard."""
    page = watching.page
    watching.tab_to("#live-rate")
    watching.tab_to(MENU)
    page.keyboard.press("Enter")
    page.wait_for_function("document.activeElement.matches('body > nav a')")
    watching.tab_to(f"body > nav a[href*='/{name}']")
    page.keyboard.press("Enter")
    page.wait_for_function("document.activeElement.matches('#modal-content *')")
    return page.get_by_role("dialog")


def test_a_row_is_sent_a_message_by_the_keyboard(watching: Watching) -> None:  # noqa: F811
    page, socket = watching.page, watching.come()
    watching.show()
    watching.rows(1)
    choose(watching, "message")
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="hidden")
    page.wait_for_timeout(100)
    assert not page.evaluate(REACHED, "#modal-content *")

    asking = choose(watching, "message")
    words = asking.locator("[name=message]")
    words.fill('{"text": "for you')
    asking.locator("output[data-wrong]", has_text="17 bytes").wait_for()
    asking.get_by_role("button", name="Send").click()
    asking.get_by_text("This is no JSON. Line 1").wait_for()
    assert words.input_value() == '{"text": "for you'
    words.fill('{"text": "for you"}')
    asking.locator("output:not([data-wrong])", has_text="19 bytes").wait_for()
    asking.get_by_role("button", name="Send").click()

    page.get_by_text("AWS took it").wait_for()
    assert heard(socket, "for you") == '{"text":"for you"}'
    page.get_by_role("link", name="Back").click()
    page.wait_for_url(watching.url)


def test_a_selection_joins_a_channel_and_is_shown_row_by_row(watching: Watching) -> None:  # noqa: F811
    page = watching.page
    watching.come(), watching.come()
    watching.show()
    watching.rows(2)
    for box in page.locator(f"{ROWS} .action-select").all():
        box.check()
    page.get_by_label("Select action to run").select_option("join_selected")
    page.get_by_role("button", name="Run").click()
    page.get_by_text("Put 2 sessions into a channel?").wait_for()

    page.locator("[name=channel]").fill(f"{watching.channel}-vip")
    page.get_by_text("Also those whom").click()
    page.get_by_role("button", name="Join", exact=True).click()

    page.get_by_role("region").get_by_text("Joined").nth(1).wait_for()
    watching.show()
    page.locator(f"{ROWS} .field-channels_shown", has_text=f"{watching.channel}-vip").nth(1).wait_for()


def test_what_a_client_sends_after_a_message_is_told(watching: Watching) -> None:  # noqa: F811
    page, socket = watching.page, watching.come()
    watching.show()
    page.locator(f"{ROWS} th a").click()
    page.locator("#message").fill('{"text": "Are you there?"}')
    page.get_by_role("button", name="Send", exact=True).click()
    page.get_by_text("Looking what the client sends now").wait_for()

    socket.send('{"action": "who"}')

    page.get_by_text("s later the client sent 17 bytes: who, status 200").wait_for()
