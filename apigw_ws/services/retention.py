"""Deletes records that are older than their settings let them become."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from apigw_ws.conf import conf
from apigw_ws.models import Act, Broadcast, BroadcastRecipient, Refusal, Run, Trace, WebSocketSession
from apigw_ws.services import batches, chores, rollups, tokens

NAME: Final = "prune"

#: A little less than a day, or the hour would drift from day to day.
_DAILY: Final = dt.timedelta(hours=23, minutes=55)
_LEASE: Final = dt.timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruned:
    """How many rows were deleted."""

    sessions: int = 0
    acts: int = 0
    tokens: int = 0
    refusals: int = 0
    runs: int = 0
    traces: int = 0
    broadcasts: int = 0
    rollups: int = 0


def prune(*, every: dt.timedelta = chores.ALWAYS) -> Pruned | None:
    """Delete what is too old, in batches; return how many rows.

    None if another process is doing so, or did within the last ``every``.
    """
    return chores.take_turn(NAME, _prune, lease=_LEASE, every=every)


def prune_daily() -> Pruned | None:
    """As ``prune``, if that was not done today."""
    return prune(every=_DAILY)


def _prune() -> Pruned:
    return Pruned(
        sessions=_delete(_closed_sessions(), "ended_on", conf.sessions_kept_days),
        acts=_delete(Act.objects.all(), "created_on", conf.sessions_kept_days),
        tokens=_delete(tokens.over(), "created_on", conf.tokens_kept_days),
        refusals=_delete(Refusal.objects.all(), "created_on", conf.refusals_kept_days),
        runs=_delete(_earlier_runs(), "finished_on", conf.runs_kept_days),
        traces=_delete(Trace.objects.all(), "ends_on", conf.traces_kept_days),
        broadcasts=_delete_broadcasts(conf.broadcasts_kept_days),
        rollups=rollups.delete_old(),
    )


def _delete(rows: QuerySet[Any], moment: str, days: int) -> int:
    return batches.delete(_older(rows, moment, days))


def _delete_broadcasts(days: int) -> int:
    """Deletes recipients first: a single broadcast may have a million."""
    ended = Broadcast.objects.alias(ended_on=Coalesce(F("finished_on"), F("created_on")))
    old = _older(ended.filter(state__in=(Broadcast.State.DRAFT, *Broadcast.OVER)), "ended_on", days)
    batches.delete(BroadcastRecipient.objects.filter(broadcast__in=old))
    return batches.delete(old)


def _older(rows: QuerySet[Any], moment: str, days: int) -> QuerySet[Any]:
    """Rows older than so many days; 0 means that all are kept."""
    if not days:
        return rows.none()
    return rows.filter(**{f"{moment}__lt": timezone.now() - dt.timedelta(days=days)})


def _closed_sessions() -> QuerySet[WebSocketSession]:
    ended_on = Coalesce(F("disconnected_on"), F("updated_on"))
    return WebSocketSession.objects.closed().alias(ended_on=ended_on)


def _earlier_runs() -> QuerySet[Run]:
    """All runs but the last of each gateway, which says how the gateway is."""
    later = Run.objects.filter(gateway=OuterRef("gateway"), pk__gt=OuterRef("pk"))
    return Run.objects.filter(Exists(later), Q(finished_on__isnull=False))
