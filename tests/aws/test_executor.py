"""Operations, performed by the real boto3 in the emulator."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from botocore.awsrequest import AWSResponse
from hypothesis import HealthCheck, given, settings
from urllib3 import HTTPResponse

from apigw_ws.aws import domain_operations, executor, operations
from apigw_ws.aws.calls import Calls
from apigw_ws.aws.client import ClientConfig, client
from apigw_ws.aws.planner import plan
from apigw_ws.aws.reader import read
from apigw_ws.aws.spec import GatewaySpec
from apigw_ws.exceptions import AwsError
from tests.aws.values import gateway, route, specs
from tests.emulator.serving import Served


@pytest.fixture
def boto(emulator: Served) -> Any:
    return client(
        "apigatewayv2",
        ClientConfig(
            region=emulator.region,
            endpoint_url=emulator.url,
            access_key_id=emulator.access_key,
            secret_access_key=emulator.secret_key,
            attempts=1,
        ),
    )


@pytest.fixture
def spec(boto: Any) -> Iterator[GatewaySpec]:
    """A gateway of this test's own, removed afterwards."""
    spec = gateway(uid=str(uuid4()))
    yield spec
    snapshot = read(boto, uid=spec.uid, stage_name=spec.stage.name)
    if snapshot:
        boto.delete_api(ApiId=snapshot.api_id)


def apply(boto: Any, spec: GatewaySpec) -> list[operations.Operation]:
    snapshot = read(boto, uid=spec.uid, stage_name=spec.stage.name)
    calls = Calls(boto, snapshot.api_id if snapshot else "")
    return [done.operation for done in executor.run(plan(spec, snapshot), calls)]


def remaining(boto: Any, spec: GatewaySpec) -> tuple[operations.Operation, ...]:
    return plan(spec, read(boto, uid=spec.uid, stage_name=spec.stage.name))


def test_every_operation_describes_itself_and_can_be_performed() -> None:
    modules = (operations, domain_operations)
    kinds = {
        kind
        for module in modules
        for kind in vars(module).values()
        if operations.Operation in getattr(kind, "__bases__", ())
    }

    assert len(kinds) == 23
    for kind in kinds:
        assert executor.perform.dispatch(kind) is not executor.perform.dispatch(object), kind
        assert "describe" in vars(kind)


def test_an_operation_nobody_performs_is_an_error(boto: Any) -> None:
    with pytest.raises(NotImplementedError, match="str"):
        executor.perform("nonsense", Calls(boto))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "routes",
    [
        (route("$default"),),
        (route("$default", two_way=True), route("join", two_way=True)),
        (route("$connect", Origin="route.request.header.Origin"), route("$default", Stage="context.stage")),
        (route("$connect", url="https://new.example.com/"), route("leave")),
    ],
)
def test_from_one_spec_to_another_and_nothing_is_left_to_do(
    boto: Any, spec: GatewaySpec, routes: tuple[Any, ...]
) -> None:
    for wanted in (spec, replace(spec, routes=routes), replace(spec, tags={"team": "chat"}), spec):
        apply(boto, wanted)

        assert remaining(boto, wanted) == ()


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=specs, after=specs)
def test_from_any_spec_to_any_other_and_nothing_is_left_to_do(
    boto: Any, before: GatewaySpec, after: GatewaySpec
) -> None:
    uid = str(uuid4())
    for wanted in (replace(before, uid=uid), replace(after, uid=uid)):
        apply(boto, wanted)

        assert remaining(boto, wanted) == ()

    snapshot = read(boto, uid=uid, stage_name=after.stage.name)
    assert snapshot is not None
    boto.delete_api(ApiId=snapshot.api_id)


def test_what_an_operation_did_is_told_with_its_request_ids(boto: Any, spec: GatewaySpec) -> None:
    done = list(executor.run(plan(spec, None), Calls(boto)))

    assert [len(step.request_ids) for step in done] == [1, 2, 3, 2, 1, 1]


def test_a_route_that_calls_nothing_gets_an_integration(boto: Any, spec: GatewaySpec) -> None:
    apply(boto, spec)
    snapshot = read(boto, uid=spec.uid, stage_name=spec.stage.name)
    assert snapshot is not None
    state = snapshot.route("$connect")
    assert state is not None
    assert state.integration is not None
    boto.delete_route(ApiId=snapshot.api_id, RouteId=state.id)
    boto.delete_integration(ApiId=snapshot.api_id, IntegrationId=state.integration.id)
    boto.create_route(ApiId=snapshot.api_id, RouteKey="$connect")

    apply(boto, spec)

    assert remaining(boto, spec) == ()


