"""A gateway's page in a browser: the panel that follows the page, and the dialog from the keyboard."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.cache import cache
from django_tasks_db.models import DBTaskResult

from apigw_ws.emulator.faults import Fault
from apigw_ws.models import ApiGateway, Run
from apigw_ws.services import glances
from apigw_ws.tasks import apply_gateway
from tests.emulator.serving import Served

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def gateway(aws: Served) -> ApiGateway:
    gateway = ApiGateway.objects.create(api_name="chat", target_base_endpoint="https://www.example.com/ws/")
    gateway.create_gateway()
    return gateway


@pytest.fixture
def console(
    operator_page: Any, live_server: Any, gateway: ApiGateway, monkeypatch: pytest.MonkeyPatch
) -> Any:
    """The gateway's page as an operator has it, before the panel is awaited."""
    cache.clear()
    monkeypatch.setattr(glances, "BUDGET", 8.0)
    operator_page.goto(f"{live_server.url}/admin/apigw_ws/apigateway/{gateway.pk}/change/")
    return operator_page


def panel(console: Any, text: str) -> None:
    console.locator("#deployment").get_by_text(text).wait_for()


def test_a_change_is_saved_reviewed_and_applied_from_the_keyboard(console: Any) -> None:
    panel(console, "there is nothing to do")
    console.fill("#id_api_description", "New")
    console.press("#id_api_description", "Enter")
    console.get_by_text("operations are not applied yet").first.wait_for()

    console.get_by_role("link", name="chat", exact=True).last.click()
    console.get_by_role("link", name="Review and apply").press("Enter")
    dialog = console.get_by_role("dialog", name="Apply to AWS")
    dialog.wait_for()
    console.wait_for_function("document.querySelector('#modal-content').contains(document.activeElement)")
    for _ in range(2):  # to the last button and round to the first: the focus does not leave
        console.keyboard.press("Tab")
    assert console.evaluate("document.activeElement.textContent.trim()") == "Cancel"
    console.keyboard.press("Shift+Tab")
    console.keyboard.press("Enter")

    panel(console, "for a worker to take it up")
    apply_gateway.call(*DBTaskResult.objects.get().args_kwargs["args"])
    DBTaskResult.objects.update(status="SUCCESSFUL")
    panel(console, "there is nothing to do")
    assert Run.objects.count() == 2


def test_escape_gives_the_focus_back(console: Any, gateway: ApiGateway) -> None:
    ApiGateway.objects.update(api_description="New")
    console.reload()
    console.get_by_role("link", name="Review and apply").press("Enter")
    console.wait_for_function("document.querySelector('#modal-content').contains(document.activeElement)")

    console.keyboard.press("Escape")

    console.wait_for_function("document.activeElement.textContent.trim() === 'Review and apply'")
    assert DBTaskResult.objects.count() == 0


def test_aws_that_refuses_leaves_the_form_usable(console: Any, aws: Served) -> None:
    panel(console, "there is nothing to do")
    assert aws.emulator is not None
    aws.emulator.faults.add(Fault(operation="apigateway:*", effect="error", status=503, times=None))
    console.reload()

    panel(console, "AWS refused")

    assert console.locator("#id_api_name").input_value() == "chat"
    aws.emulator.faults.clear()
    console.get_by_role("button", name="Look again").press("Enter")
    console.locator("#deployment").get_by_text("AWS refused").wait_for(state="detached")


def test_a_console_that_does_not_answer_is_a_sentence(console: Any) -> None:
    console.route("**/deployment/", lambda route: route.abort())
    console.reload()

    panel(console, "The console did not answer")
