"""Reading CloudWatch: the real boto3 against the emulator, and answers that only AWS gives."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from botocore.stub import Stubber

from apigw_ws.aws.client import ClientConfig, client
from apigw_ws.aws.monitoring import CONNECTS, LATENCY, MESSAGES, Query, read
from apigw_ws.emulator.faults import Fault
from apigw_ws.exceptions import AwsError
from tests.emulator.serving import Served
from tests.traffic import counted


def hour() -> dict[str, datetime]:
    """The last one, now: a suite may have been at work for longer than that."""
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    return {"start": now - timedelta(hours=1), "end": now + timedelta(minutes=2)}


@pytest.fixture
def cloudwatch(aws: Served) -> Any:
    return aws.client("cloudwatch")


@pytest.fixture
def api_id() -> str:
    return uuid4().hex[:10]


def query(api_id: str, metric: str = MESSAGES, statistic: str = "Sum", period: int = 60) -> Query:
    return Query(api_id=api_id, stage_name="production", metric=metric, statistic=statistic, period=period)


@pytest.fixture
def calls(cloudwatch: Any) -> list[int]:
    """How many metrics each call asked for."""
    asked: list[int] = []
    cloudwatch.meta.events.register(
        "before-parameter-build.cloudwatch.GetMetricData",
        lambda params, **_: asked.append(len(params["MetricDataQueries"])),
    )
    return asked


def test_one_call_answers_all_queries_in_their_order(
    cloudwatch: Any, aws: Served, api_id: str, calls: list[int]
) -> None:
    counted(aws, api_id, MESSAGES, minutes_ago=10, times=3)
    counted(aws, api_id, MESSAGES, minutes_ago=12)
    for latency in range(1, 101):
        counted(aws, api_id, LATENCY, minutes_ago=10, value=latency)

    messages, connects, half, most = read(
        cloudwatch,
        [
            query(api_id),
            query(api_id, CONNECTS),
            query(api_id, LATENCY, "p50"),
            query(api_id, LATENCY, "p95"),
        ],
        **hour(),
    )

    assert sorted(messages.values()) == [1, 3]
    assert all(moment.second == 0 and moment.tzinfo for moment in messages)
    assert connects == {}
    assert list(half.values()) == [50.5]
    assert list(most.values()) == [pytest.approx(95.05)]
    assert calls == [4]


def test_more_queries_than_a_call_takes_are_asked_in_several(
    cloudwatch: Any, aws: Served, api_id: str, calls: list[int]
) -> None:
    counted(aws, api_id, MESSAGES, minutes_ago=10)

    found = read(cloudwatch, [query("nobody")] * 500 + [query(api_id)], **hour())

    assert calls == [500, 1]
    assert len(found) == 501
    assert list(found[-1].values()) == [1]


def test_nothing_is_asked_for_nothing(cloudwatch: Any, calls: list[int]) -> None:
    assert read(cloudwatch, [], **hour()) == []
    assert calls == []


def test_an_answer_in_pages_is_put_together(aws: Served) -> None:
    cloudwatch = aws.client("cloudwatch")
    moments = [hour()["end"] - timedelta(minutes=minute) for minute in (4, 3)]
    with Stubber(cloudwatch) as stubbed:
        for moment, status, more in zip(
            moments, ("PartialData", "Complete"), ({"NextToken": "x"}, {}), strict=True
        ):
            result = {"Id": "q0", "Timestamps": [moment], "Values": [1.0], "StatusCode": status}
            stubbed.add_response("get_metric_data", {"MetricDataResults": [result]} | more)

        assert read(cloudwatch, [query("api")], **hour()) == [dict.fromkeys(moments, 1.0)]


@pytest.mark.parametrize("status", ["InternalError", "Forbidden"])
def test_a_query_that_fails_in_a_call_that_does_not_is_a_sentence(aws: Served, status: str) -> None:
    cloudwatch = aws.client("cloudwatch")
    result = {"Id": "q0", "Label": MESSAGES, "Timestamps": [], "Values": [], "StatusCode": status}
    with Stubber(cloudwatch) as stubbed, pytest.raises(AwsError, match=MESSAGES) as caught:
        stubbed.add_response("get_metric_data", {"MetricDataResults": [result]})
        read(cloudwatch, [query("api")], **hour())

    assert (caught.value.code, caught.value.operation) == (status, "GetMetricData")


def test_a_refusal_is_translated(cloudwatch: Any, aws: Served) -> None:
    assert aws.emulator is not None
    aws.emulator.faults.add(Fault(operation="monitoring:GetMetricData", effect="error", status=403))

    with pytest.raises(AwsError, match="GetMetricData") as caught:
        read(cloudwatch, [query("api")], **hour())

    assert caught.value.status == 403


def test_our_clients_reach_cloudwatch(aws: Served) -> None:
    config = ClientConfig(
        region=aws.region,
        endpoint_url=aws.url,
        access_key_id=aws.access_key,
        secret_access_key=aws.secret_key,
    )

    assert read(client("cloudwatch", config), [query("api")], **hour()) == [{}]