def test_a_route_response_or_expression_that_somebody_took_away_is_restored(
    boto: Any, spec: GatewaySpec
) -> None:
    apply(boto, spec)
    snapshot = read(boto, uid=spec.uid, stage_name=spec.stage.name)
    assert snapshot is not None
    state = snapshot.route("$default")
    assert state is not None
    here = {"ApiId": snapshot.api_id, "RouteId": state.id}

    boto.update_route(**here, RouteResponseSelectionExpression="")
    assert [type(op) for op in apply(boto, spec)] == [operations.EnableReplies, operations.Deploy]
    boto.delete_route_response(**here, RouteResponseId=state.response_ids[0])
    assert [type(op) for op in apply(boto, spec)] == [operations.EnableReplies, operations.Deploy]

    assert remaining(boto, spec) == ()


def test_a_stage_that_was_changed_by_hand_is_changed_back(boto: Any, spec: GatewaySpec) -> None:
    apply(boto, spec)
    snapshot = read(boto, uid=spec.uid, stage_name=spec.stage.name)
    assert snapshot is not None
    boto.update_stage(
        ApiId=snapshot.api_id, StageName=spec.stage.name, Description="by hand", AutoDeploy=True
    )

    assert operations.UpdateStage in {type(op) for op in apply(boto, spec)}
    assert remaining(boto, spec) == ()


def test_an_integration_that_somebody_elses_route_calls_outlives_ours(boto: Any, spec: GatewaySpec) -> None:
    wanted = replace(spec, routes=(*spec.routes, route("join")))
    apply(boto, wanted)
    snapshot = read(boto, uid=spec.uid, stage_name=spec.stage.name)
    assert snapshot is not None
    ours = snapshot.route("join")
    assert ours is not None
    assert ours.integration is not None
    boto.create_route(ApiId=snapshot.api_id, RouteKey="theirs", Target=f"integrations/{ours.integration.id}")

    apply(boto, spec)

    assert {item["RouteKey"] for item in boto.get_routes(ApiId=snapshot.api_id)["Items"]} == {
        "$connect",
        "$default",
        "$disconnect",
        "theirs",
    }
    assert remaining(boto, spec) == ()


def test_removing_what_is_gone_already_is_no_error(boto: Any, spec: GatewaySpec) -> None:
    apply(boto, spec)
    snapshot = read(boto, uid=spec.uid, stage_name=spec.stage.name)
    assert snapshot is not None

    removal = operations.RemoveRoute(key="join", route_id="gone123", integration_id="gone456")

    assert len(list(executor.run([removal], Calls(boto, snapshot.api_id)))) == 1


def test_removing_what_is_in_use_is_an_error(boto: Any, spec: GatewaySpec) -> None:
    apply(boto, spec)
    snapshot = read(boto, uid=spec.uid, stage_name=spec.stage.name)
    assert snapshot is not None
    removal = operations.RemoveIntegration(integration_id=snapshot.integrations[0].id)

    with pytest.raises(AwsError, match="referenced by the following Routes") as caught:
        list(executor.run([removal], Calls(boto, snapshot.api_id)))

    assert caught.value.code == "ConflictException"


def answers(boto: Any, *statuses: str) -> Any:
    """Let the next deployment and the looks at it be answered with these statuses."""
    left = list(statuses)

    def answer(**_: Any) -> AWSResponse:
        said = {"deploymentId": "d1", "deploymentStatus": left.pop(0), "deploymentStatusMessage": "No luck"}
        body = HTTPResponse(io.BytesIO(json.dumps(said).encode()), preload_content=False)
        headers: Any = {"x-amzn-RequestId": f"r{len(left)}"}
        return AWSResponse("", 201, headers, body)

    for operation in ("CreateDeployment", "GetDeployment"):
        boto.meta.events.register(f"before-send.apigatewayv2.{operation}", answer, unique_id=operation)
    return answer


@pytest.fixture
def unhurried(boto: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    yield
    for operation in ("CreateDeployment", "GetDeployment"):
        boto.meta.events.unregister(f"before-send.apigatewayv2.{operation}", unique_id=operation)


def test_a_pending_deployment_is_waited_for(boto: Any, unhurried: None) -> None:
    answers(boto, "PENDING", "PENDING", "DEPLOYED")

    (done,) = executor.run([operations.Deploy(stage_name="test", digest="d")], Calls(boto, "a1"))

    assert len(done.request_ids) == 3


@pytest.mark.parametrize("statuses", [("FAILED",), ("PENDING", "FAILED"), ("PENDING",) * 31])
def test_a_deployment_that_does_not_succeed_is_an_error(
    boto: Any, unhurried: None, statuses: tuple[str, ...]
) -> None:
    answers(boto, *statuses)

    with pytest.raises(AwsError, match=r"did not finish the deployment: No luck\. Apply again") as caught:
        list(executor.run([operations.Deploy(stage_name="test", digest="d")], Calls(boto, "a1")))

    assert (caught.value.code, caught.value.request_id) == (statuses[-1], "r0")
