"""The list of gateways and the tabs of one, in a browser: what is filled in later, and on narrow screens."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.cache import cache
from django_tasks_db.models import DBTaskResult

from apigw_ws.models import ApiGateway
from apigw_ws.services import glances
from apigw_ws.tasks import apply_gateway
from tests.emulator.serving import Served

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LIST = "/admin/apigw_ws/apigateway/"


@pytest.fixture
def gateway(aws: Served) -> ApiGateway:
    """It is not in AWS yet."""
    return ApiGateway.objects.create(api_name="chat", target_base_endpoint="https://www.example.com/ws/")


@pytest.fixture
def console(
    operator_page: Any, live_server: Any, gateway: ApiGateway, monkeypatch: pytest.MonkeyPatch
) -> Any:
    """An operator's tab, at the list."""
    cache.clear()
    monkeypatch.setattr(glances, "BUDGET", 8.0)
    operator_page.goto(f"{live_server.url}{LIST}")
    return operator_page


def test_what_is_selected_stays_so_while_aws_is_looked_at(console: Any, gateway: ApiGateway) -> None:
    drift = console.locator(f"#drift-{gateway.pk}")
    console.locator(f"input.action-select[value='{gateway.pk}']").check()

    drift.get_by_text("Differs").wait_for()

    assert console.locator("input.action-select:checked").count() == 1
    console.get_by_text("1 of 1 selected").wait_for()


def test_the_overview_follows_the_run_it_has_begun(console: Any, gateway: ApiGateway) -> None:
    console.context.grant_permissions(["clipboard-read", "clipboard-write"])
    console.get_by_role("link", name="chat", exact=True).click()
    console.locator("#heading").get_by_text("Never applied").wait_for()
    console.locator("#facts").get_by_text("seen just now").wait_for()
    console.get_by_role("link", name="Review and apply").click()
    console.get_by_role("button", name="Apply", exact=True).click()
    console.locator("#deployment").get_by_text("for a worker to take it up").wait_for()

    apply_gateway.call(*DBTaskResult.objects.get().args_kwargs["args"])
    DBTaskResult.objects.update(status="SUCCESSFUL")

    console.locator("#heading").get_by_text("Healthy").wait_for()
    console.locator("#facts").get_by_text("by operator").wait_for()
    gateway.refresh_from_db()
    console.locator("#heading").get_by_role("button", name="Copy").click()
    console.get_by_text("Copied").wait_for()
    assert console.evaluate("navigator.clipboard.readText()") == gateway.client_url


def test_tabs_on_a_narrow_screen_scroll_and_take_the_keyboard(console: Any, gateway: ApiGateway) -> None:
    console.set_viewport_size({"width": 390, "height": 800})
    console.goto(f"{console.url}{gateway.pk}/overview/")
    settings = console.locator("[data-tabs]").get_by_role("link", name="Settings")

    settings.focus()
    console.keyboard.press("Enter")

    console.wait_for_url(f"**{LIST}{gateway.pk}/change/")
    active = console.locator("[data-tabs] [aria-current=page]")
    assert active.inner_text() == "Settings"
    box = active.bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= 390
    assert console.evaluate("document.documentElement.scrollWidth") <= 390
