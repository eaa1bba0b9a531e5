from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given

from apigw_ws.aws import operations as ops
from apigw_ws.aws.planner import plan
from apigw_ws.aws.spec import (
    LEDGER_TAG,
    GatewaySpec,
    IntegrationState,
    RouteState,
    StageSpec,
    StageState,
    mark,
)
from apigw_ws.exceptions import OwnershipConflict
from tests.aws.values import HEADER, SECRET, applied, gateway, route, specs


def kinds(operations: tuple[ops.Operation, ...]) -> list[type[ops.Operation]]:
    return [type(operation) for operation in operations]


@given(specs)
def test_nothing_is_planned_for_what_is_there(spec: GatewaySpec) -> None:
    assert plan(spec, applied(spec)) == ()


@given(specs)
def test_everything_is_planned_for_an_empty_account_and_the_deployment_comes_last(spec: GatewaySpec) -> None:
    operations = plan(spec, None)

    assert kinds(operations) == [
        ops.CreateApi,
        *[ops.CreateRoute] * len(spec.routes),
        ops.CreateStage,
        ops.Deploy,
    ]


@given(specs, specs)
def test_a_plan_shows_no_secret(wanted: GatewaySpec, there: GatewaySpec) -> None:
    for operation in (*plan(wanted, None), *plan(wanted, applied(there))):
        assert SECRET not in repr(operation)
        assert SECRET not in operation.describe()


@given(specs, specs)
def test_what_is_not_ours_is_never_touched(wanted: GatewaySpec, there: GatewaySpec) -> None:
    foreign = IntegrationState(id="foreign-integration", url="https://other.example", description="by hand")
    unused = IntegrationState(id="foreign-unused", description="by hand")
    snapshot = applied(there)
    snapshot = replace(
        snapshot,
        tags={**snapshot.tags, "Cost Center": "7"},
        routes=(*snapshot.routes, RouteState(id="foreign-route", key="by.hand", integration=foreign)),
        integrations=(*snapshot.integrations, foreign, unused),
        stages=(*snapshot.stages, StageState(name="by-hand")),
    )

    planned = repr(plan(wanted, snapshot))

    assert "foreign" not in planned
    assert "by-hand" not in planned
    assert "Cost Center" not in planned


@given(specs, specs)
def test_a_change_of_routes_ends_with_one_deployment(wanted: GatewaySpec, there: GatewaySpec) -> None:
    operations = plan(wanted, replace(applied(there), live_digest=wanted.digest))
    routes = (ops.CreateRoute, ops.UpdateRoute, ops.RemoveRoute, ops.EnableReplies, ops.DisableReplies)
    changed = [index for index, operation in enumerate(operations) if isinstance(operation, routes)]
    deployments = [index for index, operation in enumerate(operations) if isinstance(operation, ops.Deploy)]

    assert len(deployments) <= 1
    if changed:
        assert deployments[0] > changed[-1]


def test_a_deployment_that_failed_after_the_routes_changed_is_planned_again() -> None:
    spec = gateway()

    assert kinds(plan(spec, replace(applied(spec), live_digest="that of before"))) == [ops.Deploy]


def test_one_changed_route_is_one_operation_and_a_deployment() -> None:
    spec = gateway(route("$connect"), route("$default"), route("join", url="https://new.example.com/"))
    before = gateway(route("$connect"), route("$default"), route("join"))

    update, deployment = plan(spec, applied(before))

    assert isinstance(update, ops.UpdateRoute)
    assert update.describe() == "Change the route “join”: URL."
    assert isinstance(deployment, ops.Deploy)


def test_a_mapping_that_is_no_longer_wanted_is_dropped_by_name() -> None:
    update, _deployment = plan(gateway(route("join")), applied(gateway(route("join", Stage="context.stage"))))

    assert isinstance(update, ops.UpdateRoute)
    assert update.dropped == (f"{HEADER}Stage",)
    assert update.changes == ("headers",)


def test_a_mapping_of_the_handshake_is_declared_on_the_route() -> None:
    spec = gateway(route("$connect", Origin="route.request.header.Origin"))
    snapshot = applied(spec)
    undeclared = replace(snapshot, routes=(replace(snapshot.routes[0], declared=frozenset()),))

    assert spec.routes[0].declared == {"route.request.header.Origin"}
    assert kinds(plan(spec, undeclared)) == [ops.UpdateRoute, ops.Deploy]


def test_a_route_that_is_no_longer_wanted_goes_with_its_integration() -> None:
    removal, _deployment = plan(gateway(route("a")), applied(gateway(route("a"), route("b"))))

    assert removal == ops.RemoveRoute(key="b", route_id="route1", integration_id="integration1")
    assert removal.destructive


