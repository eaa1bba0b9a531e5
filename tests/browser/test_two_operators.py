"""Two operators at the same pages of the whole demo: both see the truth, and nothing is done twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection

from tests.browser.test_operations import Console, console  # noqa: F401  (fixture)
from tests.browser.test_sessions import ROWS, Watching, watching  # noqa: F401  (fixture)
from tests.demo.running import Demo

pytestmark = pytest.mark.browser


@pytest.fixture
def page_of_bob(browser: Any, demo: Demo) -> Iterator[Any]:
    """Signed in beside the first, in a browser of its own."""
    context = browser.new_context()
    context.set_default_timeout(10_000)
    tab = context.new_page()
    tab.goto(demo.lines["Sign in"])
    yield tab
    context.close()


class Operator:
    """One of the two, at the list of one channel's sessions."""

    def __init__(self, page: Any, url: str) -> None:
        self.page = page
        page.goto(url)
        page.locator("#live-rate").select_option("2")

    def sees(self, *names: str) -> None:
        """Wait until these are the connections in the list."""
        self.page.wait_for_function(
            """([rows, names]) => {
                const shown = [...document.querySelectorAll(`${rows} code`)].map(code => code.textContent);
                return JSON.stringify(shown.sort()) === JSON.stringify(names);
            }""",
            arg=[ROWS, sorted(names)],
        )

    def row(self, name: str) -> Any:
        return self.page.locator(ROWS, has_text=name)

    def ask_to_disconnect(self, name: str) -> Any:
        self.row(name).locator("span[role=button]").click()
        self.page.locator("body > nav:visible a", has_text="Disconnect").first.click()
        return self.page.get_by_role("dialog")

    def disconnect(self, dialog: Any, reason: str) -> None:
        dialog.locator("[name=reason]").fill(reason)
        dialog.get_by_role("button", name="Disconnect").click()


@pytest.fixture
def ada(watching: Watching) -> Operator:  # noqa: F811
    return Operator(watching.page, watching.url)


@pytest.fixture
def bob(page_of_bob: Any, watching: Watching) -> Operator:  # noqa: F811
    return Operator(page_of_bob, watching.url)


def close_code(socket: ClientConnection) -> int | None:
    with pytest.raises(ConnectionClosed):
        while True:
            socket.recv(timeout=10)
    return socket.close_code


@pytest.fixture
def crowd(watching: Watching, ada: Operator) -> dict[str, ClientConnection]:  # noqa: F811
    """Two who connect, by the names that the list gives them."""
    found: dict[str, ClientConnection] = {}
    for number in (1, 2):
        socket = watching.come()
        watching.rows(number)
        (name,) = set(watching.page.locator(f"{ROWS} code").all_inner_texts()) - found.keys()
        found[name] = socket
    return found


def test_what_one_disconnects_under_the_others_dialog_is_done_once(
    ada: Operator, bob: Operator, crowd: dict[str, ClientConnection]
) -> None:
    gone, stays = crowd
    bob.sees(gone, stays)
    adas = ada.ask_to_disconnect(gone)
    adas.locator("[name=reason]").fill("Ada was here")

    bob.disconnect(bob.ask_to_disconnect(gone), "Bob was first")
    bob.page.get_by_text("Disconnected", exact=True).wait_for()
    ada.sees(stays)

    assert adas.locator("[name=reason]").input_value() == "Ada was here"
    ada.disconnect(adas, "Ada was here")
    ada.page.get_by_text("Was gone already").wait_for()
    assert close_code(crowd[gone]) == 1000
    ada.page.get_by_role("link", name=gone).click()
    ada.page.get_by_text("Bob was first").first.wait_for()
    crowd[stays].send('{"action": "who"}')
    assert "who" in str(crowd[stays].recv(timeout=10))


def test_a_selection_loses_what_the_other_disconnects_and_nothing_else(
    ada: Operator, bob: Operator, crowd: dict[str, ClientConnection]
) -> None:
    gone, stays = crowd
    for box in ada.page.locator(f"{ROWS} .action-select").all():
        box.check()

    bob.disconnect(bob.ask_to_disconnect(gone), "Bob was first")

    ada.sees(stays)
    assert ada.page.locator(".action-counter").inner_text() == "1 of 1 selected"
    assert ada.row(stays).locator(".action-select").is_checked()
    bob.page.get_by_text("Disconnected", exact=True).wait_for()
    bob.page.get_by_role("link", name="Back").click()
    bob.sees(stays)


def test_of_two_who_press_apply_at_once_one_applies_and_both_see_it_done(
    console: Console,  # noqa: F811
    page_of_bob: Any,
    fault: Callable[..., None],
) -> None:
    console.make()
    console.save_a_bad_target()
    pages = (console.page, page_of_bob)
    for page in pages:
        page.goto(f"{console.pages}overview/")
        page.get_by_role("link", name="Apply to AWS").first.click()
        page.get_by_role("dialog").get_by_text("Deploy to the stage").wait_for()
    fault("UpdateIntegration", effect="delay", seconds=1)

    for page in pages:
        page.get_by_role("dialog").get_by_role("button", name="Apply", exact=True).click()

    for page in pages:
        page.locator("#deployment", has_text="there is nothing to do").wait_for(timeout=60_000)
    page_of_bob.goto(f"{console.console}/admin/apigw_ws/run/")
    runs = page_of_bob.locator("#result_list > tbody", has_text=console.name)
    states = runs.locator("td.field-outcome").all_inner_texts()
    assert [state.lower() for state in states].count("done") == 2  # made, and changed once
