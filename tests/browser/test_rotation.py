"""Rotating a secret in a browser: each step in a dialog, from the keyboard, until the old one is refused."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from apigw_ws.models import ApiGateway, AuditEvent
from apigw_ws.services import provisioning, rotation
from tests.emulator.serving import Served

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def gateway(aws: Served) -> ApiGateway:
    gateway = ApiGateway.objects.create(api_name="chat", target_base_endpoint="https://www.example.com/ws/")
    gateway.create_gateway()
    return gateway


@pytest.fixture
def console(operator_page: Any, live_server: Any, gateway: ApiGateway) -> Any:
    operator_page.goto(f"{live_server.url}/admin/apigw_ws/apigateway/{gateway.pk}/security/")
    return operator_page


def press(console: Any, opener: str, button: str) -> None:
    console.get_by_role("link", name=opener).press("Enter")
    console.get_by_role("dialog").wait_for()
    console.wait_for_function("document.querySelector('#modal-content').contains(document.activeElement)")
    console.get_by_role("dialog").get_by_role("button", name=button).press("Enter")


def test_a_secret_is_rotated_from_the_keyboard(console: Any, gateway: ApiGateway) -> None:
    press(console, "Rotate …", "Rotate")
    console.get_by_text("From version 1 to version 2").wait_for()
    assert "Bring version 2 into every integration." in console.locator("[aria-current=step]").inner_text()

    gateway.refresh_from_db()
    provisioning.apply(gateway)
    gateway.secret_rotated_on = timezone.now() - 2 * rotation.GRACE
    gateway.save()
    # The card finds out by itself.
    press(console, "Retire the old version …", "Retire")

    console.get_by_text("The old version is retired").wait_for()
    gateway.refresh_from_db()
    assert (gateway.secret_version, gateway.retiring_secret_version) == (2, None)
    assert set(AuditEvent.objects.values_list("verb", flat=True)) == {
        "apply",
        "rotate_secret",
        "retire_secret",
    }


def test_what_may_still_be_used_is_not_retired_by_a_slip(console: Any, gateway: ApiGateway) -> None:
    rotation.start(gateway)
    provisioning.apply(gateway)
    console.reload()

    press(console, "Retire it anyway …", "Retire")

    box = console.get_by_role("checkbox", name="Retire it although it may still be used")
    assert box.evaluate("box => box.matches(':invalid')")
    console.keyboard.press("Escape")
    console.wait_for_function("document.activeElement.id === 'secret-retire'")
    gateway.refresh_from_db()
    assert gateway.retiring_secret_version == 1


def test_a_narrow_screen_shows_it_all(console: Any) -> None:
    console.set_viewport_size({"width": 390, "height": 800})

    assert console.evaluate("document.documentElement.scrollWidth") <= 390