def test_an_integration_that_somebody_elses_route_calls_as_well_stays() -> None:
    snapshot = applied(gateway(route("a"), route("b")))
    theirs = RouteState(id="theirs", key="by.hand", integration=snapshot.routes[1].integration)

    removal, _deployment = plan(gateway(route("a")), replace(snapshot, routes=(*snapshot.routes, theirs)))

    assert removal == ops.RemoveRoute(key="b", route_id="route1", integration_id="")


def test_an_integration_of_ours_that_no_route_calls_is_removed_without_a_deployment() -> None:
    spec = gateway()
    snapshot = applied(spec)
    orphan = IntegrationState(id="orphan", description=mark("join"))

    operations = plan(spec, replace(snapshot, integrations=(*snapshot.integrations, orphan)))

    assert operations == (ops.RemoveIntegration(integration_id="orphan"),)
    assert operations[0].describe() == "Remove the unused integration orphan that an earlier run left behind."


def test_a_route_that_somebody_else_made_is_a_conflict() -> None:
    spec = gateway(route("join"))
    snapshot = applied(spec)
    theirs = IntegrationState(id="x", url="https://other.example", description="by hand")
    snapshot = replace(snapshot, routes=(replace(snapshot.routes[0], integration=theirs),))

    with pytest.raises(OwnershipConflict, match=r"“join” exists in AWS and calls https://other\.example"):
        plan(spec, snapshot)


def test_a_route_that_calls_nothing_is_taken() -> None:
    spec = gateway(route("join"))
    snapshot = applied(spec)
    snapshot = replace(snapshot, integrations=(), routes=(replace(snapshot.routes[0], integration=None),))

    update, _deployment = plan(spec, snapshot)

    assert isinstance(update, ops.UpdateRoute)
    assert update.integration_id == ""


@pytest.mark.parametrize(
    ("expression", "response_ids", "expected"),
    [
        ("", (), ops.EnableReplies(key="join", route_id="route0", has_response=False)),
        ("", ("r1",), ops.EnableReplies(key="join", route_id="route0", has_response=True)),
        ("$default", (), ops.EnableReplies(key="join", route_id="route0", has_response=False)),
    ],
)
def test_replies_need_the_expression_and_the_response(
    expression: str, response_ids: tuple[str, ...], expected: ops.Operation
) -> None:
    spec = gateway(route("join", two_way=True))
    snapshot = applied(spec)
    state = replace(snapshot.routes[0], response_expression=expression, response_ids=response_ids)

    assert plan(spec, replace(snapshot, routes=(state,)))[0] == expected


def test_replies_are_taken_away_with_their_responses() -> None:
    snapshot = applied(gateway(route("join", two_way=True)))

    operations = plan(gateway(route("join")), snapshot)

    assert operations[0] == ops.DisableReplies(key="join", route_id="route0", response_ids=("response0",))


def test_the_tags_we_set_earlier_are_removed_and_nobody_elses() -> None:
    snapshot = applied(gateway(tags={"team": "chat", "cost center": "7"}))
    snapshot = replace(snapshot, tags={**snapshot.tags, "theirs": "1"})

    operations = plan(gateway(tags={"team": "games"}), snapshot)

    assert operations == (
        ops.RemoveTags(keys=("cost center",)),
        ops.SetTags(tags={"team": "games", LEDGER_TAG: "team"}),
    )


def test_the_ledger_goes_with_the_last_tag() -> None:
    (removal,) = plan(gateway(), applied(gateway(tags={"team": "chat"})))

    assert removal == ops.RemoveTags(keys=(LEDGER_TAG, "team"))


def test_a_renamed_stage_is_made_and_deployed_before_the_old_one_goes() -> None:
    spec = gateway(stage=StageSpec(name="test"))

    operations = plan(spec, replace(applied(gateway()), live_digest=""))

    assert kinds(operations) == [ops.CreateStage, ops.Deploy, ops.RemoveStage]
    assert operations[-1].destructive


def test_a_stage_that_deploys_by_itself_is_stopped() -> None:
    spec = gateway()
    snapshot = applied(spec)
    snapshot = replace(snapshot, stages=(replace(snapshot.stages[0], auto_deploy=True),))

    (update,) = plan(spec, snapshot)

    assert update == ops.UpdateStage(stage=spec.stage, changes=("auto deploy",))
    assert update.describe() == "Change the stage “production”: auto deploy."


def test_a_changed_selection_expression_is_deployed() -> None:
    spec = gateway()
    changed = replace(spec, api=replace(spec.api, route_selection_expression="$request.body.type"))

    update, deployment = plan(changed, applied(spec))

    assert update.describe() == "Change the API's route selection expression."
    assert isinstance(deployment, ops.Deploy)


def test_the_digest_names_what_is_live_whatever_the_order_of_the_routes() -> None:
    one, other = gateway(route("a"), route("b")), gateway(route("b"), route("a"))

    assert one.digest == other.digest
    assert one.digest != gateway(route("a"), route("b", two_way=True)).digest
    assert one.digest == replace(one, tags={"team": "chat"}, stage=StageSpec(name="test")).digest
