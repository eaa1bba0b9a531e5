"""The test console, with the whole demo behind it: sockets of a real browser to the emulator."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.browser.operators import unique
from tests.demo.running import Demo

pytestmark = pytest.mark.browser


class Console:
    """The test console of the demo's gateway."""

    def __init__(self, page: Any, demo: Demo) -> None:
        self.page, self.channel = page, unique("tested")
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        page.goto(demo.lines["Sign in"])
        page.goto(f"{demo.lines['Console']}apigw_ws/apigateway/1/test/")
        page.fill("[name=query]", f"channel={self.channel}")

    def connect(self, number: int) -> None:
        self.page.click("#connect [type=submit]")
        self.page.locator("#connections [data-state=open]").nth(number - 1).wait_for()

    def send(self, frame: dict[str, str]) -> None:
        self.page.fill("#frame", json.dumps(frame))
        self.page.press("#frame", "Control+Enter")

    def row(self, number: int, kind: str, text: str = "") -> Any:
        """The first row of the log that the connection has of the kind, with the text."""
        rows = self.page.locator(f"#log > [data-kind={kind}]", has_text=text)
        return rows.filter(has=self.page.locator(".test-number", has_text=str(number))).first

    def copied(self, button: str) -> str:
        self.page.click(button)
        self.page.locator(button, has_text="Copied").wait_for()
        return str(self.page.evaluate("navigator.clipboard.readText()"))


@pytest.fixture
def testing(page: Any, demo: Demo) -> Console:
    return Console(page, demo)


def test_the_first_click_connects_sends_and_shows_the_answer(testing: Console) -> None:
    testing.page.click("#frames [data-send] >> nth=1")

    answer = testing.row(1, "in", "time")
    answer.locator("summary").click()

    assert '"type": "time"' in answer.locator("pre").inner_text()
    assert "ms after the last frame" in answer.inner_text()
    assert "22 B" in testing.row(1, "out").inner_text()
    assert testing.page.locator("#connections .test-counts").inner_text() == "1 sent, 1 received"


def test_connections_hear_each_other_and_a_frame_is_sent_again(testing: Console) -> None:
    testing.connect(1)
    testing.connect(2)

    testing.send({"action": "say", "text": "Hello"})
    testing.row(1, "in", "Hello").wait_for()
    sent = testing.row(2, "out")
    sent.locator("summary").click()
    sent.locator("[data-do=replay]").click()

    testing.page.locator("#connections", has_text="0 sent, 2 received").wait_for()
    testing.page.locator("#connections", has_text="2 sent, 2 received").wait_for()
    testing.page.select_option("#of", "1")
    assert testing.page.locator("#log > li").count() == 3  # it opened, and heard it twice
    testing.page.select_option("#direction", "out")
    assert testing.page.locator("#log > li").count() == 0


def test_how_a_connection_ended_is_told(testing: Console) -> None:
    testing.connect(1)

    testing.page.click("text=Close >> visible=true")

    testing.page.locator("#connections", has_text="Closed (1000)").wait_for()
    testing.row(1, "note", "with code 1000").wait_for()
    testing.page.click("text=Dismiss")
    assert testing.page.locator("#connections li").count() == 0


def test_who_is_refused_learns_why_from_django(testing: Console) -> None:
    testing.page.fill("[name=query]", "channel=no way")

    testing.page.click("#connect [type=submit]")

    testing.page.locator("#notice", has_text="status 400 (Channel): This is no channel name.").wait_for()
    assert "Not let in" in testing.page.locator("#connections").inner_text()
    with testing.page.expect_popup() as opened:
        testing.page.click("#notice a")
    assert "/refusal/" in opened.value.url


def test_what_is_written_is_judged_and_can_be_taken_along(testing: Console) -> None:
    judged = testing.page.locator("#judged")
    testing.page.fill("#frame", '{"action": "time", "say": "it\'s"}')
    assert judged.inner_text() == "JSON, 33 bytes · goes to the route “time”"

    url = f"{testing.page.locator('#test').get_attribute('data-url')}?channel={testing.channel}"
    assert testing.copied("#wscat") == (
        f'wscat -c \'{url}\' -w 10 -x \'{{"action": "time", "say": "it\'\\\'\'s"}}\''
    )
    assert f"new WebSocket({json.dumps(url)})" in testing.copied("#javascript")

    testing.page.fill("#frame", "é" * 17_000)
    assert "34,000 bytes · goes to the route “$default” · more than 32 KB" in judged.inner_text()
    assert judged.inner_text().startswith("Not JSON")


def test_frames_are_saved_and_deleted_while_connections_stay(testing: Console) -> None:
    name, page = unique("frame"), testing.page
    testing.connect(1)
    testing.send({"action": "who"})

    page.click("#keep")
    page.fill("#keeping [name=name]", name)
    page.press("#keeping [name=name]", "Enter")
    page.click(f"#frames >> text={name}")
    assert page.locator("#frame").input_value() == '{"action": "who"}'
    page.click("#keep")
    page.fill("#keeping [name=name]", name)
    page.click("#keeping [type=submit]")
    page.locator("#keeping [role=alert]", has_text="There is a frame of this name.").wait_for()
    page.keyboard.press("Escape")

    page.click(f"[aria-label='Delete “{name}”']")
    page.click("#forgetting [type=submit]")
    page.locator("#frames", has_text=name).wait_for(state="hidden")

    assert page.locator("#connections [data-state=open]").count() == 1


def test_the_log_keeps_a_thousand_frames_and_stays_quick(testing: Console) -> None:
    testing.page.evaluate(
        """async () => {
          const page = document.querySelector('script[src$="testing/page.js"]').src;
          const { note } = await import(page.replace("page.js", "log.js"));
          for (let n = 1; n <= 5000; n++) note({ kind: "in", connection: { number: 1 }, text: `frame ${n}` });
        }"""
    )

    testing.page.locator("#dropped", has_text="4,000").wait_for()
    assert testing.page.locator("#log > li").count() == 1000
    testing.page.fill("#filter", "FRAME 499")
    assert testing.page.locator("#log > li").count() == 10
    assert testing.page.locator("#shown").inner_text() == "10 of 1,000"
    testing.page.click("#clear")
    assert testing.page.locator("#log > li").count() == 0


def test_whoever_was_signed_out_is_told_so(testing: Console) -> None:
    testing.page.context.clear_cookies()

    testing.page.click("#connect [type=submit]")

    testing.page.locator("#notice", has_text="You were signed out").wait_for()
