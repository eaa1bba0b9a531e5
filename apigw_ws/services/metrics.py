"""Reads the gateways' traffic from CloudWatch: once for everybody who looks, and in bounded time."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Any, Final

from django.core.cache import cache
from django.db.models import prefetch_related_objects
from django.utils import timezone
from django.utils.translation import gettext as _

from apigw_ws.aws import monitoring
from apigw_ws.aws.client import ClientConfig, client
from apigw_ws.aws.monitoring import (
    CLIENT_ERRORS,
    CONNECTS,
    ERRORS,
    EXECUTION_ERRORS,
    INTEGRATION_ERRORS,
    LATENCY,
    MESSAGES,
    Points,
    Query,
)
from apigw_ws.exceptions import ApigwWsError
from apigw_ws.models import ApiGateway
from apigw_ws.services import endpoints
from apigw_ws.services.glances import BUDGET, Glance, TooSlow, glance, glances

__all__ = [
    "CLIENT_ERRORS",
    "CONNECTS",
    "ERRORS",
    "EXECUTION_ERRORS",
    "INTEGRATION_ERRORS",
    "LATENCY",
    "MESSAGES",
    "SPANS",
    "Series",
    "Span",
    "Traffic",
    "errors_last_hour",
    "traffic",
]

#: CloudWatch has a minute's numbers only after a while: until then, a missing number does not mean 0.
SETTLING: Final = timedelta(minutes=3)
#: Seconds for which a failed look counts for everybody who asks.
PATIENCE: Final = 5
#: Seconds for which a count of errors is valid.
FRESH: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """How far back a chart goes, and in which steps."""

    name: str
    length: timedelta
    #: Seconds of a step, and of the finer steps in which the peak of connects is found.
    period: int
    fine: int
    #: Seconds for which an answer is valid.
    fresh: int


SPANS: Final = {
    span.name: span
    for span in (
        Span(name="1h", length=timedelta(hours=1), period=60, fine=60, fresh=50),
        Span(name="24h", length=timedelta(hours=24), period=900, fine=60, fresh=110),
        Span(name="7d", length=timedelta(days=7), period=7200, fine=300, fresh=590),
    )
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """The values of one metric by step; None if there is nothing, or it is not known yet."""

    metric: str
    statistic: str
    values: tuple[float | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """A gateway's traffic over a span, in steps of which the last is not over yet."""

    span: Span
    #: The start of each step.
    moments: tuple[datetime, ...]
    series: tuple[Series, ...]
    #: Connects per second, on average over the ``span.fine`` seconds that had the most.
    peak: float

    @property
    def silent(self) -> bool:
        return not any(value for series in self.series for value in series.values)


def traffic(gateway: ApiGateway, span: Span) -> Glance[Traffic]:
    """Return the gateway's traffic; if AWS refuses, is slow or gone, what was seen last, with the problem.

    However many ask, CloudWatch is called once in ``span.fresh`` seconds.
    """
    key = f"apigw_ws:traffic:{gateway.pk}:{gateway.api_id}:{gateway.live_stage}:{span.name}"
    return _shared(key, span.fresh, gateway, lambda gateway: _traffic(gateway, span))


def errors_last_hour(gateways: Iterable[ApiGateway]) -> dict[int, int | None]:
    """Return the errors of the last hour by primary key; None if AWS does not say, or there is no API yet.

    CloudWatch is called once for all gateways of an account and region, and at most once a minute. This waits
    for the two seconds of a glance in all.
    """
    asked = list(gateways)
    prefetch_related_objects(asked, "account")
    groups = {_name(group): group for group in _by_account(asked)}
    known: dict[str, dict[int, int]] = cache.get_many(groups)
    unknown = {name: group for name, group in groups.items() if name not in known}
    of = {group[0].pk: group for group in unknown.values()}
    seen = glances([group[0] for group in unknown.values()], lambda first: _errors(first, of[first.pk]))
    for name, each in zip(unknown, seen, strict=True):
        known[name] = each.found or {}
        cache.set(name, known[name], timeout=PATIENCE if each.problem else FRESH)
    counts: dict[int, int | None] = {gateway.pk: None for gateway in asked}
    return counts | {pk: count for found in known.values() for pk, count in found.items()}


def _by_account(gateways: Iterable[ApiGateway]) -> Iterable[list[ApiGateway]]:
    """The gateways that are in AWS, grouped so that each group needs one call."""
    groups: dict[ClientConfig, list[ApiGateway]] = defaultdict(list)
    for gateway in gateways:
        if gateway.api_id:
            with suppress(ApigwWsError):  # of its settings
                groups[endpoints.config_for(gateway)].append(gateway)
    return groups.values()


