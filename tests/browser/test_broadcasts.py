"""An operator composes a broadcast, watches it go, cancels one, and tries again those it did not reach."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from websockets.sync.client import ClientConnection, connect

from tests.browser.operators import set_faults, unique
from tests.demo.running import Demo

pytestmark = pytest.mark.browser


class Sender:
    """A tab, and clients in a channel of their own."""

    def __init__(self, page: Any, demo: Demo) -> None:
        self.page, self.demo, self.channel = page, demo, unique("news")
        self.url = f"{demo.lines['Console']}apigw_ws/broadcast/compose/?channel={self.channel}"
        self.sockets = ExitStack()

    def come(self) -> ClientConnection:
        url = f"{self.demo.gateway}?channel={self.channel}"
        return self.sockets.enter_context(connect(url, proxy=None))

    def compose(self, text: str, **fields: str) -> None:
        """To the page that asks once more."""
        self.page.goto(self.url)
        for name, value in {"payload": json.dumps({"text": text}), "reason": "A test", **fields}.items():
            self.page.locator(f"[name={name}]").fill(value)
        self.press("Look at it, then send")
        self.page.wait_for_url("**/confirm/")

    def press(self, text: str) -> None:
        self.page.get_by_role("button", name=text, exact=True).click()

    def confirm(self, text: str) -> None:
        """In the dialog."""
        self.page.locator("#modal-content").get_by_role("button", name=text, exact=True).click()

    def over(self) -> None:
        self.page.locator("#again").wait_for(timeout=30_000)

    def count(self, result: str) -> int:
        return int(self.page.locator(f"[data-count={result}]").inner_text())


@pytest.fixture
def sender(page: Any, demo: Demo) -> Iterator[Sender]:
    page.goto(demo.lines["Sign in"])
    sender = Sender(page, demo)
    with sender.sockets:
        yield sender


def heard(socket: ClientConnection) -> list[str]:
    """What broadcasts have said, until there is silence."""
    texts: list[str] = []
    while True:
        try:
            message = json.loads(socket.recv(timeout=1 if texts else 10))
        except TimeoutError:
            return texts
        if "broadcast_id" in message:
            texts.append(message["text"])


def test_a_message_is_written_checked_and_sent_once_however_often_one_clicks(sender: Sender) -> None:
    page, socket = sender.page, sender.come()
    page.goto(sender.url)
    page.locator("#counted", has_text="1 connection").wait_for()
    editor = page.locator("#id_payload")
    editor.fill('{"text": "Hello",\n"n"}')
    page.locator("#go-to").click()
    assert page.evaluate("[document.activeElement.id, document.activeElement.selectionStart]") == [
        "id_payload",
        21,
    ]
    page.keyboard.press("Shift+End")
    page.keyboard.type(": 1}")
    page.locator("#checked", has_text="bytes of 131072").wait_for()
    page.locator("#format").click()
    page.wait_for_function("document.querySelector('#id_payload').value.startsWith('{\\n  ')")

    page.locator("[name=reason]").fill("A test")
    sender.press("Look at it, then send")
    page.get_by_role("heading", name="Send to 1 connection?").wait_for()
    page.get_by_role("button", name="Send", exact=True).dblclick()

    page.wait_for_url("**/change/")
    sender.over()
    assert (sender.count("sent"), sender.count("gone")) == (1, 0)
    assert heard(socket) == ["Hello"]


def test_the_numbers_of_a_cancelled_broadcast_add_up(sender: Sender) -> None:
    sockets = [sender.come() for _client in range(6)]
    sender.compose("Slowly", rate="1")
    sender.press("Send")
    sender.page.locator("[data-count=sent]", has_not_text="0").wait_for(timeout=30_000)

    sender.page.locator("#act-cancel").click()
    sender.confirm("Cancel the broadcast")

    sender.over()
    sent = sender.count("sent")
    assert 0 < sent < len(sockets)
    assert sent + sender.count("cancelled") == len(sockets)


def test_only_those_who_were_not_reached_are_tried_again(sender: Sender, fault: Callable[..., None]) -> None:
    socket = sender.come()
    fault("execute-api:PostToConnection", status=403)
    sender.compose("At last")
    sender.press("Send")
    sender.over()
    assert sender.count("forbidden") == 1
    set_faults(sender.demo, "DELETE")

    sender.press("Retry only those")
    sender.page.get_by_role("heading", name="Send to 1 connection?").wait_for()
    sender.press("Send")

    sender.page.wait_for_url("**/change/")
    sender.over()
    assert sender.count("sent") == 1
    assert heard(socket) == ["At last"]


def test_numbers_that_are_old_say_so_until_they_are_new(sender: Sender) -> None:
    page = sender.page
    for _client in range(8):
        sender.come()
    sender.compose("Slowly", rate="1")
    sender.press("Send")
    page.locator("[data-count=sent]", has_not_text="0").wait_for(timeout=30_000)

    page.route("**/progress/**", lambda route: route.abort())
    page.get_by_text("The console does not answer.").wait_for()
    page.unroute("**/progress/**")

    sender.over()
    assert sender.count("sent") == 8
