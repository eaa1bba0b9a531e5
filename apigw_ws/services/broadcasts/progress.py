"""How far a broadcast has come, and what came of it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

from django.db.models import Count, Sum
from django.utils import timezone

from apigw_ws.models import Broadcast
from apigw_ws.models.broadcasts import COUNTS
from apigw_ws.services.broadcasts.ending import explain

#: Seconds over which the rate is looked at. The current second is not over.
_NOW: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """The counts add up: their sum is ``done``, and at the end ``total``."""

    state: str
    #: None until they are counted.
    total: int | None
    #: By ``BroadcastRecipient.Result`` or ``sent``.
    counts: dict[str, int]
    #: Recipients per second.
    rate_now: float
    #: None if nobody can say.
    seconds_left: float | None
    #: Changes with whatever there is to show.
    version: str

    @property
    def done(self) -> int:
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """How many had the same result for the same reason, and what that means."""

    result: str
    code: str
    count: int
    meaning: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """What was done in the ``seconds`` from ``at``."""

    at: dt.datetime
    seconds: int
    sent: int
    failed: int


def progress(broadcast: Broadcast) -> Progress:
    """How far it is now; ``broadcast`` is read again. Two queries."""
    broadcast.refresh_from_db()
    counts = {name: getattr(broadcast, name) for name in COUNTS}
    is_sending = broadcast.state in (Broadcast.State.SENDING, Broadcast.State.CANCELLING)
    rate = _rate(broadcast) if is_sending else 0.0
    left = (broadcast.total or 0) - broadcast.done_count
    return Progress(
        state=broadcast.state,
        total=broadcast.total,
        counts=counts,
        rate_now=rate,
        seconds_left=left / rate if rate and broadcast.total is not None else None,
        version=f"{broadcast.state}-{broadcast.total}-{broadcast.done_count}-{rate:.1f}",
    )


def series(broadcast: Broadcast, points: int = 120) -> list[Point]:
    """The rate over time, in at most so many points of equal length; empty seconds are points, too."""
    rows = broadcast.samples.values("at").annotate(sent=Sum("sent"), failed=Sum("failed")).order_by("at")
    samples = list(rows)
    if not samples:
        return []
    first = samples[0]["at"]
    length = int((samples[-1]["at"] - first).total_seconds()) + 1
    step = -(-length // points)
    sums = [[0, 0] for _ in range(-(-length // step))]
    for row in samples:
        at = sums[int((row["at"] - first).total_seconds()) // step]
        at[0] += row["sent"]
        at[1] += row["failed"]
    return [
        Point(at=first + dt.timedelta(seconds=n * step), seconds=step, sent=sent, failed=failed)
        for n, (sent, failed) in enumerate(sums)
    ]


def failures(broadcast: Broadcast) -> list[Failure]:
    """By result and code, the most frequent first."""
    rows = broadcast.recipients.order_by().values("result", "code").annotate(count=Count("pk"))
    return [
        Failure(
            result=row["result"],
            code=row["code"],
            count=row["count"],
            meaning=explain(row["code"], row["result"]),
        )
        for row in rows.order_by("-count", "result", "code")
    ]


def _rate(broadcast: Broadcast) -> float:
    now = timezone.now().replace(microsecond=0)
    lately = broadcast.samples.filter(at__gte=now - dt.timedelta(seconds=_NOW), at__lt=now)
    sums = lately.aggregate(sent=Sum("sent"), failed=Sum("failed"))
    seconds = _NOW
    if broadcast.started_on:
        seconds = min(_NOW, max(1, int((now - broadcast.started_on).total_seconds())))
    return ((sums["sent"] or 0) + (sums["failed"] or 0)) / seconds