def _name(group: Iterable[ApiGateway]) -> str:
    """The cache key of these gateways' errors."""
    stages = repr(sorted((each.pk, each.api_id, each.live_stage) for each in group))
    return f"apigw_ws:errors:{blake2b(stages.encode(), digest_size=9).hexdigest()}"


def _shared(key: str, fresh: int, gateway: ApiGateway, look: Callable[[ApiGateway], Any]) -> Glance[Any]:
    """A glance at most once in ``fresh`` seconds, by one at a time of all processes that share the cache."""
    deadline = time.monotonic() + 1.5 * BUDGET
    while (known := cache.get(key)) is None:
        if cache.add(f"{key}:asked", True, timeout=4 * BUDGET):
            try:
                return cache.get(key) or _looked(key, fresh, gateway, look)
            finally:
                cache.delete(f"{key}:asked")
        if time.monotonic() > deadline:
            return _failed(key, TooSlow(_("AWS has not answered in time. Look again in a moment.")))
        time.sleep(0.05)
    return known  # type: ignore[no-any-return]


def _looked(key: str, fresh: int, gateway: ApiGateway, look: Callable[[ApiGateway], Any]) -> Glance[Any]:
    def kept(gateway: ApiGateway) -> Any:  # also if it is found too late for those who asked
        seen = Glance(found=look(gateway), seen_on=timezone.now())
        cache.set(f"{key}:last", seen, timeout=None)
        cache.set(key, seen, timeout=fresh)
        return seen.found

    seen = glance(gateway, kept)
    if seen.problem:
        seen = _failed(key, seen.problem)
        cache.add(key, seen, timeout=PATIENCE)
    return seen


def _failed(key: str, problem: ApigwWsError) -> Glance[Any]:
    """What was found last, and why there is nothing newer."""
    return replace(cache.get(f"{key}:last") or Glance(), problem=problem)


def _traffic(gateway: ApiGateway, span: Span) -> Traffic:
    moments = _moments(span, timezone.now())
    charts = [_query(gateway, metric, "Sum", span.period) for metric in (CONNECTS, MESSAGES, *ERRORS)]
    charts += [_query(gateway, LATENCY, statistic, span.period) for statistic in ("p50", "p95")]
    fine = _query(gateway, CONNECTS, "Sum", span.fine)
    queries = list(dict.fromkeys([*charts, fine]))  # of an hour it is one of the charts
    end = moments[-1] + timedelta(seconds=span.period)
    points = monitoring.read(_client(gateway), queries, start=moments[0], end=end)
    found = dict(zip(queries, points, strict=True))
    return Traffic(
        span=span,
        moments=moments,
        series=tuple(_series(query, moments, found[query]) for query in charts),
        peak=max(found[fine].values(), default=0) / span.fine,
    )


def _errors(first: ApiGateway, gateways: Sequence[ApiGateway]) -> dict[int, int]:
    now = timezone.now().replace(second=0, microsecond=0)
    queries = [_query(gateway, metric, "Sum", 60) for gateway in gateways for metric in ERRORS]
    found = monitoring.read(
        _client(first), queries, start=now - timedelta(minutes=59), end=now + timedelta(minutes=1)
    )
    counts = [int(sum(points.values())) for points in found]
    each = len(ERRORS)
    return {gateway.pk: sum(counts[n * each : (n + 1) * each]) for n, gateway in enumerate(gateways)}


def _query(gateway: ApiGateway, metric: str, statistic: str, period: int) -> Query:
    return Query(
        api_id=gateway.api_id,
        stage_name=gateway.live_stage,
        metric=metric,
        statistic=statistic,
        period=period,
    )


def _client(gateway: ApiGateway) -> Any:
    # API Gateway's own VPC endpoint does not serve CloudWatch.
    return client("cloudwatch", endpoints.dns_config(endpoints.config_for(gateway)))


def _moments(span: Span, now: datetime) -> tuple[datetime, ...]:
    """Aligned with the clock, like CloudWatch's periods."""
    last = int(now.timestamp()) // span.period * span.period
    steps = int(span.length.total_seconds()) // span.period
    return tuple(datetime.fromtimestamp(last - n * span.period, UTC) for n in reversed(range(steps)))


def _series(query: Query, moments: Sequence[datetime], points: Points) -> Series:
    """CloudWatch omits what did not happen: for a count that means 0, for a latency nothing."""
    settled = timezone.now() - SETTLING - timedelta(seconds=query.period)
    counts = query.statistic == "Sum"
    values = (points.get(moment, 0.0 if counts and moment <= settled else None) for moment in moments)
    return Series(metric=query.metric, statistic=query.statistic, values=tuple(values))
