"""Ctrl+K and the way back, in a browser."""

from __future__ import annotations

from typing import Any

import pytest

from tests.admin import rows

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def frame(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """That of the standalone console."""
    monkeypatch.setenv("APIGW_WS_SECRET_KEY", "only-for-tests")
    from apigw_ws_admin.project import settings as project

    settings.UNFOLD = project.UNFOLD


def test_a_gateway_is_found_and_opened_from_the_keyboard(operator_page: Any, live_server: Any) -> None:
    gateway = rows.gateway()
    operator_page.goto(f"{live_server.url}/admin/apigw_ws/run/")

    operator_page.keyboard.press("Control+k")
    operator_page.keyboard.type("gateway-0")
    operator_page.get_by_role("link", name="gateway-0").wait_for()
    operator_page.keyboard.press("ArrowDown")
    operator_page.keyboard.press("Enter")

    operator_page.wait_for_url(f"**/apigateway/{gateway.pk}/overview/")


def test_the_way_back_leads_to_the_list_as_it_was(operator_page: Any, live_server: Any) -> None:
    rows.fill(0)
    page, filtered = operator_page, "?state__exact=done&o=-1"
    page.goto(f"{live_server.url}/admin/apigw_ws/run/{filtered}")

    page.goto(f"{live_server.url}/admin/apigw_ws/run/export-file/")
    page.locator("h1").get_by_role("link", name="Runs").click()

    page.wait_for_url(f"**/run/{filtered}")
