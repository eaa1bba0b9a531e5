"""Adds up what happens at gateways by the minute: the only writer of ``Rollup``.

Each process counts in memory, and a thread stores the counts some seconds later, so no event and no message
costs a query. A process that ends or is killed loses what it counted in those seconds.
"""

from __future__ import annotations

import datetime as dt
import logging
import os
import threading
import time
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from django.db import Error, connections
from django.db.models import Count, F
from django.utils import timezone

from apigw_ws.delivery import Result
from apigw_ws.models import Rollup, WebSocketSession
from apigw_ws.services import batches, chores, transactions
from apigw_ws.services.timeline import Handled

logger = logging.getLogger("apigw_ws.rollups")

NAME: Final = "rollups"
#: Seconds until counts are stored.
DELAY: Final = 10.0
#: How long a minute's numbers are kept: the longest chart, and a day.
KEPT: Final = dt.timedelta(days=8)

_LEASE: Final = dt.timedelta(minutes=1)
#: These are not failures: the connection had ended, or nobody wanted the message.
_NOT_SENT: Final = (Result.GONE, Result.CANCELLED)


@dataclass(slots=True)
class _Tally:
    """What this process has counted by minute and gateway, and not stored yet."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    counts: defaultdict[tuple[int, int], Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    timer: threading.Timer | None = None


_tally = _Tally()


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What was live at the last sample."""

    live: int


def count(gateway: int | None, **more: int) -> None:
    """Add to the numbers of this minute, which are fields of ``Rollup``; ``gateway`` is a primary key."""
    minute = _minute()
    _keep({(minute, which): more for which in {gateway or Rollup.ALL, Rollup.ALL}})


def count_handled(gateway: int | None, handled: Handled, *, replied: bool) -> None:
    """Count a message that came in, its reply, how long its handler took, and whether that failed."""
    step = Rollup.TOOK[bisect_left(Rollup.STEPS, handled.duration_ms)]
    failures = int(handled.failed)
    count(gateway, messages_in=1, messages_out=int(replied), handler_failures=failures, **{step: 1})


def count_sent(outcomes: Iterable[tuple[int | None, Result]]) -> None:
    """Count the results of messages, each with the primary key of its gateway."""
    for (gateway, result), times in Counter(outcomes).items():
        if result is Result.SENT:
            count(gateway, messages_out=times)
        elif result not in _NOT_SENT:
            count(gateway, send_failures=times)


def flush() -> None:
    """Store what this process has counted. If the database fails, the counts are kept for the next time."""
    with _tally.lock:
        counts, _tally.counts, _tally.timer = _tally.counts, defaultdict(Counter), None
    try:
        for key in [*counts]:
            _add(*key, counts[key])
            del counts[key]
    except Error:
        logger.exception("What was counted could not be written down; it is tried again.")
        _keep(counts)


def sample(*, every: dt.timedelta = chores.ALWAYS) -> Report | None:
    """Store how many sessions are live in this minute; None if that was done within ``every``."""
    return chores.take_turn(NAME, _sample, lease=_LEASE, every=every)


def delete_old() -> int:
    """Delete what is older than ``KEPT``; return how many rows."""
    first = int((timezone.now() - KEPT).timestamp() // 60)
    return batches.delete(Rollup.objects.filter(minute__lt=first))


def forget() -> None:
    """Discard what was counted and not stored."""
    global _tally
    if _tally.timer:
        _tally.timer.cancel()
    _tally = _Tally()


def _keep(counts: Mapping[tuple[int, int], Mapping[str, int]]) -> None:
    with _tally.lock:
        for key, more in counts.items():
            _tally.counts[key].update(more)
        if _tally.timer is None and _writes_in_a_thread():
            _tally.timer = threading.Timer(DELAY, _flush_in_a_thread)
            _tally.timer.daemon = True
            _tally.timer.start()


def _add(minute: int, gateway: int, more: Mapping[str, int]) -> None:
    """One UPDATE, except for the first counts of a minute."""
    row = Rollup.objects.filter(minute=minute, gateway=gateway)
    added: dict[str, Any] = {name: F(name) + number for name, number in more.items() if number}
    if added and not row.update(**added):
        Rollup.objects.get_or_create(minute=minute, gateway=gateway)
        row.update(**added)


def _minute() -> int:
    return int(time.time() // 60)


def _writes_in_a_thread() -> bool:
    """Not with a database in memory, which threads cannot share."""
    database: Any = transactions.connection()
    return not (database.vendor == "sqlite" and database.is_in_memory_db())


def _flush_in_a_thread() -> None:
    try:
        flush()
    finally:
        connections.close_all()


def _sample() -> Report:
    """The row for all gateways is always written: no sessions is not the same as no sample."""
    minute = _minute()
    rows = WebSocketSession.objects.live().order_by().values_list("api_gateway")
    live = dict(rows.annotate(Count("pk")))
    report = Report(live=sum(live.values()))
    live = {gateway: number for gateway, number in live.items() if gateway} | {Rollup.ALL: report.live}
    Rollup.objects.bulk_create(
        [Rollup(minute=minute, gateway=gateway, live=number) for gateway, number in live.items()],
        update_conflicts=True,
        unique_fields=["minute", "gateway"],
        update_fields=["live"],
    )
    return report


if hasattr(os, "register_at_fork"):  # a child process has its parent's counts, but not the thread
    os.register_at_fork(after_in_child=forget)
