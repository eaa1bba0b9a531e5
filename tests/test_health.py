"""The health of a gateway: one rule, read from top to bottom."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.utils import timezone

from apigw_ws.models import ApiGateway, Run
from apigw_ws.services import glances, health, observation
from apigw_ws.services.glances import Glance
from apigw_ws.services.health import State
from apigw_ws.services.observation import Observation, Pending

pytestmark = pytest.mark.django_db

LATER = timedelta(minutes=5)


@pytest.fixture
def gateway() -> ApiGateway:
    """A gateway that serves a deployment, as far as we were told, and of which nothing else is known."""
    cache.clear()
    return ApiGateway.objects.create(api_name="chat", deployment_id="abc")


def see(gateway: ApiGateway, pending: int = 0, **fields: Any) -> None:
    operation = Pending(sentence="Create a route.", destructive=False)
    seen = Observation(
        **{
            "seen_on": timezone.now() + LATER,
            "pending": (operation,) * pending,
            "digest": "d",
            "deployment_id": "abc",
            "deployed_on": None,
        }
        | fields
    )
    cache.set(glances._key(gateway, observation.observed), Glance(found=seen))


def run(gateway: ApiGateway, state: Run.State, **fields: Any) -> Run:
    ended = {"finished_on": timezone.now()}
    return Run.objects.create(**{"gateway": gateway, "state": state} | ended | fields)


def healthy(gateway: ApiGateway) -> health.Health:
    (found,) = health.of([gateway])
    return found


def test_a_gateway_that_serves_nothing_was_never_applied(gateway: ApiGateway) -> None:
    gateway.deployment_id = ""

    assert healthy(gateway).state == State.NEVER_APPLIED


@pytest.mark.parametrize("state", [Run.State.FAILED, Run.State.INTERRUPTED])
def test_a_gateway_whose_last_run_broke_off_is_failing(gateway: ApiGateway, state: Run.State) -> None:
    gateway.deployment_id = ""
    run(gateway, Run.State.DONE)
    run(gateway, state, error_text="AWS refused.")

    found = healthy(gateway)

    assert found.state == State.FAILING
    assert ("AWS refused." in found.reason) == (state == Run.State.FAILED)


def test_a_failure_is_over_once_aws_was_found_in_order(gateway: ApiGateway) -> None:
    run(gateway, Run.State.FAILED)
    see(gateway, pending=1)
    assert healthy(gateway).state == State.FAILING

    see(gateway)
    assert healthy(gateway).state == State.HEALTHY


def test_what_differs_from_aws_needs_an_apply(gateway: ApiGateway) -> None:
    see(gateway, pending=2)

    found = healthy(gateway)

    assert (found.state, found.reason) == (State.NEEDS_APPLY, "2 operations are not applied yet.")


def test_nobody_knows_of_a_gateway_that_was_changed_since_it_was_seen(gateway: ApiGateway) -> None:
    assert healthy(gateway).state == State.UNKNOWN

    see(gateway, seen_on=gateway.updated_on - LATER)
    assert healthy(gateway).state == State.UNKNOWN


def test_what_was_just_applied_needs_no_look(gateway: ApiGateway) -> None:
    see(gateway, pending=3, seen_on=gateway.updated_on - LATER)
    run(gateway, Run.State.DONE)
    assert healthy(gateway).state == State.HEALTHY

    see(gateway, pending=3)
    assert healthy(gateway).state == State.NEEDS_APPLY


@pytest.mark.parametrize(
    "fields", [{"kind": Run.Kind.ROLLBACK}, {"state": Run.State.RUNNING, "finished_on": None}]
)
def test_only_a_finished_apply_says_that_nothing_is_left(gateway: ApiGateway, fields: dict[str, Any]) -> None:
    run(gateway, **{"state": Run.State.DONE} | fields)

    assert healthy(gateway).state == State.UNKNOWN


def test_each_gateway_has_its_own_health(gateway: ApiGateway, django_assert_num_queries: Any) -> None:
    other = ApiGateway.objects.create(api_name="other")
    run(gateway, Run.State.FAILED)
    see(gateway, pending=1)

    with django_assert_num_queries(2):
        states = [found.state for found in health.of([other, gateway])]

    assert states == [State.NEVER_APPLIED, State.FAILING]
    assert observation.last_seen([other])[0] is None


def test_a_run_that_found_another_plan_has_broken_nothing(gateway: ApiGateway) -> None:
    run(gateway, Run.State.DONE, finished_on=timezone.now() + LATER)
    run(gateway, Run.State.FAILED, error_code="PlanChanged")

    assert healthy(gateway).state == State.HEALTHY
