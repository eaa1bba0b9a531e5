"""An incident, picked on the chart, is a link for a colleague."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.demo.running import Demo

pytestmark = pytest.mark.browser


def test_a_time_that_is_dragged_over_is_a_link(page: Any, demo: Demo) -> None:
    page.goto(demo.lines["Sign in"])
    page.goto(f"{demo.lines['Console']}apigw_ws/auditevent/activity/?span=1h&kind=run")
    page.locator("#activity-lines b", has_text="Run: Apply").first.wait_for()
    assert ":" in page.locator("#activity-lines time[data-live]").first.get_attribute("title")
    chart = page.locator(".activity-lanes")
    chart.wait_for()
    box = chart.bounding_box()

    page.mouse.move(box["x"] + box["width"] * 0.51, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 2, box["y"] + box["height"] / 2, steps=3)
    page.mouse.up()
    page.wait_for_url("**since=*")

    query = parse_qs(urlsplit(page.url).query)
    assert query["kind"] == ["run"]
    assert query["since"] < query["until"]
    assert "span" not in query
    link = page.locator(".activity-link a").get_attribute("href")
    assert parse_qs(urlsplit(link).query) == query
    assert page.locator("[name=since]").input_value()
    page.locator("[name=who]").fill("nobody")
    page.get_by_role("button", name="Show").click()
    page.get_by_text("Nothing in this time is like that.").wait_for()
    assert parse_qs(urlsplit(page.url).query) == query | {"who": ["nobody"]}
