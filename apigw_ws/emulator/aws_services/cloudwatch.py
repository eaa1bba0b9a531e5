"""CloudWatch: the metrics of the real traffic, as GetMetricData and ListMetrics tell them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from apigw_ws.emulator.aws_services.expressions import BadExpression, Series, evaluate
from apigw_ws.emulator.aws_services.statistics import statistic
from apigw_ws.emulator.metrics import Bucket, Dimensions, Metrics
from apigw_ws.emulator.values import AwsError

Values = dict[str, Any]
NAMESPACE = "AWS/ApiGateway"
NAMES = ("ApiId", "Stage", "Route")
#: What one call lists, and what one call may ask for.
PAGE = QUERIES = 500
DATAPOINTS = 100_800


class CloudWatch:
    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def operations(self) -> dict[str, Any]:
        return {"GetMetricData": self.get_metric_data, "ListMetrics": self.list_metrics}

    def list_metrics(self, asked: Values) -> Values:
        found = [metric for metric in self._known() if _matches(metric, asked)]
        start = _offset(asked)
        page: Values = {"Metrics": found[start : start + PAGE]}
        return page | ({"NextToken": str(start + PAGE)} if start + PAGE < len(found) else {})

    def get_metric_data(self, asked: Values) -> Values:
        """One result for each query that returns data, newest values first unless asked otherwise."""
        start, end = asked["StartTime"], asked["EndTime"]
        if start >= end:
            raise _invalid("The parameter StartTime must be less than the parameter EndTime.")
        if len(asked["MetricDataQueries"]) > QUERIES:
            raise _invalid(f"The collection MetricDataQueries must not have a size greater than {QUERIES}.")
        queries = {query["Id"]: query for query in asked["MetricDataQueries"]}
        if len(queries) < len(asked["MetricDataQueries"]):
            raise _invalid("The Ids of the MetricDataQueries must be unique.")
        series = self._series(queries, start, end)
        oldest_first = asked.get("ScanBy") == "TimestampAscending"
        wanted = [query for query in queries.values() if query.get("ReturnData", True)]
        most = max(asked.get("MaxDatapoints", DATAPOINTS) // max(len(wanted), 1), 1)
        first = _offset(asked)
        results = [_result(query, series[query["Id"]], oldest_first, first, most) for query in wanted]
        page: Values = {"MetricDataResults": results, "Messages": []}
        more = any(result["StatusCode"] == "PartialData" for result in results)
        return page | ({"NextToken": str(first + most)} if more else {})

    def _series(self, queries: dict[str, Values], start: datetime, end: datetime) -> dict[str, Series]:
        """Metrics first, then expressions in the order of what they name."""
        known = {
            name: self._of_metric(query["MetricStat"], start, end)
            for name, query in queries.items()
            if "MetricStat" in query
        }
        metrics = list(known)
        waiting = {name: query.get("Expression", "") for name, query in queries.items() if name not in known}
        while waiting:
            done = {}
            for name, text in waiting.items():
                try:
                    done[name] = evaluate(text, known, metrics, set(waiting))
                except BadExpression as error:
                    raise _invalid(f"Error in expression '{name}': {error}") from error
            known |= {name: series for name, series in done.items() if series is not None}
            left = {name: text for name, text in waiting.items() if done[name] is None}
            if len(left) == len(waiting):
                raise _invalid(f"Circular reference in expressions: {', '.join(left)}")
            waiting = left
        return known

    def _of_metric(self, stat: Values, start: datetime, end: datetime) -> Series:
        period, metric = stat["Period"], stat["Metric"]
        if period < 1 or (period % 60 and period not in (1, 5, 10, 20, 30)):
            raise _invalid(f"The period {period} must be 1, 5, 10, 20, 30 or a multiple of 60.")
        given = {d["Name"]: d["Value"] for d in metric.get("Dimensions", [])}
        names = NAMES[: len(given)]
        if metric.get("Namespace") != NAMESPACE or set(given) != set(names):
            return {}
        dimensions: Dimensions = tuple(given[name] for name in names)
        buckets = self._metrics.buckets(dimensions, metric.get("MetricName", ""))
        grouped: dict[int, list[Bucket]] = {}
        for minute, bucket in buckets.items():
            moment = minute * 60 // period * period
            if start.timestamp() // period * period <= moment < end.timestamp():
                grouped.setdefault(moment, []).append(bucket)
        try:
            return {moment: statistic(stat["Stat"], group) for moment, group in grouped.items()}
        except ValueError as error:
            raise _invalid(str(error)) from error

    def _known(self) -> Iterator[Values]:
        for dimensions, name in self._metrics.names():
            pairs = zip(NAMES, dimensions, strict=False)
            yield {
                "Namespace": NAMESPACE,
                "MetricName": name,
                "Dimensions": [{"Name": key, "Value": value} for key, value in pairs],
            }


def _matches(metric: Values, asked: Values) -> bool:
    has = {d["Name"]: d["Value"] for d in metric["Dimensions"]}
    return (
        asked.get("Namespace", NAMESPACE) == NAMESPACE
        and asked.get("MetricName", metric["MetricName"]) == metric["MetricName"]
        and all(
            d["Name"] in has and d.get("Value", has[d["Name"]]) == has[d["Name"]]
            for d in asked.get("Dimensions", [])
        )
    )


def _result(query: Values, series: Series, oldest_first: bool, first: int, most: int) -> Values:
    moments = sorted(series, reverse=not oldest_first)
    shown = moments[first : first + most]
    label = query.get("MetricStat", {}).get("Metric", {}).get("MetricName", query["Id"])
    return {
        "Id": query["Id"],
        "Label": query.get("Label", label),
        "Timestamps": shown,
        "Values": [float(series[moment]) for moment in shown],
        "StatusCode": "PartialData" if first + most < len(moments) else "Complete",
    }


def _offset(asked: Values) -> int:
    token = asked.get("NextToken", "0")
    if not token.isdecimal():
        raise AwsError("InvalidNextToken", 400, "The next token specified is invalid.")
    return int(token)


def _invalid(message: str) -> AwsError:
    return AwsError("ValidationError", 400, message)
