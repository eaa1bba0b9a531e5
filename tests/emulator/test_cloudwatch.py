"""CloudWatch on counted traffic, through the real boto3 and as older clients ask."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest

from apigw_ws.emulator import metrics as metrics_module
from apigw_ws.emulator.control.plane import ControlPlane
from apigw_ws.emulator.metrics import Metrics
from apigw_ws.emulator.values import HttpRequest
from tests.emulator.aws import make_api, make_route, refused
from tests.emulator.conftest import Clock

START = 1_790_000_040  # a whole minute
DIMENSIONS = {"ApiId": "api", "Stage": "prod"}


@pytest.fixture
def clock() -> Clock:
    return Clock(START)


@pytest.fixture
def cloudwatch(client: Callable[..., Any]) -> Any:
    return client("cloudwatch")


def metric(
    name: str = "MessageCount", stat: str = "Sum", period: int = 60, **dimensions: str
) -> dict[str, Any]:
    pairs = [{"Name": key, "Value": value} for key, value in (dimensions or DIMENSIONS).items()]
    asked = {"Namespace": "AWS/ApiGateway", "MetricName": name, "Dimensions": pairs}
    return {"MetricStat": {"Metric": asked, "Period": period, "Stat": stat}}


def get(cloudwatch: Any, *queries: dict[str, Any], minutes: int = 10, **more: Any) -> Any:
    return cloudwatch.get_metric_data(
        MetricDataQueries=[{"Id": f"m{number}", **query} for number, query in enumerate(queries)],
        StartTime=datetime.fromtimestamp(START, UTC),
        EndTime=datetime.fromtimestamp(START + minutes * 60, UTC),
        ScanBy="TimestampAscending",
        **more,
    )


def values(cloudwatch: Any, *queries: dict[str, Any], **more: Any) -> list[list[float]]:
    return [result["Values"] for result in get(cloudwatch, *queries, **more)["MetricDataResults"]]


def test_counts_are_summed_by_minute_and_the_newest_comes_first_unless_asked(
    cloudwatch: Any, metrics: Metrics, clock: Clock
) -> None:
    for minute, count in ((0, 2), (1, 3), (3, 1)):
        clock.seconds = START + 60 * minute + 10
        for _ in range(count):
            metrics.count("api", "prod", "$default", "MessageCount")

    result = get(cloudwatch, metric())["MetricDataResults"][0]
    newest = cloudwatch.get_metric_data(
        MetricDataQueries=[{"Id": "a", **metric()}],
        StartTime=datetime.fromtimestamp(START, UTC),
        EndTime=datetime.fromtimestamp(START + 600, UTC),
    )["MetricDataResults"][0]

    assert result["Values"] == [2, 3, 1]
    assert [t.timestamp() - START for t in result["Timestamps"]] == [0, 60, 180]
    assert (result["Label"], result["StatusCode"]) == ("MessageCount", "Complete")
    assert newest["Values"] == [1, 3, 2]


def test_periods_are_aligned_to_the_clock(cloudwatch: Any, metrics: Metrics, clock: Clock) -> None:
    for minute in range(10):
        clock.seconds = START + 60 * minute
        metrics.count("api", "prod", "", "ConnectCount")

    result = get(cloudwatch, metric("ConnectCount", period=300))["MetricDataResults"][0]

    assert all(moment.timestamp() % 300 == 0 for moment in result["Timestamps"])
    assert sum(result["Values"]) == 10


@pytest.mark.parametrize(
    ("stat", "expected"),
    [
        ("SampleCount", 100),
        ("Sum", 5050),
        ("Average", 50.5),
        ("Minimum", 1),
        ("Maximum", 100),
        ("p50", 50.5),
        ("p99.9", 99.901),
        ("p100", 100),
        ("tm90", 45.5),
    ],
)
def test_every_statistic_of_a_latency(cloudwatch: Any, metrics: Metrics, stat: str, expected: float) -> None:
    latencies = [float(number) for number in range(1, 101)]
    random.shuffle(latencies)
    for latency in latencies:
        metrics.count("api", "prod", "$default", "IntegrationLatency", latency)

    assert values(cloudwatch, metric("IntegrationLatency", stat)) == [[pytest.approx(expected)]]


def test_an_api_its_stages_and_its_routes_are_counted_apart(
    cloudwatch: Any, metrics: Metrics, api: Any
) -> None:
    api_id = make_api(api)
    make_route(api, api_id, "chat")
    detail = {"DetailedMetricsEnabled": True}
    for stage in ("prod", "test"):
        api.create_stage(ApiId=api_id, StageName=stage, DefaultRouteSettings=detail)
        api.create_deployment(ApiId=api_id, StageName=stage)
        metrics.count(api_id, stage, "chat", "MessageCount")
    metrics.count(api_id, "prod", "", "MessageCount")
    metrics.count("other", "prod", "chat", "MessageCount")

    assert values(
        cloudwatch,
        metric(ApiId=api_id),
        metric(Stage="prod", ApiId=api_id),
        metric(Route="chat", Stage="prod", ApiId=api_id),
        metric(Route="nope", Stage="prod", ApiId=api_id),
        metric(Stage="prod"),
        metric(Colour="red", ApiId=api_id),
    ) == [[3], [2], [1], [], [], []]


def test_expressions_are_computed_moment_by_moment(cloudwatch: Any, metrics: Metrics, clock: Clock) -> None:
    for minute, errors in ((0, 1), (1, 0), (2, 3)):
        clock.seconds = START + 60 * minute
        for _ in range(4):
            metrics.count("api", "prod", "", "MessageCount")
        for _ in range(errors):
            metrics.count("api", "prod", "", "IntegrationError")
    hidden = {"ReturnData": False}

    def expression(text: str) -> list[float]:
        queries = (
            {**metric(), **hidden},
            {**metric("IntegrationError"), **hidden},
            {"Expression": "m0 * 2", **hidden},
            {"Expression": text},
        )
        (found,) = values(cloudwatch, *queries)
        return found

    assert expression("100 * m1 / m0") == [25, 75]
    assert expression("100 * FILL(m1, 0) / m0") == [25, 0, 75]
    assert expression("m2 - m0") == [4, 4, 4]
    assert expression("-(m0 + 1) * 2 ^ 2") == [-20, -20, -20]
    assert expression("m0 / FILL(m1, 0)") == [4, 4 / 3]
    assert expression("SUM(METRICS())") == [5, 4, 7]
    assert expression("MAX([m0, m1])") == [4, 4, 4]
    assert expression("m0 - AVG(m0)") == [0, 0, 0]
    assert expression("m0 * (3 - 1)") == [8, 8, 8]
    assert expression("m1 - MIN(m1)") == [0, 2]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("m7 + 1", "m7 is not the Id"),
        ("1 + 1", "not a time series"),
        ("SEARCH('{AWS/ApiGateway}', 'Sum')", "not supported"),
        ("RATE(m0)", "RATE"),
        ("m0 +", "cannot read"),
        ("m0 % 2", "only + - * / and ^"),
        ("[m0] * 2", "array"),
        ("[1, m0]", "a time series is needed"),
        ("SUM(1)", "time series"),
        ("1 / 0 + m0", "not a number"),
        ("m1", "Circular reference"),
        ("__import__('os')", "not supported"),
    ],
)
def test_an_expression_that_means_nothing_is_refused(cloudwatch: Any, text: str, says: str) -> None:
    with refused(400, "ValidationError", says):
        get(cloudwatch, metric(), {"Expression": text})


@pytest.mark.parametrize(
    ("query", "says"),
    [
        (metric(period=90), "The period 90"),
        (metric(stat="Mode"), "The value 'Mode' for the parameter Stat"),
        (metric(period=7), "The period 7"),
    ],
)
def test_a_wrong_query_is_refused(
    cloudwatch: Any, metrics: Metrics, query: dict[str, Any], says: str
) -> None:
    metrics.count("api", "prod", "", "MessageCount")

    with refused(400, "ValidationError", says):
        get(cloudwatch, query)


def test_wrong_times_and_ids_that_repeat_are_refused(cloudwatch: Any) -> None:
    with refused(400, "ValidationError", "StartTime must be less than"):
        get(cloudwatch, metric(), minutes=0)
    with refused(400, "ValidationError", "must be unique"):
        get(cloudwatch, {**metric(), "Id": "a"}, {**metric(), "Id": "a"})
    with refused(400, "InvalidNextToken", "invalid"):
        get(cloudwatch, metric(), NextToken="x")


def test_more_queries_than_cloudwatch_takes_are_refused(cloudwatch: Any) -> None:
    assert len(values(cloudwatch, *[metric()] * 500)) == 500
    with refused(400, "ValidationError", "size greater than 500"):
        get(cloudwatch, *[metric()] * 501)


def test_long_results_come_in_pages(cloudwatch: Any, metrics: Metrics, clock: Clock) -> None:
    for minute in range(5):
        clock.seconds = START + 60 * minute
        metrics.count("api", "prod", "", "MessageCount", minute)

    first = get(cloudwatch, metric(), MaxDatapoints=3)
    second = get(cloudwatch, metric(), MaxDatapoints=3, NextToken=first["NextToken"])

    results = [page["MetricDataResults"][0] for page in (first, second)]
    assert [result["Values"] for result in results] == [[0, 1, 2], [3, 4]]
    assert [result["StatusCode"] for result in results] == ["PartialData", "Complete"]


def test_metrics_are_listed_by_name_and_dimensions(cloudwatch: Any, metrics: Metrics) -> None:
    for api_id in ("one", "two"):
        for name in ("ConnectCount", "MessageCount"):
            metrics.count(api_id, "prod", "", name)

    def listed(**asked: Any) -> int:
        return len(cloudwatch.list_metrics(**asked)["Metrics"])

    assert listed() == listed(Namespace="AWS/ApiGateway") == 8
    assert listed(Namespace="AWS/Lambda") == 0
    assert listed(MetricName="ConnectCount") == 4
    assert listed(Dimensions=[{"Name": "ApiId", "Value": "one"}]) == 4
    assert listed(Dimensions=[{"Name": "Stage"}]) == 4


def test_lists_of_metrics_come_in_pages(cloudwatch: Any, metrics: Metrics) -> None:
    for number in range(300):
        metrics.count(f"api{number}", "prod", "", "MessageCount")

    pages = list(cloudwatch.get_paginator("list_metrics").paginate())

    assert [len(page["Metrics"]) for page in pages] == [500, 100]


def test_older_clients_ask_by_form_and_are_answered_in_xml(plane: ControlPlane, metrics: Metrics) -> None:
    metrics.count("api", "prod", "", "MessageCount")
    form = {"Action": "ListMetrics", "Version": "2010-08-01", "Dimensions.member.1.Name": "Stage"}

    answer = plane.handle(HttpRequest(method="POST", raw_path="/", body=urlencode(form).encode()))

    assert answer.status == 200
    assert b"<MetricName>MessageCount</MetricName>" in answer.body
    assert answer.body.count(b"<Namespace>") == 1


def test_the_memory_of_metrics_is_bounded(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    for name, most in (("MINUTES_KEPT", 5), ("SERIES_KEPT", 4), ("SAMPLES_KEPT", 10)):
        monkeypatch.setattr(metrics_module, name, most)
    metrics = Metrics(clock)

    for minute in range(20):
        clock.seconds = START + 60 * minute
        for _ in range(30):
            metrics.count("api", "prod", "", "MessageCount", random.random())
    for number in range(20):
        metrics.count(f"api{number}", "prod", "", "MessageCount")
    clock.seconds += 60
    for _ in range(30):
        metrics.count("api19", "prod", "", "MessageCount", random.random())

    series = [metrics.buckets(dimensions, name) for dimensions, name in metrics.names()]
    assert len(series) == 4
    assert all(len(buckets) <= 5 for buckets in series)
    assert max(len(bucket.sample) for buckets in series for bucket in buckets.values()) == 10
