"""Provisioning, from the record to what the real boto3 makes of it in the emulator."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Literal

import pytest
from django.utils import timezone

from apigw_ws.aws.operations import Operation
from apigw_ws.exceptions import (
    AwsError,
    ConfigurationError,
    OwnershipConflict,
    PlanChanged,
    RunInProgress,
    Throttled,
)
from apigw_ws.models import ApiGateway, Run, Step
from apigw_ws.services import endpoints, provisioning, runs, secrets
from apigw_ws.signals import deployed
from tests.emulator.serving import Served

pytestmark = pytest.mark.django_db

BASE = "https://www.example.com/ws/"


def new_gateway(name: str = "chat", **fields: Any) -> ApiGateway:
    gateway = ApiGateway.objects.create(
        api_name=name, target_base_endpoint=BASE, tags={"team": "chat"}, **fields
    )
    gateway.additional_routes.create(name="join", route_key="join", integration_url=f"{BASE}join")
    return gateway


def tagged_apis(aws: Served, gateway: ApiGateway) -> list[dict[str, Any]]:
    pages = aws.client("apigatewayv2").get_paginator("get_apis").paginate()
    apis = [api for page in pages for api in page["Items"]]
    return [api for api in apis if api.get("Tags", {}).get("apigw-ws:uid") == str(gateway.uid)]


def live(aws: Served, gateway: ApiGateway) -> dict[str, dict[str, Any]]:
    """Route key -> its integration, as the stage serves it now."""
    assert aws.emulator is not None
    stage = aws.emulator.control.deployed(gateway.api_id, gateway.stage_name)
    return {key: dict(route.integration or {}) for key, route in stage.routes.items()} if stage else {}


def headers_of(integration: dict[str, Any]) -> dict[str, str]:
    prefix = "integration.request.header."
    return {key.removeprefix(prefix): value for key, value in integration["RequestParameters"].items()}


def describe(operations: tuple[Operation, ...]) -> list[str]:
    return [operation.describe() for operation in operations]


class Killed(BaseException):
    """The process dies here."""


@contextmanager
def killed_at(gateway: ApiGateway, nth: int, moment: Literal["before", "after"]) -> Iterator[list[str]]:
    """The process dies before or after the nth call takes effect; yields the calls made."""
    calls: list[str] = []

    def count(model: Any, **_: Any) -> None:
        calls.append(model.name)
        if moment == "before" and len(calls) == nth:
            raise Killed

    def after(**_: Any) -> None:
        if moment == "after" and len(calls) == nth:
            raise Killed

    events = endpoints.control_client(gateway).meta.events
    events.register("before-call.apigatewayv2", count)
    events.register("after-call.apigatewayv2", after)
    try:
        yield calls
    finally:
        events.unregister("before-call.apigatewayv2", count)
        events.unregister("after-call.apigatewayv2", after)


def assert_as_wanted(aws: Served, gateway: ApiGateway) -> None:
    """One API, nothing left over, everything live, and nothing more to do."""
    (api,) = tagged_apis(aws, gateway)
    client = aws.client("apigatewayv2")
    spec = provisioning.spec_for(gateway)
    keys = sorted(route.key for route in spec.routes)

    assert gateway.api_id == api["ApiId"]
    assert sorted(route["RouteKey"] for route in client.get_routes(ApiId=gateway.api_id)["Items"]) == keys
    assert len(client.get_integrations(ApiId=gateway.api_id)["Items"]) == len(keys)
    assert [stage["StageName"] for stage in client.get_stages(ApiId=gateway.api_id)["Items"]] == [
        gateway.stage_name
    ]
    assert {key: item["IntegrationUri"] for key, item in live(aws, gateway).items()} == {
        route.key: route.integration.url for route in spec.routes
    }
    assert provisioning.preview(gateway).operations == ()


def test_a_gateway_is_made_as_its_record_says(aws: Served) -> None:
    gateway = new_gateway(api_description="Talk", stage_description="live")

    run = gateway.create_gateway()

    assert_as_wanted(aws, gateway)
    (api,) = tagged_apis(aws, gateway)
    assert (api["Name"], api["Description"]) == ("chat", "Talk")
    assert api["Tags"] == {"team": "chat", "apigw-ws:tags": "team", "apigw-ws:uid": str(gateway.uid)}
    assert (run.state, run.planned, run.steps.count()) == (Run.State.DONE, 7, 7)


def test_integrations_map_what_django_needs_and_prove_the_gateway(aws: Served) -> None:
    gateway = new_gateway()

    provisioning.apply(gateway)

    routes = {key: headers_of(integration) for key, integration in live(aws, gateway).items()}
    assert {headers["X-Apigw-Secret"] for headers in routes.values()} == {f"'{secrets.derive(gateway)}'"}
    assert {headers["connectionId"] for headers in routes.values()} == {"context.connectionId"}
    assert {key for key, headers in routes.items() if "X-Apigw-Two-Way" in headers} == {"$default", "join"}
    assert {key for key, headers in routes.items() if "Content-Type" in headers} == {"$default", "join"}
    assert {key for key, headers in routes.items() if "X-Apigw-Close-Code" in headers} == {"$disconnect"}


def test_two_way_routes_and_only_they_have_a_route_response(aws: Served) -> None:
    gateway = new_gateway(two_way=False)

    provisioning.apply(gateway)

    assert aws.emulator is not None
    stage = aws.emulator.control.deployed(gateway.api_id, gateway.stage_name)
    assert stage is not None
    assert {key for key, route in stage.routes.items() if route.two_way} == {"join"}


def test_what_aws_told_us_is_on_the_record(aws: Served) -> None:
    gateway = new_gateway()

    provisioning.apply(gateway)

    gateway = ApiGateway.objects.get()
    route = gateway.additional_routes.get()
    assert gateway.api_created
    assert (
        gateway.client_url == f"{aws.url.replace('http', 'ws')}/_aws/execute-api/{gateway.api_id}/production"
    )
    assert gateway.deployment_id
    assert route.deployed
    assert route.route_id
    assert route.integration_id


def test_steps_hold_the_request_ids_and_no_secret(aws: Served) -> None:
    gateway = new_gateway()

    provisioning.apply(gateway)

    steps = list(Step.objects.all())
    assert [step.operation for step in steps][:2] == ["CreateApi", "CreateRoute"]
    assert [len(step.request_ids.split()) for step in steps] == [1, 2, 3, 2, 3, 1, 1]
    assert not any(secrets.derive(gateway) in step.description for step in steps)


def test_a_second_run_has_nothing_to_do(aws: Served) -> None:
    gateway = new_gateway()
    provisioning.apply(gateway)

    run = provisioning.apply(gateway)

    assert (run.state, run.planned) == (Run.State.DONE, 0)


def test_projects_are_told_of_a_deployment(aws: Served) -> None:
    told: list[Any] = []

    def listen(gateway: ApiGateway, run: Run, **_: Any) -> None:
        told.append((gateway.api_id, run.state))

    deployed.connect(listen)
    try:
        gateway = new_gateway()
        provisioning.apply(gateway)
        provisioning.apply(gateway)
    finally:
        deployed.disconnect(listen)

    assert told == [(gateway.api_id, Run.State.DONE)]


def change_everything(gateway: ApiGateway) -> None:
    gateway.api_description = "Talk"
    gateway.target_base_endpoint = "https://new.example.com/ws"
    gateway.route_selection_expression = "$request.body.type"
    gateway.two_way = False
    gateway.secret_version = 2
    gateway.stage_name = "live"
    gateway.tags = {"owner": "games"}
    gateway.save()
    gateway.additional_routes.all().delete()
    gateway.additional_routes.create(name="leave", route_key="leave", integration_url=f"{BASE}leave")


def test_a_changed_record_changes_what_differs(aws: Served) -> None:
    gateway = new_gateway()
    provisioning.apply(gateway)
    change_everything(gateway)

    run = provisioning.apply(gateway)

    assert_as_wanted(aws, gateway)
    assert [step.operation for step in run.steps.all()] == [
        "RemoveTags",
        "SetTags",
        "UpdateApi",
        "UpdateRoute",
        "UpdateRoute",
        "DisableReplies",
        "UpdateRoute",
        "CreateRoute",
        "RemoveRoute",
        "CreateStage",
        "Deploy",
        "RemoveStage",
    ]
    assert "X-Apigw-Two-Way" not in headers_of(live(aws, gateway)["$default"])


def test_replies_can_be_switched_on_again(aws: Served) -> None:
    gateway = new_gateway(two_way=False)
    provisioning.apply(gateway)
    gateway.two_way = True

    run = provisioning.apply(gateway)

    assert [step.operation for step in run.steps.all()] == ["UpdateRoute", "EnableReplies", "Deploy"]
    assert_as_wanted(aws, gateway)


def test_without_a_secret_nothing_is_sent_to_prove_the_gateway(aws: Served) -> None:
    gateway = new_gateway()
    provisioning.apply(gateway)
    gateway.secret_version = 0

    provisioning.apply(gateway)

    assert "X-Apigw-Secret" not in headers_of(live(aws, gateway)["$connect"])


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("update", [False, True], ids=["creation", "update"])
def test_a_run_that_dies_at_any_call_is_finished_by_the_next(
    aws: Served, moment: Literal["before", "after"], update: bool
) -> None:
    for nth in range(1, 100):
        gateway = new_gateway(f"chat {nth}")
        if update:
            provisioning.apply(gateway)
            change_everything(gateway)
        with killed_at(gateway, nth, moment) as calls:
            try:
                provisioning.apply(gateway)
            except Killed:
                assert gateway.runs.latest("started_on").state == Run.State.INTERRUPTED
            else:
                break
        gateway = ApiGateway.objects.get(pk=gateway.pk)

        run = provisioning.apply(gateway)

        assert run.state == Run.State.DONE
        assert_as_wanted(aws, gateway)
        endpoints.control_client(gateway).delete_api(ApiId=gateway.api_id)
    assert nth == len(calls) + 1
