"""Reads CloudWatch's metrics of WebSocket APIs.

https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-logging.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.utils.translation import gettext as _

from apigw_ws.aws.errors import translated
from apigw_ws.exceptions import AwsError

#: The metrics that count something; ``LATENCY`` is in milliseconds.
CONNECTS: Final = "ConnectCount"
MESSAGES: Final = "MessageCount"
INTEGRATION_ERRORS: Final = "IntegrationError"
CLIENT_ERRORS: Final = "ClientError"
EXECUTION_ERRORS: Final = "ExecutionError"
LATENCY: Final = "IntegrationLatency"
ERRORS: Final = (INTEGRATION_ERRORS, CLIENT_ERRORS, EXECUTION_ERRORS)

#: How many queries one call may have.
#: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
QUERIES: Final = 500

#: A query's values by the start of their period. CloudWatch omits periods without a value.
Points = Mapping[datetime, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """One metric of one stage."""

    api_id: str
    stage_name: str
    metric: str
    #: As CloudWatch calls it: "Sum", "p95".
    statistic: str
    #: Seconds. CloudWatch keeps periods of one minute for 15 days, of five for 63.
    period: int


def read(client: Any, queries: Sequence[Query], *, start: datetime, end: datetime) -> list[Points]:
    """Return each query's points between ``start`` and ``end``, in order; one call for every 500 queries.

    Raises AwsError, also if CloudWatch answers only some of the queries.
    """
    found: list[Points] = []
    for first in range(0, len(queries), QUERIES):
        found += _read(client, queries[first : first + QUERIES], start, end)
    return found


def _read(client: Any, queries: Sequence[Query], start: datetime, end: datetime) -> list[Points]:
    found: list[dict[datetime, float]] = [{} for _query in queries]
    asked = [{"Id": f"q{number}", **_described(query)} for number, query in enumerate(queries)]
    with translated():
        pages = client.get_paginator("get_metric_data").paginate(
            MetricDataQueries=asked, StartTime=start, EndTime=end
        )
        for page in pages:
            for result in page["MetricDataResults"]:
                _check(result)
                points = zip(result["Timestamps"], result["Values"], strict=True)
                found[int(result["Id"].removeprefix("q"))].update(points)
    return list(found)


def _described(query: Query) -> dict[str, Any]:
    dimensions = {"ApiId": query.api_id, "Stage": query.stage_name}
    metric = {
        "Namespace": "AWS/ApiGateway",
        "MetricName": query.metric,
        "Dimensions": [{"Name": name, "Value": value} for name, value in dimensions.items()],
    }
    return {"MetricStat": {"Metric": metric, "Period": query.period, "Stat": query.statistic}}


def _check(result: Mapping[str, Any]) -> None:
    """Raise the error of a query that failed ("InternalError", "Forbidden") in a call that succeeded."""
    if (status := result.get("StatusCode", "Complete")) not in {"Complete", "PartialData"}:
        sentence = _("CloudWatch has no answer for %(label)s (%(status)s). Look again in a minute.")
        raise AwsError(
            sentence % {"label": result.get("Label", ""), "status": status},
            code=status,
            operation="GetMetricData",
        )
