"""Channels, and the page of one, move by themselves while clients come and go."""

from __future__ import annotations

from typing import Any

import pytest
from websockets.sync.client import connect

from tests.browser.operators import unique
from tests.demo.running import Demo

pytestmark = pytest.mark.browser


def test_a_channel_appears_leads_to_its_members_and_empties(page: Any, demo: Demo) -> None:
    channel = f"{unique('watched')}/room:1.a"
    page.goto(demo.lines["Sign in"])
    page.goto(f"{demo.lines['Console']}apigw_ws/channel/?q={channel}")
    page.locator("#live-rate").select_option("2")
    page.get_by_text("No channel begins so.").wait_for()

    with connect(f"{demo.gateway}?channel={channel}", proxy=None):
        row = page.locator("#result_list > tbody", has_text=channel)
        row.wait_for()
        row.locator(".field-members_shown b", has_text="1").wait_for()
        row.locator("th a").focus()
        page.keyboard.press("Enter")
        page.get_by_role("heading", name=channel, exact=True).wait_for()
        page.locator("#result_list > tbody").wait_for()
        assert page.locator("#live-figure").inner_text() == "1"
        page.locator("#live-rate").select_option("2")

    page.get_by_text("Nobody is in this channel.").wait_for()
