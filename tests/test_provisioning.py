"""Provisioning, from the record to what the real boto3 makes of it in the emulator."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Literal

import pytest
from django.db import connection
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
from apigw_ws.models import ApiGateway, Run, Step, WebSocketSession
from apigw_ws.services import endpoints, provisioning, runs, secrets, specs
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
    spec = specs.spec_for(gateway)
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
    def prepared(name: str) -> ApiGateway:
        gateway = new_gateway(name)
        if update:
            provisioning.apply(gateway)
            change_everything(gateway)
        return gateway

    whole = prepared("whole")
    with killed_at(whole, 0, moment) as calls:
        provisioning.apply(whole)
    # What AWS was told does not depend on the database: elsewhere a cut here and there shows what does.
    step = 1 if connection.vendor == "sqlite" else 8
    for nth, call in list(enumerate(calls, 1))[::step]:
        if moment == "after" and call.startswith("Get"):
            continue  # the same as before the next call
        gateway = prepared(f"cut {moment} {nth}. {call}")
        with killed_at(gateway, nth, moment), pytest.raises(Killed):
            provisioning.apply(gateway)
        assert gateway.runs.latest("pk").state == Run.State.INTERRUPTED
        gateway = ApiGateway.objects.get(pk=gateway.pk)

        assert provisioning.apply(gateway).state == Run.State.DONE

        assert_as_wanted(aws, gateway)
        endpoints.control_client(gateway).delete_api(ApiId=gateway.api_id)


def test_a_process_that_is_killed_is_finished_after_it_is_silent_for_long(aws: Served) -> None:
    gateway = new_gateway()
    with killed_at(gateway, 5, "after"), pytest.raises(Killed):
        provisioning.apply(gateway)
    # What a kill leaves: nobody ended the run.
    gateway.runs.update(state=Run.State.RUNNING, finished_on=None)

    with pytest.raises(
        RunInProgress, match="A command or task has been applying to the gateway “chat” since"
    ):
        provisioning.apply(gateway)
    gateway.runs.update(heartbeat_on=timezone.now() - timedelta(minutes=5))
    run = provisioning.apply(gateway)

    assert [run.state for run in gateway.runs.order_by("pk")] == [Run.State.INTERRUPTED, Run.State.DONE]
    assert run.steps.exists()
    assert_as_wanted(aws, gateway)


def test_a_run_says_whose_it_is(aws: Served, django_user_model: Any) -> None:
    gateway = new_gateway()
    user = django_user_model.objects.create(username="Grace")

    with runs.running(gateway, user), pytest.raises(RunInProgress, match="Grace has been applying"):
        provisioning.apply(gateway)


def test_a_run_that_was_taken_over_stops_before_its_next_operation(aws: Served) -> None:
    gateway = new_gateway()

    with pytest.raises(RunInProgress, match="taken over"):
        provisioning.apply(
            gateway, on_step=lambda step: gateway.runs.update(finished_on=timezone.now()) and None
        )

    assert Step.objects.count() == 1


def test_an_operator_can_release_a_gateway_whose_process_is_dead(aws: Served) -> None:
    gateway = new_gateway()
    Run.objects.create(gateway=gateway)

    assert runs.interrupt(gateway) == 1
    assert runs.interrupt(gateway) == 0
    assert provisioning.apply(gateway).state == Run.State.DONE


def test_only_the_plan_that_was_seen_is_applied(aws: Served) -> None:
    gateway = new_gateway()
    seen = provisioning.preview(gateway)
    gateway.api_description = "changed in the meantime"

    with pytest.raises(PlanChanged, match="Look at the new plan"):
        provisioning.apply(gateway, seen=seen.digest)

    assert tagged_apis(aws, gateway) == []
    assert gateway.runs.get().state == Run.State.FAILED
    assert provisioning.apply(gateway, seen=provisioning.preview(gateway).digest).state == Run.State.DONE


def test_a_rotated_secret_is_another_plan(aws: Served) -> None:
    gateway = new_gateway()
    seen = provisioning.preview(gateway)
    gateway.secret_version = 2

    assert provisioning.preview(gateway).digest != seen.digest
    assert describe(provisioning.preview(gateway).operations) == describe(seen.operations)


def test_a_preview_changes_nothing(aws: Served) -> None:
    gateway = new_gateway()

    plan = provisioning.preview(gateway)

    assert describe(plan.operations) == [
        "Create the WebSocket API “chat”.",
        f"Create the route “$connect”, which calls {BASE}connect.",
        f"Create the route “$default”, which calls {BASE}default.",
        f"Create the route “$disconnect”, which calls {BASE}disconnect.",
        f"Create the route “join”, which calls {BASE}join.",
        "Create the stage “production”.",
        "Deploy to the stage “production”, which makes the routes live.",
    ]
    assert tagged_apis(aws, gateway) == []
    assert not Run.objects.exists()


def test_a_failure_is_on_the_run_and_on_its_step(aws: Served) -> None:
    gateway = new_gateway()
    aws.fault("apigateway:CreateRoute", "error", nth=2, status=500)

    with pytest.raises(AwsError, match="AWS refused CreateRoute"):
        provisioning.apply(gateway)

    run = gateway.runs.get()
    last = run.steps.last()
    assert (run.state, run.planned) == (Run.State.FAILED, 7)
    assert run.finished_on is not None
    assert last is not None
    assert (last.position, last.operation, last.finished_on) == (3, "CreateRoute", None)
    assert last.error_text == run.error_text
    assert last.error_code == run.error_code != ""
    assert last.request_ids


def test_a_deployment_that_is_throttled_is_made_by_the_next_run(
    aws: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway = new_gateway()
    provisioning.apply(gateway)
    gateway.target_base_endpoint = "https://new.example.com/ws/"
    aws.fault("apigateway:CreateDeployment", "throttle", times=None)
    monkeypatch.setattr("time.sleep", lambda seconds: None)

    with pytest.raises(Throttled):
        provisioning.apply(gateway)
    assert live(aws, gateway)["$connect"]["IntegrationUri"] == f"{BASE}connect"
    aws.backstage("DELETE", "faults")
    run = provisioning.apply(gateway)

    assert [step.operation for step in run.steps.all()] == ["Deploy"]
    assert_as_wanted(aws, gateway)


def test_an_api_that_somebody_deleted_is_made_again(aws: Served) -> None:
    gateway = new_gateway()
    provisioning.apply(gateway)
    first = gateway.api_id
    aws.client("apigatewayv2").delete_api(ApiId=first)

    provisioning.apply(gateway)

    assert gateway.api_id != first
    assert_as_wanted(aws, gateway)


def test_a_record_that_forgot_its_api_finds_it_by_the_tag(aws: Served) -> None:
    gateway = new_gateway()
    provisioning.apply(gateway)
    first = gateway.api_id
    gateway.api_id = ""

    run = provisioning.apply(gateway)

    assert (gateway.api_id, run.planned) == (first, 0)


def test_an_api_that_cannot_be_read_is_not_taken_for_missing(aws: Served) -> None:
    gateway = new_gateway(api_id="abcde12345")
    aws.fault("apigateway:GetApi", "error", status=403, times=None)

    with pytest.raises(AwsError, match="GetApi"):
        provisioning.preview(gateway)


def test_somebody_elses_api_is_not_touched(aws: Served) -> None:
    theirs = aws.client("apigatewayv2").create_api(
        Name="theirs", ProtocolType="WEBSOCKET", RouteSelectionExpression="$request.body.action"
    )
    gateway = new_gateway(api_id=theirs["ApiId"])

    with pytest.raises(OwnershipConflict, match=f"The API {theirs['ApiId']} exists in AWS but was not made"):
        provisioning.preview(gateway)


def test_two_apis_with_our_tag_are_for_a_person_to_sort_out(aws: Served) -> None:
    gateway = new_gateway()
    for _copy in range(2):
        aws.client("apigatewayv2").create_api(
            Name="copy",
            ProtocolType="WEBSOCKET",
            RouteSelectionExpression="$request.body.action",
            Tags={"apigw-ws:uid": str(gateway.uid)},
        )

    with pytest.raises(OwnershipConflict, match="Several APIs carry the tag"):
        provisioning.preview(gateway)


def test_what_others_added_to_our_api_stays(aws: Served) -> None:
    gateway = new_gateway()
    provisioning.apply(gateway)
    client = aws.client("apigatewayv2")
    api = {"ApiId": gateway.api_id}
    theirs = client.create_integration(**api, IntegrationType="MOCK", Description="by hand")["IntegrationId"]
    client.create_route(**api, RouteKey="theirs", Target=f"integrations/{theirs}")
    client.create_stage(**api, StageName="theirs")
    arn = f"arn:aws:apigateway:{aws.region}::/apis/{gateway.api_id}"
    client.tag_resource(ResourceArn=arn, Tags={"cost": "7"})
    change_everything(gateway)

    provisioning.apply(gateway)

    assert "theirs" in {route["RouteKey"] for route in client.get_routes(**api)["Items"]}
    assert theirs in {item["IntegrationId"] for item in client.get_integrations(**api)["Items"]}
    assert "theirs" in {stage["StageName"] for stage in client.get_stages(**api)["Items"]}
    assert client.get_api(**api)["Tags"]["cost"] == "7"
    assert provisioning.preview(gateway).operations == ()


def test_a_stage_that_is_renamed_is_used_under_its_old_name_until_the_new_one_is_live(
    aws: Served,
) -> None:
    gateway = new_gateway()
    provisioning.apply(gateway)
    gateway.stage_name = "live"

    assert gateway.client_url.endswith("/production")
    aws.fault("apigateway:CreateDeployment", "error", status=500)
    with pytest.raises(AwsError):
        provisioning.apply(gateway)
    assert endpoints.management_url(gateway).endswith("/production")
    before, now = (
        WebSocketSession.objects.create(connection_id=f"{stage}=", api_gateway=gateway, stage_name=stage)
        for stage in ("production", "live")
    )
    provisioning.apply(gateway)
    assert gateway.client_url.endswith("/live")
    assert list(WebSocketSession.objects.filter(connected=True)) == [now]
    before.refresh_from_db()
    assert before.close_reason == "Stage removed"


def test_a_setting_of_the_stage_is_brought_to_aws_and_read_back(aws: Served) -> None:
    gateway = new_gateway()
    provisioning.apply(gateway)
    gateway.throttling_rate_limit, gateway.throttling_burst_limit = 100.0, 50
    gateway.access_log_destination_arn = "arn:aws:logs:us-east-1:123456789012:log-group:chat:*"
    gateway.stage_variables = {"colour": "red"}

    run = provisioning.apply(gateway)

    assert [step.description for step in run.steps.all()] == [
        "Change the stage “production”: throttling rate limit, throttling burst limit, "
        "access log destination arn, access log format, variables."
    ]
    assert provisioning.preview(gateway).operations == ()
    snapshot = provisioning.read(gateway)
    stage = snapshot.stage("production") if snapshot else None
    assert stage is not None
    assert stage.access_log_destination_arn.endswith(":chat")
    assert "$context.requestId" in stage.access_log_format


def test_a_route_has_the_gateways_timeout_or_its_own(aws: Served) -> None:
    gateway = new_gateway(integration_timeout=5_000)
    gateway.additional_routes.update(integration_timeout=20_000)

    provisioning.apply(gateway)

    timeouts = {key: integration["TimeoutInMillis"] for key, integration in live(aws, gateway).items()}
    assert timeouts == {"$connect": 5_000, "$default": 5_000, "$disconnect": 5_000, "join": 20_000}


def test_a_route_that_is_switched_off_leaves_aws_and_comes_back(aws: Served) -> None:
    gateway = new_gateway()
    provisioning.apply(gateway)

    gateway.additional_routes.update(enabled=False)
    provisioning.apply(gateway)
    assert "join" not in live(aws, gateway)
    assert not gateway.additional_routes.get().deployed

    gateway.additional_routes.update(enabled=True)
    provisioning.apply(gateway)
    assert_as_wanted(aws, gateway)


def test_two_routes_with_one_key_are_named(aws: Served) -> None:
    gateway = new_gateway(route_key="join")

    with pytest.raises(ConfigurationError, match=r"has 2 routes with the key “join”\. Give each its own"):
        provisioning.preview(gateway)


def test_a_gateway_without_a_target_says_what_to_enter(aws: Served) -> None:
    gateway = ApiGateway.objects.create(api_name="new")

    with pytest.raises(ConfigurationError, match=r"“new” has no target base URL\. Enter where"):
        provisioning.preview(gateway)


@pytest.mark.django_db(transaction=True)
def test_two_who_apply_at_once_make_one_api(aws: Served) -> None:
    if connection.vendor == "sqlite":
        pytest.skip("SQLite's database in memory has one writer")
    gateway = new_gateway()
    outcomes: list[type[Exception] | None] = []

    def apply() -> None:
        try:
            provisioning.apply(ApiGateway.objects.get(pk=gateway.pk))
            outcomes.append(None)
        except RunInProgress as error:
            outcomes.append(type(error))
        finally:
            connection.close()

    threads = [threading.Thread(target=apply) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    gateway.refresh_from_db()
    assert None in outcomes
    assert_as_wanted(aws, gateway)
