"""Counts the members of each channel: the only writer of ``Channel``.

A session has its first channel, ``ChannelMembership`` the others, and closed sessions keep theirs, so
counting very many takes longer than a page may. They are counted by the upkeep's tick, and by a
page that shows them where that is quick.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Count, F, Q, QuerySet
from django.utils import timezone

from apigw_ws.conf import conf
from apigw_ws.models import Channel, ChannelMembership, ChannelPermission, Chore, WebSocketSession
from apigw_ws.models.sessions import IDLE_AFTER, MAX_AGE
from apigw_ws.services import chores, pace

NAME: Final = "channels"

#: A page counts again what was counted longer ago than this, if counting took no longer than that.
_STALE: Final = dt.timedelta(seconds=5)
_QUICK_MS: Final = 40
#: Members that a page counts itself: a few milliseconds.
_COUNTED_NOW: Final = 10_000
_LEASE: Final = dt.timedelta(minutes=2)
_BATCH: Final = 500

#: Members, live members, their messages in the last full minute, their gateways.
_Figures = tuple[int, int, int, list[int]]
_FIELDS: Final = ("members", "live", "messages", "gateways")


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What one turn found, and how long it took."""

    channels: int
    milliseconds: int


def count(*, every: dt.timedelta = chores.ALWAYS) -> Report | None:
    """Count the members of every channel; None if somebody else is at it, or was within ``every``."""
    return chores.take_turn(NAME, _count, lease=_LEASE, every=every)


def looked_at() -> Chore | None:
    """As ``count``, for a page, if that is quick or nobody else does it. Return the last turn."""
    last = chores.last_turn(NAME)
    every = _page_counts_every(last)
    if last and last.started_on and last.started_on > timezone.now() - every:
        return last
    count(every=every)
    return chores.last_turn(NAME)


def of_channel(name: str) -> Channel:
    """Return the figures of one channel; its members are counted now, unless they were very many."""
    counted = Channel.objects.filter(name=name).first() or Channel(name=name)
    if counted.members <= _COUNTED_NOW:
        rows, is_live = WebSocketSession.objects.in_channel(name), _is_live(timezone.now())
        now = rows.aggregate(members=Count("pk"), live=Count("pk", filter=is_live))
        counted.members, counted.live = now["members"], now["live"]
    return counted


def _page_counts_every(last: Chore | None) -> dt.timedelta:
    is_quick = last is None or last.report.get("milliseconds", 0) <= _QUICK_MS
    return _STALE if is_quick else 2 * dt.timedelta(seconds=conf.reaper_interval)


def _count() -> Report:
    began = time.perf_counter()
    found = _found()
    rows = Channel.objects.order_by().values_list("name", *_FIELDS)
    known = {name: tuple(figures) for name, *figures in rows}
    changed = {name: figures for name, figures in found.items() if known.get(name) != figures}
    Channel.objects.bulk_create(
        (Channel(name=name, **dict(zip(_FIELDS, figures, strict=True))) for name, figures in changed.items()),
        batch_size=_BATCH,
        update_conflicts=True,
        unique_fields=["name"],
        update_fields=_FIELDS,
    )
    gone = [name for name in known if name not in found]
    for start in range(0, len(gone), _BATCH):
        Channel.objects.filter(name__in=gone[start : start + _BATCH]).delete()
    return Report(channels=len(found), milliseconds=round(1000 * (time.perf_counter() - began)))


def _found() -> dict[str, _Figures]:
    """The figures by name, of channels with members or with a rule of their own."""
    of_their_own = ChannelPermission.objects.exclude(channel_name__contains="*").order_by()
    found: dict[str, _Figures] = {
        name: (0, 0, 0, []) for name in of_their_own.values_list("channel_name", flat=True)
    }
    for name, gateway, *numbers in _rows(timezone.now()):
        members, live, messages, gateways = found.get(name, (0, 0, 0, []))
        if gateway is not None and gateway not in gateways:
            gateways = sorted([*gateways, gateway])
        found[name] = (members + numbers[0], live + numbers[1], messages + numbers[2], gateways)
    return found


def _rows(now: dt.datetime) -> Iterator[tuple[Any, ...]]:
    """Channel name, gateway and the figures of both: of first channels, then of further ones."""
    first = WebSocketSession.objects.filter(connected=True).exclude(channel_name="")
    yield from _tallied(first, "channel_name", "", now)
    further = ChannelMembership.objects.filter(session__connected=True)
    yield from _tallied(further.exclude(name=F("session__channel_name")), "name", "session__", now)


def _tallied(
    rows: QuerySet[Any], name: str, session: str, now: dt.datetime
) -> QuerySet[Any, tuple[Any, ...]]:
    tallied: QuerySet[Any, tuple[Any, ...]] = (
        rows.order_by()
        .values_list(name, f"{session}api_gateway")
        .annotate(
            members=Count("pk"),
            live=Count("pk", filter=_is_live(now, session)),
            messages=pace.in_last_minute(now, session),
        )
    )
    return tallied


def _is_live(now: dt.datetime, session: str = "") -> Q:
    lively = {f"{session}created_on__gt": now - MAX_AGE, f"{session}active_on__gt": now - IDLE_AFTER}
    return Q(**lively)
