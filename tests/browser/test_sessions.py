"""The list of sessions refreshes itself under the hands of an operator, with the whole demo behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from websockets.sync.client import ClientConnection, connect

from tests.browser.operators import unique
from tests.demo.running import Demo

pytestmark = pytest.mark.browser

ROWS = "#result_list > tbody"
OPEN_ROW = f"{ROWS} [data-facts] dl"
REACHED = "selector => document.activeElement.matches(selector)"


class Watching:
    """A tab with the sessions of a channel of its own, refreshed every two seconds."""

    def __init__(self, page: Any, demo: Demo) -> None:
        self.page, self.demo, self.channel = page, demo, unique("watched")
        self.url = f"{demo.lines['Console']}apigw_ws/websocketsession/?channel={self.channel}"
        self.sockets = ExitStack()

    def come(self) -> ClientConnection:
        """Somebody connects."""
        return self.sockets.enter_context(connect(f"{self.demo.gateway}?channel={self.channel}", proxy=None))

    def show(self) -> None:
        self.page.goto(self.url)
        self.refresh_every("2")

    def refresh_every(self, seconds: str) -> None:
        self.page.locator("#live-rate").select_option(seconds)

    def rows(self, number: int) -> None:
        """Wait until there are so many, and the figure says so."""
        self.page.wait_for_function(
            "([rows, number]) => document.querySelectorAll(rows).length === number", arg=[ROWS, number]
        )
        assert self.page.locator("#live-figure").inner_text() == str(number)

    def noted(self, text: str) -> None:
        self.page.locator("#live-note", has_text=text).wait_for()

    def tab_to(self, selector: str) -> None:
        for _ in range(120):
            if self.page.evaluate(REACHED, selector):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"The keyboard does not reach {selector}.")


@pytest.fixture
def watching(page: Any, demo: Demo) -> Iterator[Watching]:
    page.goto(demo.lines["Sign in"])
    watching = Watching(page, demo)
    with watching.sockets:
        yield watching


def test_selection_and_open_row_survive_who_comes_and_goes(watching: Watching) -> None:
    page = watching.page
    watching.come()
    watching.show()
    watching.rows(1)
    page.locator(f"{ROWS} .action-select").check()
    page.locator(f"{ROWS} [x-on\\:click='rowOpen = !rowOpen']").click()
    page.locator(OPEN_ROW).wait_for()

    other = watching.come()
    watching.rows(2)

    assert page.locator(f"{ROWS} .action-select").evaluate_all("b => b.map(x => x.checked)") == [False, True]
    assert page.locator(f"{ROWS} tr.selected").count() == 1
    assert page.locator(".action-counter").inner_text() == "1 of 2 selected"
    assert page.locator(OPEN_ROW).is_visible()
    page.locator(f"{ROWS} .action-select").first.check()  # Unfold's own handler does not know this row
    assert page.locator(".action-counter").inner_text() == "2 of 2 selected"
    other.close()
    watching.rows(1)
    assert page.locator(".action-counter").inner_text() == "1 of 1 selected"
    assert page.locator(OPEN_ROW).is_visible()
    assert page.url == watching.url


def test_what_changes_in_a_row_is_shown_also_where_it_is_open(watching: Watching) -> None:
    page, socket = watching.page, watching.come()
    watching.show()
    page.locator(f"{ROWS} [x-on\\:click='rowOpen = !rowOpen']").click()
    page.locator(OPEN_ROW, has_text="0 (0").wait_for()

    socket.send('{"action": "who"}')

    page.locator(f"{ROWS} .field-in_and_out", has_text="1 / ").wait_for()
    assert page.locator(f"{ROWS} td[aria-expanded='true']").count() == 1
    page.locator(OPEN_ROW, has_text="1 (").wait_for()
    clock = page.locator(f"{ROWS} .field-connected_for time")
    before = clock.inner_text()
    page.wait_for_function(
        "([clock, before]) => clock.textContent !== before", arg=[clock.element_handle(), before]
    )


def test_an_empty_list_fills_and_empties(watching: Watching) -> None:
    watching.show()
    watching.page.get_by_text("No session is like that.").wait_for()

    socket = watching.come()
    watching.rows(1)
    socket.close()

    watching.page.get_by_text("No session is like that.").wait_for()


def test_a_pause_is_kept_by_the_browser(watching: Watching) -> None:
    page, asked = watching.page, []
    watching.come()
    watching.show()
    watching.noted("As of")
    watching.refresh_every("0")
    watching.noted("Paused")
    watching.come()
    page.on("request", lambda request: asked.append(request.url))

    page.wait_for_timeout(2500)

    assert asked == []
    page.reload()
    watching.noted("Paused")
    assert page.locator("#live-rate").input_value() == "0"
    watching.come()
    watching.refresh_every("2")
    watching.rows(3)


def test_a_hidden_tab_asks_nothing_and_asks_at_once_when_it_is_seen(watching: Watching) -> None:
    page, asked = watching.page, []
    watching.show()
    hide = "hidden => Object.defineProperty(document, 'hidden', {value: hidden, configurable: true})"
    page.evaluate(hide, True)
    page.wait_for_timeout(300)
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(2500)
    assert asked == []

    page.evaluate(hide, False)
    with page.expect_response(watching.url):
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def test_who_is_signed_out_keeps_the_page_and_is_told(watching: Watching) -> None:
    page = watching.page
    watching.come()
    watching.show()
    watching.rows(1)

    page.context.clear_cookies()

    watching.noted("You are signed out")
    watching.rows(1)
    assert page.url == watching.url
    page.get_by_role("link", name="Sign in again").click()
    page.locator("[name=password]").wait_for()
    assert watching.channel in page.url


def test_a_server_that_does_not_answer_is_asked_again(watching: Watching) -> None:
    page = watching.page
    watching.show()
    page.route("**/websocketsession/**", lambda route: route.fulfill(status=502))
    watching.noted("No answer since")

    page.unroute("**/websocketsession/**")

    watching.noted("As of")


def test_who_may_not_look_any_more_is_told(watching: Watching) -> None:
    page = watching.page
    watching.show()
    page.route("**/websocketsession/**", lambda route: route.fulfill(status=403))

    watching.noted("You may not see this list any more")


@pytest.fixture
def dialog(watching: Watching) -> Callable[[], Any]:
    """Opens the dialog that disconnects the only row, by the keyboard alone."""

    def opened() -> Any:
        watching.rows(1)
        watching.tab_to("#live-rate")
        watching.tab_to("#result_list span[role=button]")
        watching.page.keyboard.press("Enter")
        watching.page.wait_for_function("document.activeElement.matches('body > nav a')")
        watching.tab_to("body > nav a[href*='/disconnect']")
        watching.page.keyboard.press("Enter")
        watching.page.wait_for_function("document.activeElement.matches('#modal-content *')")
        return watching.page.get_by_role("dialog")

    return opened


def test_a_row_may_vanish_under_an_open_dialog(watching: Watching, dialog: Callable[[], Any]) -> None:
    page, socket = watching.page, watching.come()
    watching.show()
    asking = dialog()

    socket.close()
    page.get_by_text("No session is like that.").wait_for()

    assert asking.is_visible()
    asking.locator("[name=reason]").fill("Too late")
    asking.get_by_role("button", name="Disconnect").click()
    page.get_by_text("Was gone already").wait_for()


def test_the_keyboard_reaches_everything(watching: Watching) -> None:
    page = watching.page
    watching.come()
    watching.show()
    watching.rows(1)
    watching.tab_to("#live-rate")
    watching.tab_to(f"{ROWS} [x-on\\:click='rowOpen = !rowOpen']")
    page.keyboard.press("Enter")
    page.locator(OPEN_ROW).wait_for()
    watching.tab_to(f"{ROWS} .action-select")
    page.keyboard.press("Space")
    assert page.locator(".action-counter").inner_text() == "1 of 1 selected"
    watching.tab_to(f"{ROWS} th a")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Ask AWS").wait_for()


def test_the_focus_stays_in_the_list_when_its_row_goes(watching: Watching) -> None:
    page = watching.page
    watching.come()
    watching.show()
    watching.rows(1)
    other = watching.come()
    watching.rows(2)
    page.locator(f"{ROWS} th a").first.focus()

    other.close()
    watching.rows(1)

    assert page.evaluate(REACHED, f"{ROWS} th a")


def test_a_message_reaches_the_client_and_what_is_no_json_does_not(watching: Watching) -> None:
    page, socket = watching.page, watching.come()
    watching.show()
    page.locator(f"{ROWS} th a").click()
    page.get_by_role("button", name="Ask AWS").click()
    page.get_by_text("AWS says that it is open, and so do we.").wait_for()

    page.locator("#message").fill("{nonsense}")
    page.get_by_role("button", name="Send", exact=True).click()
    page.get_by_text("this is no JSON").wait_for()
    page.locator("#message").fill('{"type": "notice", "text": "Hello"}')
    page.get_by_role("button", name="Send", exact=True).click()

    page.get_by_text("AWS took the message.").wait_for()
    while "Hello" not in (received := str(socket.recv(timeout=10))):
        pass
    assert received == '{"type":"notice","text":"Hello"}'
