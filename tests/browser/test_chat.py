"""The demo's first page, with the whole demo behind it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.demo.running import Demo, running

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with running(tmp_path_factory.mktemp("demo") / "state") as started:
        yield started


class Window:
    """A browser window with the chat."""

    def __init__(self, page: Any, demo: Demo, *, channel: str = "lobby") -> None:
        self.page = page
        page.goto(f"{demo.lines['Chat']}#{channel}")
        self.wait_for_state("Connected")

    def wait_for_state(self, text: str) -> None:
        self.page.locator("#state", has_text=re.compile(text)).wait_for()

    def say(self, text: str) -> None:
        self.page.get_by_label("Your message").fill(text)
        self.page.keyboard.press("Enter")

    def wait_for(self, text: str) -> Any:
        message = self.page.locator("[role=log] li:visible", has_text=text)
        message.wait_for()
        return message


def test_two_windows_talk_to_each_other(page: Any, browser: Any, demo: Demo) -> None:
    other = browser.new_context()
    here, there = Window(page, demo), Window(other.new_page(), demo)
    here.say("Is anybody there? 🦀")
    heard = there.wait_for("Is anybody there? 🦀").inner_text()
    there.say("<b>Yes</b>")

    assert "guest-" in heard
    assert "You" not in heard
    assert "<b>Yes</b>" in here.wait_for("<b>Yes</b>").inner_text()
    assert "You" in here.wait_for("Is anybody there?").inner_text()
    other.close()


def test_a_channel_keeps_its_words_to_itself(page: Any, browser: Any, demo: Demo) -> None:
    other = browser.new_context()
    here, there = Window(page, demo, channel="kitchen"), Window(other.new_page(), demo, channel="garden")
    here.say("only for the kitchen")
    here.wait_for("only for the kitchen")
    there.page.get_by_role("link", name="kitchen").click()
    there.page.locator("#notice", has_text="kitchen").wait_for()
    here.say("and now you hear it")
    there.wait_for("and now you hear it")

    assert "only for the kitchen" not in there.page.locator("main").inner_text()
    other.close()


def test_the_keyboard_reaches_everything_in_order(page: Any, demo: Demo) -> None:
    Window(page, demo)
    page.evaluate("() => document.activeElement.blur()")
    reached = []
    for _ in range(12):
        page.keyboard.press("Tab")
        reached.append(
            page.evaluate("() => document.activeElement.innerText?.trim() || document.activeElement.id")
        )

    for name in ("Console", "kitchen", "Send"):
        assert name in reached
    assert "text" in reached


def test_it_says_when_the_connection_is_lost_and_when_it_is_back(page: Any, demo: Demo) -> None:
    window = Window(page, demo)
    page.context.set_offline(True)
    window.wait_for_state("Not connected")
    page.context.set_offline(False)
    window.wait_for_state("^Connected")
    window.say("back again")

    assert window.wait_for("back again")


def test_it_needs_no_inline_script_or_style(page: Any, demo: Demo) -> None:
    Window(page, demo)
    inline = """() => [...document.querySelectorAll("*")].filter((node) =>
      node.matches("script:not([src]), style, [style]") ||
      node.getAttributeNames().some((name) => name.startsWith("on"))).length"""

    assert page.evaluate(inline) == 0


def test_it_fits_a_telephone(page: Any, demo: Demo) -> None:
    page.set_viewport_size({"width": 390, "height": 780})
    window = Window(page, demo)
    window.say("hello" * 50)
    window.wait_for("hello")

    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert page.get_by_role("button", name="Send").is_visible()
