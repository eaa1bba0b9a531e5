"""The actions of the list: what is confirmed is handed to the worker, what is read is recorded."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django_tasks_db.models import DBTaskResult

from apigw_ws.emulator.faults import Fault
from apigw_ws.exceptions import AwsError
from apigw_ws.models import ApiGateway, AuditEvent, Run
from apigw_ws.services import provisioning
from apigw_ws.tasks import apply_gateway
from apigw_ws_admin.screens import syncing
from tests.admin.rows import gateway
from tests.emulator.serving import Served

pytestmark = pytest.mark.django_db

LIST = "/admin/apigw_ws/apigateway/"


@pytest.fixture
def pair(aws: Served) -> list[ApiGateway]:
    """Two gateways that are not in AWS yet."""
    return [gateway(number, api_created=False, api_id="", api_endpoint="") for number in (1, 2)]


def act(browser: Client, name: str, gateways: list[ApiGateway], **more: str) -> str:
    """Choose the action for the gateways; the text of the page that follows."""
    chosen = {"action": name, "_selected_action": [made.pk for made in gateways]}
    return browser.post(LIST, chosen | more, follow=True).text


def seen(text: str) -> dict[str, str]:
    return dict(re.findall(r'name="(seen-\d+)" value="([^"]+)"', text))


def enqueued() -> list[list[Any]]:
    return [result.args_kwargs["args"] for result in DBTaskResult.objects.all()]


@pytest.mark.parametrize("name", ["create_api_gateway", "sync_to_aws"])
def test_plans_are_shown_and_then_carried_out(operator: Client, pair: list[ApiGateway], name: str) -> None:
    page = act(operator, name, pair)

    assert all(f"Create the WebSocket API “{made}”." in page for made in pair)
    assert enqueued() == []

    text = act(operator, name, pair, confirmed="yes", **seen(page))

    assert all(f"“{made}” is being applied to AWS." in text for made in pair)
    for arguments in enqueued():
        apply_gateway.call(*arguments)
    assert [run.state for run in Run.objects.all()] == [Run.State.DONE] * 2
    assert provisioning.preview(pair[0]).operations == ()


def test_a_gateway_that_is_in_aws_is_not_created_again(operator: Client, pair: list[ApiGateway]) -> None:
    provisioning.apply(pair[0])

    text = act(operator, "create_api_gateway", pair[:1])

    assert f"“{pair[0]}” is in AWS already" in text


def test_a_gateway_whose_plan_cannot_be_shown_is_left_out(operator: Client, pair: list[ApiGateway]) -> None:
    aimless = gateway(3, target_base_endpoint="")

    page = act(operator, "sync_to_aws", [pair[0], aimless])
    text = act(operator, "sync_to_aws", [pair[0], aimless], confirmed="yes", **seen(page))

    assert "has no target base URL" in page
    assert f"“{aimless}” was left out" in text
    assert [arguments[0] for arguments in enqueued()] == [pair[0].pk]


def test_a_custom_domain_is_made_after_its_plan_was_shown(operator: Client, pair: list[ApiGateway]) -> None:
    ApiGateway.objects.filter(pk=pair[0].pk).update(
        domain_name="ws.example.com",
        certificate_arn="arn:aws:acm:us-east-1:123456789012:certificate/12345678-1234-1234-1234-123456789012",
    )

    page = act(operator, "create_custom_domain", pair)

    assert "ws.example.com" in page
    assert f"“{pair[1]}” needs a custom domain and a certificate" in page
    act(operator, "create_custom_domain", pair[:1], confirmed="yes", **seen(page))
    assert [arguments[0] for arguments in enqueued()] == [pair[0].pk]
    assert enqueued()[0][2] == provisioning.preview(ApiGateway.objects.get(pk=pair[0].pk)).digest


def test_sync_from_aws_finds_an_api_again_that_the_record_has_lost(
    operator: Client, pair: list[ApiGateway]
) -> None:
    provisioning.apply(pair[0])
    kept = ApiGateway.objects.values("api_id", "api_endpoint", "deployment_id", "api_created")
    before = kept.get(pk=pair[0].pk)
    ApiGateway.objects.update(api_id="", api_endpoint="", deployment_id="", api_created=False)

    text = act(operator, "sync_from_aws", pair)

    assert f"is the API {before['api_id']}; the deployment {before['deployment_id']} is live" in text
    assert f"“{pair[1]}” is not in AWS." in text
    assert kept.get(pk=pair[0].pk) == before
    event = AuditEvent.objects.get(verb="sync", gateway=pair[0])
    assert (event.who, event.ip_address, event.result) == ("operator", "127.0.0.1", "done")
    assert (event.before["api_id"], event.after["api_id"]) == ("", before["api_id"])
    assert enqueued() == []


def test_sync_from_aws_says_that_an_api_is_not_deployed(
    operator: Client, pair: list[ApiGateway], aws: Served
) -> None:
    assert aws.emulator is not None
    aws.emulator.faults.add(Fault(operation="apigateway:CreateStage", effect="error", status=400))
    with pytest.raises(AwsError):
        provisioning.apply(pair[0])

    assert "it is not deployed" in act(operator, "sync_from_aws", pair[:1])


def test_sync_from_aws_keeps_the_record_while_aws_does_not_answer(
    operator: Client, pair: list[ApiGateway], aws: Served
) -> None:
    provisioning.apply(pair[0])
    assert aws.emulator is not None
    aws.emulator.faults.add(Fault(operation="apigateway:*", effect="throttle", times=None))

    text = act(operator, "sync_from_aws", pair[:1])

    assert "AWS limits the rate of calls" in text
    assert "AWS limits the rate" in AuditEvent.objects.get(verb="sync").error_text
    assert ApiGateway.objects.get(pk=pair[0].pk).api_created


@pytest.mark.parametrize("name", ["sync_to_aws", "sync_from_aws"])
def test_only_so_many_are_done_at_once(
    operator: Client, pair: list[ApiGateway], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(syncing, "MOST", 1)

    assert "Nothing was done: select at most 1 gateways." in act(operator, name, pair)


def test_staff_see_the_actions_that_they_may_take(
    staff: Callable[..., Client], pair: list[ApiGateway]
) -> None:
    browser = staff("view_apigateway", "change_apigateway")

    text = browser.get(LIST).text

    assert "Sync from AWS" in text
    assert "Sync to AWS" not in text
    assert "Delete selected" not in text
    act(browser, "sync_to_aws", pair, confirmed="yes", **{f"seen-{pair[0].pk}": "x"})
    assert enqueued() == []
