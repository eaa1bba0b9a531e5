"""The traffic of gateways: what is asked of CloudWatch, how often, and what is made of the answer."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.cache import cache

from apigw_ws.aws import monitoring
from apigw_ws.aws.client import client
from apigw_ws.aws.monitoring import Query
from apigw_ws.emulator.faults import Fault
from apigw_ws.exceptions import AwsError, AwsUnreachable
from apigw_ws.models import ApiGateway
from apigw_ws.services import endpoints, glances, metrics, policies
from apigw_ws.services.glances import TooSlow
from apigw_ws.services.metrics import SPANS, Traffic, errors_last_hour, traffic
from tests.emulator.serving import Served
from tests.traffic import counted

HOUR, DAY, WEEK = SPANS.values()


@pytest.fixture(autouse=True)
def nothing_seen_before() -> None:
    cache.clear()


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine is busy with other tests."""
    for module in (glances, metrics):
        monkeypatch.setattr(module, "BUDGET", 20.0)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many queries each reading of CloudWatch had."""
    read, counts = monitoring.read, []

    def noted(client: Any, queries: Any, **times: Any) -> Any:
        counts.append(len(queries))
        return read(client, queries, **times)

    monkeypatch.setattr(monitoring, "read", noted)
    return counts


def gateway(**fields: Any) -> ApiGateway:
    """A gateway that is in AWS, as far as its record says; it is not saved."""
    made = {"pk": uuid4().int % 10**9, "api_id": uuid4().hex[:10], "deployment_id": "d"} | fields
    return ApiGateway(api_name=f"gateway {made['pk']}", **made)


@pytest.fixture
def chat(aws: Served) -> ApiGateway:
    return gateway()


def found(gateway: ApiGateway, span: Any = HOUR) -> Traffic:
    seen = traffic(gateway, span)
    assert seen.problem is None
    assert seen.found is not None
    return seen.found


def values(traffic: Traffic, metric: str, statistic: str = "Sum") -> tuple[float | None, ...]:
    return next(s.values for s in traffic.series if (s.metric, s.statistic) == (metric, statistic))


def forbid(aws: Served, **how: Any) -> None:
    fault: dict[str, Any] = {
        "operation": "monitoring:*",
        "effect": "error",
        "status": 403,
        "times": None,
    } | how
    assert aws.emulator is not None
    aws.emulator.faults.add(Fault(**fault))


def test_the_six_metrics_come_with_one_question(chat: ApiGateway, aws: Served, asked: list[int]) -> None:
    counted(aws, chat.api_id, metrics.MESSAGES, minutes_ago=5, times=3)

    seen = found(chat)

    assert asked == [7]
    assert {series.metric for series in seen.series} == {
        "ConnectCount",
        "MessageCount",
        "IntegrationError",
        "ClientError",
        "ExecutionError",
        "IntegrationLatency",
    }
    assert sum(filter(None, values(seen, metrics.MESSAGES))) == 3
    assert not seen.silent


@pytest.mark.parametrize(("span", "steps"), [(HOUR, 60), (DAY, 96), (WEEK, 84)])
def test_a_span_ends_with_the_step_that_is_not_over_yet(chat: ApiGateway, span: Any, steps: int) -> None:
    seen = found(chat, span)

    assert len(seen.moments) == steps == len(values(seen, metrics.CONNECTS))
    assert seen.moments[-1] <= datetime.now(UTC) < seen.moments[-1] + timedelta(seconds=span.period * 2)
    assert all(moment.timestamp() % span.period == 0 for moment in seen.moments)


def test_no_count_is_none_happened_and_no_latency_is_a_gap(chat: ApiGateway, aws: Served) -> None:
    counted(aws, chat.api_id, metrics.LATENCY, minutes_ago=30, value=12.5)

    seen = found(chat)

    assert set(values(seen, metrics.CONNECTS)[:-5]) == {0.0}
    assert sorted(values(seen, metrics.LATENCY, "p95"), key=lambda value: value or 0)[-2:] == [None, 12.5]


def test_what_cloudwatch_has_not_counted_yet_is_not_known(chat: ApiGateway, aws: Served) -> None:
    counted(aws, chat.api_id, metrics.CONNECTS)

    *_before, one, two, three, now = values(found(chat), metrics.CONNECTS)

    assert (one, two, three) == (None, None, None)
    assert now == 1


def test_a_gateway_without_traffic_is_silent(chat: ApiGateway) -> None:
    assert found(chat).silent


@pytest.mark.parametrize(("span", "peak"), [(HOUR, 2), (DAY, 2), (WEEK, 0.4)])
def test_the_most_connects_are_looked_for_in_small_steps(
    chat: ApiGateway, aws: Served, asked: list[int], span: Any, peak: float
) -> None:
    counted(aws, chat.api_id, metrics.CONNECTS, minutes_ago=30, value=120)
    counted(aws, chat.api_id, metrics.CONNECTS, minutes_ago=45, value=60)

    assert found(chat, span).peak == peak
    assert asked == [7 if span is HOUR else 8]


def test_everybody_who_looks_again_gets_the_same_answer(chat: ApiGateway, asked: list[int]) -> None:
    first = found(chat)

    assert found(chat) == first
    assert asked == [7]
    found(chat, DAY)
    assert asked == [7, 8]


def test_ten_people_at_once_ask_one_question(chat: ApiGateway, aws: Served, asked: list[int]) -> None:
    forbid(aws, effect="delay", seconds=0.3)
    seen: list[Any] = []
    people = [threading.Thread(target=lambda: seen.append(traffic(chat, HOUR))) for _ in range(10)]
    for person in people:
        person.start()
    for person in people:
        person.join()

    assert asked == [7]
    assert [glance.problem for glance in seen] == [None] * 10


#: What was seen is old at once.
FLEETING = replace(HOUR, fresh=0)


def test_who_waits_for_somebody_elses_look_does_not_wait_for_ever(
    chat: ApiGateway, asked: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = found(chat, FLEETING)
    cache.set(f"apigw_ws:traffic:{chat.pk}:{chat.api_id}:production:1h:asked", True)
    monkeypatch.setattr(metrics, "BUDGET", 0.1)

    seen = traffic(chat, HOUR)

    assert isinstance(seen.problem, AwsUnreachable)
    assert seen.found == before
    assert asked == [7]


@pytest.mark.parametrize("how", [{}, {"effect": "reset"}, {"status": 503}])
def test_aws_that_fails_leaves_what_was_seen_last(chat: ApiGateway, aws: Served, how: Any) -> None:
    before = traffic(chat, FLEETING)
    forbid(aws, **how)

    seen = traffic(chat, HOUR)

    assert isinstance(seen.problem, AwsError)
    assert seen.found == before.found
    assert seen.seen_on is not None


def test_an_answer_that_comes_late_is_there_for_the_next(
    chat: ApiGateway, aws: Served, asked: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    forbid(aws, effect="delay", seconds=0.3)
    monkeypatch.setattr(glances, "BUDGET", 0.1)
    assert isinstance(traffic(chat, HOUR).problem, TooSlow)

    time.sleep(0.5)

    assert found(chat)
    assert asked == [7]


def test_a_failure_is_told_to_all_for_a_while_with_its_code(
    chat: ApiGateway, aws: Served, asked: list[int]
) -> None:
    forbid(aws)

    problems = [traffic(chat, HOUR).problem for _ in range(3)]

    assert asked == [7]
    for problem in problems:
        assert isinstance(problem, AwsError)
        assert (problem.status, problem.operation) == (403, "GetMetricData")
        assert "GetMetricData" in str(problem)
    assert traffic(chat, HOUR).found is None


def test_a_bug_leaves_nobody_waiting(chat: ApiGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> Any:
        raise ZeroDivisionError

    with monkeypatch.context() as patched, pytest.raises(ZeroDivisionError):
        patched.setattr(monitoring, "read", broken)
        traffic(chat, HOUR)

    assert found(chat)


def test_the_iam_policy_has_what_is_asked(chat: ApiGateway) -> None:
    calls: list[str] = []
    events = client("cloudwatch", endpoints.config_for(chat)).meta.events
    events.register("before-call.cloudwatch", lambda model, **_: calls.append(f"cloudwatch:{model.name}"))

    monitoring.read(
        client("cloudwatch", endpoints.config_for(chat)),
        [Query(api_id="x", stage_name="x", metric=metrics.MESSAGES, statistic="Sum", period=60)],
        start=datetime.now(UTC) - timedelta(hours=1),
        end=datetime.now(UTC),
    )

    (monitor,) = (s for s in policies.for_gateway(chat)["Statement"] if s["Sid"] == "Monitor")
    assert set(calls) == set(monitor["Action"])


def test_the_errors_of_all_gateways_are_one_question(aws: Served, asked: list[int]) -> None:
    quiet, broken, new = gateway(), gateway(), gateway(api_id="")
    for metric in metrics.ERRORS:
        counted(aws, broken.api_id, metric, minutes_ago=50, times=2)
    counted(aws, broken.api_id, "ClientError", minutes_ago=70)
    counted(aws, quiet.api_id, metrics.MESSAGES)

    for _ in range(2):
        assert errors_last_hour([quiet, broken, new]) == {quiet.pk: 0, broken.pk: 6, new.pk: None}
    assert asked == [6]


def test_regions_are_asked_apart_and_one_that_fails_leaves_the_others(aws: Served, asked: list[int]) -> None:
    here, elsewhere, nowhere = gateway(), gateway(region="eu-west-1"), gateway(endpoint_url="nowhere")

    counts = errors_last_hour([here, elsewhere, nowhere])

    # The emulator takes signatures for its own region only.
    assert counts == {here.pk: 0, elsewhere.pk: None, nowhere.pk: None}
    assert len(asked) == 2


def test_errors_are_unknown_where_the_credentials_are_half_a_pair(aws: Served, settings: Any) -> None:
    settings.AWS_SECRET_ACCESS_KEY = ""
    one = gateway()

    assert errors_last_hour([one]) == {one.pk: None}
    assert errors_last_hour([]) == {}


def test_old_errors_are_not_shown_for_new_where_aws_fails(
    aws: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = gateway()
    monkeypatch.setattr(metrics, "FRESH", 0)
    assert errors_last_hour([one]) == {one.pk: 0}
    forbid(aws)

    assert errors_last_hour([one]) == {one.pk: None}
