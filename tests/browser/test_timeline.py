"""A session's timeline moves while its client talks, and a trace of it ends by itself."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any

import pytest
from websockets.sync.client import ClientConnection, connect

from apigw_ws_admin.demo.state import State
from tests.browser.operators import unique
from tests.demo.running import Demo

pytestmark = pytest.mark.browser


@pytest.fixture
def talker(page: Any, demo: Demo) -> Iterator[ClientConnection]:
    """A client whose session's page is open."""
    channel = unique("traced")
    page.goto(demo.lines["Sign in"])
    with connect(f"{demo.gateway}?channel={channel}", proxy=None) as socket:
        page.goto(f"{demo.lines['Console']}apigw_ws/websocketsession/?channel={channel}")
        page.locator("#result_list > tbody th a").click()
        page.locator("#timeline b", has_text="Connected").wait_for()
        yield socket


def test_the_timeline_moves_while_the_client_talks(page: Any, talker: ClientConnection) -> None:
    page.locator("#message").fill('{"half": "writ')
    talker.send('{"action": "who"}')

    line = page.locator("#timeline li", has_text="Message to who")
    line.wait_for()

    told = line.inner_text().replace("\xa0", " ")
    assert "17 bytes" in told
    assert "reply of" in told
    assert ":" in line.locator("time").get_attribute("title")
    page.locator("#facts", has_text="1 (17").wait_for()
    assert page.locator("#message").input_value() == '{"half": "writ'
    talker.close()
    page.locator("#timeline b", has_text="Closed by").wait_for()


def test_who_is_signed_out_keeps_what_is_being_written(page: Any, talker: ClientConnection) -> None:
    page.locator("#message").fill('{"half": "writ')

    page.context.clear_cookies()

    page.get_by_text("You are signed out").wait_for()
    assert page.locator("#message").input_value() == '{"half": "writ'


def test_a_trace_keeps_the_words_and_ends_by_itself(page: Any, demo: Demo, talker: ClientConnection) -> None:
    page.get_by_role("link", name="This connection").click()
    page.locator("[name=reason]").fill("Ticket 7")
    page.get_by_role("button", name="Start the trace").click()
    page.get_by_text("Nothing has been said yet.").wait_for()
    page.wait_for_timeout(2100)  # Django looks for new traces every two seconds

    talker.send('{"action": "who", "password": "hunter2"}')
    entry = page.locator("#entries li", has_text="In: who")
    entry.locator("summary").click()
    entry.get_by_text('"password": "[redacted]"').wait_for()
    talker.send('{"action": "time"}')
    page.locator("#entries li", has_text="In: time").wait_for()
    assert entry.get_by_text('"password": "[redacted]"').is_visible()

    with sqlite3.connect(State(demo.state).database) as database:
        database.execute("UPDATE apigw_ws_trace SET ends_on = '2020-01-01 00:00:00'")

    page.get_by_text("Its time is over").wait_for()
    assert page.locator("#trace-more[hx-trigger]").count() == 0
