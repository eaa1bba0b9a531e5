"""An AWS account in a browser: recorded, refused, corrected, and chosen in the wizard."""

from __future__ import annotations

from typing import Any

import pytest

from apigw_ws.models import AwsAccount
from tests.emulator.serving import Served

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

ROLE = "arn:aws:iam::123456789012:role/gateways"


@pytest.fixture
def console(operator_page: Any, live_server: Any, aws: Served, monkeypatch: pytest.MonkeyPatch) -> Any:
    """An operator's tab."""
    monkeypatch.setattr("apigw_ws.services.accounts.BUDGET", 8)
    return operator_page


def test_a_role_is_refused_corrected_and_works(console: Any, live_server: Any) -> None:
    console.goto(f"{live_server.url}/admin/apigw_ws/awsaccount/add/")
    console.fill("#id_label", "EU live")
    console.fill("#id_role_arn", f"{ROLE}-typo")
    console.press("#id_role_arn", "Enter")

    check = console.locator("#check")
    check.get_by_text("is not authorized to perform: sts:AssumeRole").wait_for()
    check.get_by_role("button", name="Copy", exact=True).press("Enter")
    assert "arn:aws:iam::123456789012:root" in check.locator("pre").inner_text()
    AwsAccount.objects.update(role_arn=ROLE)
    check.get_by_role("button", name="Check again").press("Enter")

    check.get_by_text("assumed-role/gateways/apigw-ws").wait_for()
    assert AwsAccount.objects.get().account_id == "123456789012"


def test_the_wizard_follows_the_choice_of_the_account(console: Any, live_server: Any) -> None:
    AwsAccount.objects.create(label="EU live", environment="production", role_arn=ROLE)
    console.goto(f"{live_server.url}/admin/apigw_ws/apigateway/wizard/")
    identity = console.locator(".wizard-identity")
    identity.get_by_text("user/emulator").wait_for()

    console.select_option("#id_account", label="EU live · Production")
    identity.get_by_text("assumed-role/gateways/apigw-ws").wait_for()
    console.select_option("#id_region", "eu-west-1")
    identity.get_by_text("eu-west-1").wait_for()
    console.get_by_role("button", name="Next").click()
    console.get_by_role("link", name="Account and region").click()

    identity.get_by_text("assumed-role/gateways/apigw-ws").wait_for()
    assert console.locator("#id_region").input_value() == "eu-west-1"
