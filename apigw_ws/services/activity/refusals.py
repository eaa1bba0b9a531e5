"""Groups similar refusals into one line per ten minutes: a flood of them would hide everything else."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any, Final

from django.db.models import Max, Min, Sum
from django.db.models.functions import TruncMinute

from apigw_ws.services.activity.tables import REFUSALS
from apigw_ws.services.activity.values import Entry, Kind, Position, Result, Wanted

#: Whole periods are read, so that a line is the same on every page.
PERIOD: Final = dt.timedelta(minutes=10)
#: Rows that are read for a page, and then on to the beginning of the period.
ROWS: Final = 2_000


def newest(wanted: Wanted, before: Position | None) -> tuple[list[Entry], dt.datetime | None]:
    """Return lines before the position, and the moment down to which they are complete; None: to the end.

    Two queries, neither of which reads many more than ROWS rows.
    """
    rows = REFUSALS.narrowed(wanted)
    if before:
        period = _start(before.at)
        # If the last page ended with a period, that period is done.
        end = period if before == Position.before(period) else period + PERIOD
        rows = rows.filter(created_on__lt=end)
    at_the_limit = rows.order_by("-created_on").values_list("created_on", flat=True)[ROWS : ROWS + 1]
    horizon = next((_start(moment) for moment in at_the_limit), None)
    if horizon:
        rows = rows.filter(created_on__gte=horizon)
    by_minute = (
        rows.values("guard", "reason", "api_gateway", minute=TruncMinute("created_on", tzinfo=dt.UTC))
        .annotate(number=Sum("times"), first=Min("created_on"), last=Max("created_on"), newest=Max("pk"))
        .order_by()
    )
    lines = _lines(by_minute)
    return [line for line in lines if before is None or line.position < before], horizon


def _lines(by_minute: Iterable[dict[str, Any]]) -> list[Entry]:
    periods: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for row in by_minute:
        key = (_start(row["minute"]), row["guard"], row["reason"], row["api_gateway"])
        periods.setdefault(key, []).append(row)
    return [
        Entry(
            kind=Kind.REFUSAL,
            at=max(row["last"] for row in rows),
            pk=max(row["newest"] for row in rows),
            what=guard,
            detail=reason,
            gateway=gateway,
            result=Result.WRONG,
            times=sum(row["number"] for row in rows),
            first=min(row["first"] for row in rows),
        )
        for (_begun, guard, reason, gateway), rows in periods.items()
    ]


def _start(moment: dt.datetime) -> dt.datetime:
    seconds = int(PERIOD.total_seconds())
    return dt.datetime.fromtimestamp(moment.timestamp() // seconds * seconds, dt.UTC)
