"""What waits for somebody: counted by the tables and by what was seen, never by AWS."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.core.cache import cache
from django.utils import timezone

from apigw_ws.models import ApiGateway, Broadcast, Refusal, Run
from apigw_ws.services import attention, doctor, observation
from apigw_ws.services.doctor import Level, memory
from apigw_ws.services.doctor.findings import Finding
from apigw_ws.services.glances import Glance
from apigw_ws.services.observation import Observation, Pending
from tests.app.factories import new_gateway

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_counted_before() -> None:
    cache.clear()


def ended(gateway: ApiGateway, state: str = "failed", *, hours: int = 1, **fields: Any) -> Run:
    run = Run.objects.create(gateway=gateway, state=state, finished_on=timezone.now(), **fields)
    Run.objects.filter(pk=run.pk).update(started_on=timezone.now() - dt.timedelta(hours=hours))
    return run


def refused(times: int, *, hours: float) -> None:
    row = Refusal.objects.create(guard="origin", phase="connect", status=403, reason="No.", times=times)
    Refusal.objects.filter(pk=row.pk).update(created_on=timezone.now() - dt.timedelta(hours=hours))


def seen(gateway: ApiGateway, *pending: Pending) -> None:
    """As the last look at AWS has found it."""
    found = Observation(
        seen_on=timezone.now(), pending=pending, digest="", deployment_id="d1", deployed_on=None
    )
    key = f"apigw_ws:glance:{observation.__name__}.observed:{gateway.pk}"
    cache.set(key, Glance(found=found, seen_on=found.seen_on))


def test_a_failed_run_waits_for_somebody_until_the_next_one_succeeds() -> None:
    chat, other = new_gateway(), new_gateway("other", api_id="def456")
    ended(chat), ended(chat, "interrupted"), ended(other, hours=25)

    assert attention.failed_runs() == 2

    ended(chat, "done")

    assert attention.failed_runs() == 0


def test_a_run_that_found_another_plan_left_aws_alone() -> None:
    ended(new_gateway(), error_code="PlanChanged")

    assert attention.failed_runs() == 0


def test_broadcasts_are_in_flight_until_they_are_over() -> None:
    for state in Broadcast.State:
        Broadcast.objects.create(payload="{}", state=state)

    assert attention.broadcasts_in_flight() == 4  # queued, sending, paused, being cancelled


def test_drift_is_what_was_seen_last() -> None:
    seen(new_gateway(deployment_id="d1"), Pending(sentence="Update route “a”.", destructive=False))
    seen(new_gateway("other", api_id="def456", deployment_id="d1"))

    assert attention.drifted_gateways() == 1


@pytest.mark.parametrize(
    ("in_hour", "day_before", "above"),
    [(10, 0, 0), (11, 0, 11), (40, 20 * 24, 0), (41, 20 * 24, 41)],
)
def test_refusals_count_where_they_are_far_more_than_usual(in_hour: int, day_before: int, above: int) -> None:
    refused(in_hour, hours=0.5)
    refused(day_before, hours=5)
    refused(100_000, hours=26)

    assert attention.refusals_above_normal() == above


def test_problems_are_those_that_the_doctor_found_last(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = Finding(key="dns", title="DNS", level=Level.RED, why="It leads nowhere.")
    monkeypatch.setattr(memory, "of_setup", lambda: [problem])
    gateway = new_gateway()
    memory.note(gateway, [problem, problem, Finding(key="a", title="A", level=Level.AMBER, why="So so.")])

    assert doctor.problems() == 3

    gateway.delete()

    assert doctor.problems() == 1


def test_counts_are_kept_for_a_while(django_assert_num_queries: Any) -> None:
    Broadcast.objects.create(payload="{}", state="sending")
    with django_assert_num_queries(1):
        assert attention.of("broadcasts_in_flight") == {"broadcasts_in_flight": 1}

    Broadcast.objects.all().delete()

    with django_assert_num_queries(0):
        assert attention.of("broadcasts_in_flight") == {"broadcasts_in_flight": 1}


def test_all_is_counted_in_few_queries(django_assert_max_num_queries: Any) -> None:
    for number in range(5):
        ended(new_gateway(f"ws{number}", api_id=f"api{number}"))

    with django_assert_max_num_queries(12):
        counts = attention.of(*attention.KINDS)

    assert counts["failed_runs"] == 5
