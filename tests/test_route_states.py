"""How routes stand: each case of the rule, with the real boto3 and somebody at AWS's own console."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apigw_ws.emulator.faults import Fault
from apigw_ws.exceptions import AwsError
from apigw_ws.models import ApiGateway, Run
from apigw_ws.services import deployments, observation, provisioning, route_states, runs, teardown
from tests.emulator.serving import Served
from tests.test_drift import InAws
from tests.test_provisioning import BASE, new_gateway

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_seen_before() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def gateway(aws: Served) -> ApiGateway:
    made = new_gateway()
    made.additional_routes.create(name="say", route_key="say", integration_url=f"{BASE}say")
    provisioning.apply(made)
    return made


@pytest.fixture
def console(aws: Served, gateway: ApiGateway) -> InAws:
    return InAws(aws, gateway)


@pytest.fixture
def fail(aws: Served) -> Callable[..., None]:
    """Apply the gateway with an emulator that refuses an operation."""

    def applied(gateway: ApiGateway, operation: str, **how: object) -> None:
        assert aws.emulator is not None
        aws.emulator.faults.add(Fault(operation=f"apigateway:{operation}", effect="error", status=400, **how))  # type: ignore[arg-type]
        with suppress(AwsError):
            provisioning.apply(gateway)
        aws.emulator.faults.clear()

    return applied


def fresh(gateway: ApiGateway) -> ApiGateway:
    return ApiGateway.objects.get(pk=gateway.pk)


def known(gateway: ApiGateway) -> dict[str, str]:
    """The routes that are not in sync, without a look at AWS."""
    return not_in_sync(route_states.states(fresh(gateway)))


def looked(gateway: ApiGateway) -> dict[str, str]:
    """The same, with a look at AWS."""
    made = fresh(gateway)
    (sight,) = observation.observe([made], budget=20)
    assert sight.problem is None
    return not_in_sync(route_states.states(made, sight.observation))


def not_in_sync(found: dict[str, route_states.Standing]) -> dict[str, str]:
    return {key: f"{each.state}: {each.reason}" for key, each in found.items() if each.state != "in_sync"}


def test_what_was_applied_is_in_sync_with_and_without_a_look(gateway: ApiGateway) -> None:
    assert known(gateway) == looked(gateway) == {}
    assert list(route_states.states(gateway)) == ["$connect", "$default", "$disconnect", "join", "say"]


def test_before_the_first_apply_everything_is_pending(aws: Served) -> None:
    made = new_gateway()

    assert (
        known(made)
        == looked(made)
        == dict.fromkeys(("$connect", "$default", "$disconnect", "join"), "pending: Not live yet.")
    )


def test_what_was_changed_on_the_record_is_pending(gateway: ApiGateway) -> None:
    gateway.additional_routes.create(name="new", route_key="new", integration_url=f"{BASE}new")
    gateway.additional_routes.filter(route_key="join").update(integration_url=f"{BASE}moved", two_way=False)
    gateway.additional_routes.filter(route_key="say").update(enabled=False)

    expected = {
        "join": "pending: Changed, but not live yet: URL, two-way, headers.",
        "say": "pending: Switched off, but still live.",
        "new": "pending: Not live yet.",
    }
    assert known(gateway) == looked(gateway) == expected


def test_a_deleted_route_is_pending_until_it_is_gone(gateway: ApiGateway) -> None:
    gateway.additional_routes.filter(route_key="say").delete()

    assert known(gateway) == looked(gateway) == {"say": "pending: Deleted, but still live."}
    assert route_states.states(gateway)["say"].facts is None
    provisioning.apply(gateway)
    assert "say" not in route_states.states(gateway)


def test_a_route_that_is_switched_off_and_gone_is_in_sync(gateway: ApiGateway) -> None:
    gateway.additional_routes.filter(route_key="say").update(enabled=False)
    provisioning.apply(gateway)

    assert looked(gateway) == {}
    assert route_states.states(gateway)["say"].reason == "Switched off, and not in AWS."


def test_the_timeout_of_the_gateway_is_that_of_its_routes(gateway: ApiGateway) -> None:
    ApiGateway.objects.update(integration_timeout=5000)

    assert known(gateway)["join"] == "pending: Changed, but not live yet: timeout."


def test_what_somebody_changed_in_aws_is_drift(gateway: ApiGateway, console: InAws) -> None:
    console.change_integration("join", IntegrationUri=f"{BASE}other", TimeoutInMillis=5000)
    console.delete_route(RouteId=console.route("say")["RouteId"])
    console.stop_replies("$default")

    assert known(gateway) == {}
    assert looked(gateway) == {
        "join": "drift: Changed in AWS: URL, timeout.",
        "say": "drift: It is gone in AWS.",
        "$default": "drift: Changed in AWS: two-way.",
    }


def test_drift_and_pending_are_told_apart(gateway: ApiGateway, console: InAws) -> None:
    """One route was changed here, one there, one on both sides."""
    for key in ("both", "there"):
        gateway.additional_routes.create(name=key, route_key=key, integration_url=f"{BASE}{key}")
    provisioning.apply(gateway)
    for key in ("both", "there"):
        console.change_integration(key, IntegrationUri=f"{BASE}theirs")
    gateway.additional_routes.filter(route_key__in=["join", "both"]).update(integration_url=f"{BASE}ours")

    assert looked(gateway) == {
        "both": "drift: Changed in AWS: URL.",
        "there": "drift: Changed in AWS: URL.",
        "join": "pending: Changed, but not live yet: URL.",
    }


def test_a_route_that_was_not_made_here_is_nobodys_drift(gateway: ApiGateway, console: InAws) -> None:
    console.create_route(RouteKey="theirs")
    gateway.additional_routes.create(
        name="off", route_key="theirs", integration_url=f"{BASE}off", enabled=False
    )

    assert looked(gateway) == {}


def test_a_stage_that_somebody_pointed_elsewhere_is_drift(gateway: ApiGateway, console: InAws) -> None:
    before = gateway.deployment_id
    gateway.additional_routes.filter(route_key="join").update(integration_url=f"{BASE}second")
    provisioning.apply(gateway)
    console.update_stage(StageName="production", DeploymentId=before)

    assert looked(gateway) == {"join": "drift: AWS serves another deployment than we made live."}

    console.create_deployment(StageName="production")
    assert set(looked(gateway)) == {"$connect", "$default", "$disconnect", "join", "say"}


def test_a_stage_that_gets_another_name_leaves_the_routes_in_sync(gateway: ApiGateway) -> None:
    ApiGateway.objects.update(stage_name="renamed")

    assert known(gateway) == looked(gateway) == {}


def test_an_api_that_somebody_removed_is_drift(gateway: ApiGateway, console: InAws) -> None:
    console.delete_api()

    assert set(looked(gateway).values()) == {"drift: It is gone in AWS."}


def test_after_a_rollback_the_record_is_ahead(gateway: ApiGateway) -> None:
    before = gateway.deployment_id
    gateway.additional_routes.filter(route_key="join").update(integration_url=f"{BASE}second")
    provisioning.apply(gateway)
    deployments.rollback(gateway, before)

    assert known(gateway) == looked(gateway) == {"join": "pending: Changed, but not live yet: URL."}


def test_the_route_at_which_a_run_failed_says_why(gateway: ApiGateway, fail: Callable[..., None]) -> None:
    gateway.additional_routes.update(integration_url=f"{BASE}moved")

    fail(gateway, "UpdateIntegration", nth=2)

    found = looked(gateway)
    assert found == known(gateway)
    assert found["say"].startswith("failed: AWS refused UpdateIntegration")
    assert "request ID" in found["say"]
    assert found["join"] == "pending: Changed, but not live yet: URL."
    provisioning.apply(gateway)
    assert looked(gateway) == {}


def test_what_a_failed_run_has_changed_in_aws_is_no_drift(
    gateway: ApiGateway, fail: Callable[..., None]
) -> None:
    gateway.additional_routes.filter(route_key="join").update(integration_url=f"{BASE}second")
    fail(gateway, "CreateDeployment")
    gateway.additional_routes.filter(route_key="join").update(integration_url=f"{BASE}third")

    assert looked(gateway) == {"join": "pending: Changed, but not live yet: URL."}


def test_drift_that_a_run_failed_to_undo_is_not_in_sync(
    gateway: ApiGateway, console: InAws, fail: Callable[..., None]
) -> None:
    console.change_integration("join", IntegrationUri=f"{BASE}other")
    fail(gateway, "UpdateIntegration")
    assert looked(gateway)["join"].startswith("failed: AWS refused UpdateIntegration")

    fail(gateway, "GetApi", times=None)

    reason = "Live as the record says, but a run has left something else in AWS that is not live."
    assert looked(gateway) == {"join": f"pending: {reason}"}


def test_a_failure_that_was_undone_on_the_record_is_none(
    gateway: ApiGateway, fail: Callable[..., None]
) -> None:
    gateway.additional_routes.create(name="new", route_key="new", integration_url=f"{BASE}new")
    fail(gateway, "CreateIntegration")
    assert known(gateway)["new"].startswith("failed: AWS refused CreateIntegration")

    gateway.additional_routes.filter(route_key="new").delete()

    assert known(gateway) == {}


def test_while_a_run_is_at_work_what_it_has_to_do_is_being_applied(gateway: ApiGateway) -> None:
    gateway.additional_routes.update(integration_url=f"{BASE}moved")
    said: list[dict[str, str]] = []

    provisioning.apply(gateway, on_step=lambda step: said.append(known(gateway)))

    assert said[0] == {
        "join": "applying: Changed in AWS; live once the run has deployed.",
        "say": "applying: A run is at work.",
    }
    assert known(gateway) == {}


def test_a_run_that_was_cut_off_after_its_deployment_left_the_routes_in_sync(gateway: ApiGateway) -> None:
    gateway.deployed_snapshots.all().delete()

    assert known(gateway)["join"] == "pending: What is live was not deployed from here."
    assert looked(gateway) == {}


def test_a_look_from_before_the_last_run_says_nothing(gateway: ApiGateway, console: InAws) -> None:
    console.change_integration("join", IntegrationUri=f"{BASE}other")
    assert looked(gateway)
    (seen,) = observation.last_seen([gateway])
    provisioning.apply(gateway)

    assert not_in_sync(route_states.states(fresh(gateway), seen)) == {}


def test_a_gateway_that_was_torn_down_is_not_drift(gateway: ApiGateway) -> None:
    teardown.run(gateway, confirmed_name=gateway.api_name)

    assert set(looked(gateway).values()) == {"pending: Not live yet."}


def test_a_save_deploys_where_the_routes_would_differ_from_what_is_live(gateway: ApiGateway) -> None:
    routes = list(gateway.additional_routes.all())
    assert not route_states.deploys(gateway, routes)
    routes[0].name = "another"
    assert not route_states.deploys(gateway, routes)
    routes[0].integration_url = f"{BASE}moved"
    assert route_states.deploys(gateway, routes)
    assert route_states.deploys(new_gateway("new"), [])


def test_the_queries_do_not_grow_with_the_routes(gateway: ApiGateway) -> None:
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            route_states.states(gateway)
        return len(captured)

    few = queries()
    gateway.additional_routes.bulk_create(
        type(gateway.additional_routes.first())(  # type: ignore[misc]
            api_gateway=gateway, name=str(n), route_key=str(n), integration_url=f"{BASE}{n}"
        )
        for n in range(50)
    )

    assert queries() == few <= 5


def test_an_interrupted_run_leaves_what_it_did_not_do_pending(gateway: ApiGateway) -> None:
    gateway.additional_routes.update(integration_url=f"{BASE}moved")
    with suppress(KeyboardInterrupt), runs.running(gateway, None):
        raise KeyboardInterrupt

    assert Run.objects.latest("pk").state == "interrupted"
    assert known(gateway)["join"] == "pending: Changed, but not live yet: URL."
