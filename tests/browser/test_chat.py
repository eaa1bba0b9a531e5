"""The demo's first page, with the whole demo behind it."""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.demo.running import Demo, running

pytestmark = pytest.mark.browser

EVERY_COLOUR = """item => {
  for (let tint = 0; tint < 8; tint++) {
    const copy = item.cloneNode(true);
    copy.dataset.tint = tint;
    item.after(copy);
  }
}"""
POLICY = "default-src 'self'; connect-src ws:"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with running(tmp_path_factory.mktemp("demo") / "state") as started:
        yield started


class Window:
    """A browser window with the chat."""

    def __init__(self, page: Any, demo: Demo, *, channel: str = "") -> None:
        self.page = page
        self.complaints: list[str] = []
        page.on("console", lambda line: self.complaints.append(line.text) if line.type == "error" else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.goto(demo.lines["Chat"] + (channel and f"#{channel}"))
        self.wait_for_state("^Connected")

    def wait_for_state(self, text: str) -> None:
        self.page.locator("#state", has_text=re.compile(text)).wait_for()

    def wait_for_notice(self, text: str) -> None:
        self.page.locator("#notice", has_text=text).wait_for()

    def write(self, text: str) -> None:
        self.page.get_by_label("Your message").fill(text)
        self.page.keyboard.press("Enter")

    def say(self, text: str) -> Any:
        self.write(text)
        return self.wait_for(text)

    def wait_for(self, text: str) -> Any:
        message = self.page.locator("[role=log] li:visible", has_text=text)
        message.wait_for()
        return message

    def scrolls_sideways(self) -> bool:
        return bool(self.page.evaluate("document.documentElement.scrollWidth > innerWidth"))


@pytest.fixture
def window(page: Any, demo: Demo) -> Iterator[Window]:
    """A window in the lobby. The test fails if the browser complains."""
    opened = Window(page, demo)
    yield opened
    assert opened.complaints == []


@pytest.fixture
def another(browser: Any, demo: Demo) -> Iterator[Callable[..., Window]]:
    """Opens further windows, each of a guest of its own."""
    contexts: list[Any] = []

    def opened(**where: str) -> Window:
        contexts.append(browser.new_context())
        return Window(contexts[-1].new_page(), demo, **where)

    yield opened
    for context in contexts:
        context.close()


def test_two_windows_talk_to_each_other(window: Window, another: Callable[..., Window]) -> None:
    other = another()
    said = window.say("Is anybody there? 🦀")
    heard = other.wait_for("Is anybody there? 🦀")
    other.say("Yes, in the other window")
    window.wait_for("Yes, in the other window")

    assert "You" in said.inner_text()
    assert re.match(r"guest-", heard.inner_text())
    assert said.evaluate("item => item.className") == "own"
    assert heard.evaluate("item => item.className") == ""
    assert other.complaints == []


def test_who_is_here_is_listed_with_oneself_first(window: Window, another: Callable[..., Window]) -> None:
    other = another(channel="garden")
    window.page.get_by_role("link", name="garden").click()
    names = window.page.locator("#members li")
    names.nth(1).wait_for()

    assert names.count() == 2
    assert names.first.inner_text().endswith("(you)")
    assert names.last.inner_text() in other.page.locator("#members li").first.inner_text()


def test_another_window_of_the_same_person_is_no_echo(window: Window, demo: Demo) -> None:
    window.page.goto(demo.lines["Sign in"])
    here, there = (Window(window.page.context.new_page(), demo) for _ in range(2))
    here.say("written here")
    there.say("written there")

    assert here.wait_for("written here").inner_text().startswith("You")
    assert here.wait_for("written there").inner_text().startswith("operator")


def test_a_channel_keeps_its_words_to_itself(window: Window, another: Callable[..., Window]) -> None:
    here, there = another(channel="kitchen"), window
    there.say("said in the lobby")
    here.say("only for the kitchen")
    there.page.get_by_role("link", name="kitchen").click()
    there.wait_for_notice("You are in kitchen now.")
    here.say("and now you hear it")
    there.wait_for("and now you hear it")

    assert there.page.get_by_role("link", name="kitchen").get_attribute("aria-current") == "true"
    assert not there.page.get_by_text("only for the kitchen").count()
    assert there.page.get_by_text("said in the lobby").is_hidden()
    there.page.go_back()
    there.wait_for("said in the lobby")


def test_the_keyboard_is_enough(window: Window) -> None:
    page = window.page
    page.keyboard.type("typed at once")  # the field has the focus
    page.keyboard.press("Enter")
    window.wait_for("typed at once")
    reached: list[str] = []
    while "Second window" not in reached:
        assert len(reached) < 20
        page.keyboard.press("Shift+Tab")
        reached.append(page.evaluate("document.activeElement.innerText?.trim() || document.activeElement.id"))
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid", reached
    assert [name for name in reached if name in ("kitchen", "lobby", "Console")] == [
        "kitchen",
        "lobby",
        "Console",
    ]

    page.keyboard.press("Tab")  # the console
    for _ in range(3):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    window.wait_for_notice("You are in garden now.")


def test_markup_is_text_and_long_words_break(window: Window, another: Callable[..., Window]) -> None:
    other = another()
    window.page.set_viewport_size({"width": 390, "height": 780})
    text = "<img src=x onerror=alert(1)><b>bold</b> " + "long" * 200
    window.say(text)
    heard = other.wait_for("long")

    assert heard.locator(".text").inner_text() == text
    assert not heard.locator("img, .text b").count()
    assert not window.scrolls_sideways()


def test_the_route_to_another_view_tells_the_time(window: Window) -> None:
    window.page.locator("#way").evaluate("details => { details.open = true }")
    window.page.get_by_role("button", name="Ask Django for the time").click()

    window.wait_for_notice("clock says")


def test_a_log_keeps_the_last_messages_and_the_reader_s_place(page: Any, demo: Demo) -> None:
    sockets: list[Any] = []

    def join_in(socket: Any) -> None:
        socket.connect_to_server()
        sockets.append(socket)

    page.route_web_socket(re.compile("execute-api"), join_in)
    window = Window(page, demo)
    said = {"type": "said", "from": "ada", "channel": "lobby"}
    for number in range(220):
        sockets[0].send(
            json.dumps({**said, "text": f"number {number}.", "at": f"2026-01-01T10:00:00.{number}Z"})
        )
    window.wait_for("number 219.")
    log = page.locator("#lobby")
    assert log.locator("li").count() == 200
    assert "ada" in log.locator("li").first.inner_text()

    log.evaluate("log => { log.scrollTop = 0 }")
    page.evaluate("new Promise((seen) => requestAnimationFrame(() => setTimeout(seen, 50)))")
    sockets[0].send(json.dumps({**said, "text": "the newest", "at": "2026-01-01T10:01:00Z"}))
    page.get_by_role("button", name="New messages").click()

    assert log.evaluate("log => log.scrollTop + log.clientHeight >= log.scrollHeight - 1")
    assert page.evaluate("document.activeElement.id") == "text"


def test_a_gateway_that_is_down_is_said_and_waited_for(page: Any, tmp_path: Any) -> None:
    state = tmp_path / "state"
    with running(state) as demo:
        window = Window(page, demo, channel="kitchen")
        window.say("before")
        os.kill(demo.child("emulator"), signal.SIGKILL)
        window.wait_for_state("Not connected")
        window.write("kept")
        window.wait_for_notice("Not sent")
        ports = [str(urlsplit(demo.lines[name]).port) for name in ("Chat", "Gateway")]
    with running(state, "--port", ports[0], "--gateway-port", ports[1], "--visitors", "0"):
        window.wait_for_state("^Connected")
        page.keyboard.press("Enter")
        window.wait_for("kept")
        assert page.locator("#kitchen li", has_text="before").is_visible()


def test_a_strict_content_security_policy_lets_everything_through(page: Any, demo: Demo) -> None:
    def strict(route: Any) -> None:
        response = route.fetch()
        headers = {**response.headers, "content-security-policy": POLICY}
        route.fulfill(response=response, headers=headers)

    # To Chromium an answer that did not come over the network is no page of this machine.
    page.context.grant_permissions(["local-network-access"])
    page.route(demo.lines["Chat"], strict)
    window = Window(page, demo)
    window.say("under a policy")

    assert page.evaluate("getComputedStyle(document.querySelector('main')).display") == "flex"
    assert window.complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_keeps_anybody_out(window: Window, another: Callable[..., Window], scheme: str) -> None:
    axe = pytest.importorskip("axe_core_python.sync_playwright", reason="axe-core-python is not installed")
    page, other = window.page, another()
    page.emulate_media(color_scheme=scheme)
    page.locator("#way").evaluate("details => { details.open = true }")
    other.say(f"Is {scheme} easy to read?")
    window.wait_for(f"Is {scheme} easy to read?").evaluate(EVERY_COLOUR)
    window.say("It is")
    window.page.get_by_role("button", name="Ask Django for the time").click()
    window.wait_for_notice("clock says")

    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 800})
        found = axe.Axe().run(page)["violations"]
        assert [rule["help"] for rule in found if rule["impact"] in {"serious", "critical"}] == []
        assert not window.scrolls_sideways()
