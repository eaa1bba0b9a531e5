"""Reads the rollups: traffic over a span, and now. Calls neither CloudWatch nor any other part of AWS."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, Final

from django.db.models import Avg, F, Max, Q, Sum

from apigw_ws.models import Rollup
from apigw_ws.services import rollups
from apigw_ws.services.metrics import SPANS, Span

__all__ = ["SPANS", "Now", "Span", "Trend", "now", "over"]

COUNTED: Final = (
    "connects",
    "disconnects",
    "messages_in",
    "messages_out",
    "refusals",
    "send_failures",
    "handler_failures",
)
#: Counted over the last hour, because a single minute says little; the others over one minute.
FAILURES: Final = ("refusals", "send_failures", "handler_failures")
#: The histogram steps of handler times, in milliseconds; AWS waits no longer than the last.
#: https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html
_ENDS: Final = (0, *Rollup.STEPS, 29_000)
#: Seconds until all processes have stored what they counted.
_LAG: Final = 1.5 * rollups.DELAY
#: Minutes over which handler times are evaluated.
TIMED: Final = 5
#: Minutes for which a sample of live sessions is valid.
HELD: Final = 2

_clock = time.time


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """Traffic in equal steps, of which the last is not over yet."""

    span: Span
    #: The start of each step.
    moments: tuple[datetime, ...]
    #: By one of ``COUNTED``, ``live``, ``p50`` or ``p95``: a value for each step, None if none is known.
    series: Mapping[str, tuple[float | None, ...]]

    @property
    def silent(self) -> bool:
        """Whether nothing happened and nobody was connected."""
        return not any(value for values in self.series.values() for value in values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Now:
    """The last full minute."""

    #: Its start.
    minute: datetime
    #: Totals of all gateways: ``live``, and each of ``COUNTED``, those in ``FAILURES`` over the last hour.
    totals: Mapping[str, int]
    #: The same for each gateway with any numbers, by primary key.
    gateways: Mapping[int, Mapping[str, int]]
    #: When live sessions were counted, to a minute; None if they were not within the last three.
    counted: datetime | None
    #: Milliseconds that handlers took in the last ``TIMED`` minutes; None if none was called.
    p50: float | None
    p95: float | None


def over(span: Span) -> Trend:
    """Return the traffic of all gateways together over a span, added up in SQL; one query."""
    step = span.period // 60
    steps = int(span.length.total_seconds()) // span.period
    minute = int(_clock() // 60)
    last = minute - minute % step
    first = last - (steps - 1) * step
    rows = Rollup.objects.filter(minute__gte=first, gateway=Rollup.ALL).order_by()
    summed = rows.values(slot=F("minute") - F("minute") % step).annotate(
        sessions=Avg("live"), **{f"n_{name}": Sum(name) for name in (*COUNTED, *Rollup.TOOK)}
    )
    found = {row["slot"]: row for row in summed}
    begun = min(found, default=last)
    slots = range(first, last + 1, step)
    live = _held((found[slot]["sessions"] if slot in found else None for slot in slots), HELD // step)
    sampled = any(each is not None for each in live)
    values = [
        _values(found.get(slot), each, begun <= slot and not (sampled and each is None))
        for slot, each in zip(slots, live, strict=True)
    ]
    return Trend(
        span=span,
        moments=tuple(_moment(slot) for slot in slots),
        series={name: tuple(each[name] for each in values) for name in (*COUNTED, "live", "p50", "p95")},
    )


def now() -> Now:
    """Return the numbers of the last full minute and the last hour; one query."""
    current = int(_clock() // 60)
    full = int((_clock() - _LAG) // 60) - 1
    rows = Rollup.objects.filter(minute__gte=current - 60).order_by().values("gateway")
    is_timed = Q(minute__gt=full - TIMED, minute__lte=full)
    sums: dict[str, Any] = {f"n_{name}": Sum(name, default=0) for name in FAILURES}
    sums |= {
        f"n_{name}": Sum(name, filter=Q(minute=full), default=0) for name in COUNTED if name not in FAILURES
    }
    sums |= {f"n_{name}": Sum(name, filter=is_timed, default=0) for name in Rollup.TOOK}
    sums |= {f"live_{ago}": Max("live", filter=Q(minute=current - ago)) for ago in range(3)}
    return _now(list(rows.annotate(**sums)), current, full)


def quantile(share: float, took: Sequence[int]) -> float | None:
    """Return the time that this share of calls did not exceed, by the counts of steps; None without calls."""
    wanted = share * sum(took)
    before = 0
    for count, (begin, end) in zip(took, pairwise(_ENDS), strict=True):
        if count and before + count >= wanted:
            return begin + (end - begin) * (wanted - before) / count
        before += count
    return None


def _held(live: Iterable[float | None], steps: int) -> list[float | None]:
    """Repeat each sample for so many steps, because ticks are a little more than a minute apart."""
    held: list[float | None] = []
    last, age = None, 0
    for each in live:
        last, age = (last, age + 1) if each is None else (each, 0)
        held.append(last if age <= steps else None)
    return held


def _values(row: Mapping[str, Any] | None, live: float | None, known: bool) -> dict[str, float | None]:
    """Without a row nothing happened, or, unless ``known``, nobody was there to count it."""
    if row is None:
        return {**dict.fromkeys(COUNTED, 0 if known else None), "live": live, "p50": None, "p95": None}
    took = [row[f"n_{name}"] for name in Rollup.TOOK]
    counted = {name: row[f"n_{name}"] for name in COUNTED}
    return {**counted, "live": live, "p50": quantile(0.5, took), "p95": quantile(0.95, took)}


def _now(rows: Sequence[Mapping[str, Any]], current: int, full: int) -> Now:
    of_all: Mapping[str, Any] = next((row for row in rows if row["gateway"] == Rollup.ALL), {})
    ago = next((ago for ago in range(3) if of_all.get(f"live_{ago}") is not None), None)
    took = [of_all.get(f"n_{name}", 0) for name in Rollup.TOOK]
    numbers = {row["gateway"]: _numbers(row, ago) for row in rows}
    totals = numbers.pop(Rollup.ALL, dict.fromkeys((*COUNTED, "live"), 0))
    return Now(
        minute=_moment(full),
        totals=totals,
        gateways=numbers,
        counted=None if ago is None else _moment(current - ago),
        p50=quantile(0.5, took),
        p95=quantile(0.95, took),
    )


def _numbers(row: Mapping[str, Any], ago: int | None) -> dict[str, int]:
    live = None if ago is None else row[f"live_{ago}"]
    return {**{name: row[f"n_{name}"] for name in COUNTED}, "live": live or 0}


def _moment(minute: int) -> datetime:
    return datetime.fromtimestamp(60 * minute, UTC)
