"""How much of each kind waits for somebody, for every page's menu: cheap, half a minute old, without AWS."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, Final

from django.core.cache import cache
from django.db.models import Exists, OuterRef, Q, Sum
from django.utils import timezone

from apigw_ws.models import ApiGateway, Broadcast, Refusal, Run
from apigw_ws.services import doctor, health

#: For how many seconds a count is kept; where processes share a cache, by all of them.
KEPT: Final = 30
#: How far back a failed run counts.
RECENT: Final = dt.timedelta(days=1)
#: Refusals in an hour that are nothing to look at, and how many times the day's mean is.
USUAL: Final = 10
RISING: Final = 2

_HOUR: Final = dt.timedelta(hours=1)
_STATE: Final = Broadcast.State
_IN_FLIGHT: Final = (_STATE.QUEUED, _STATE.SENDING, _STATE.PAUSED, _STATE.CANCELLING)


def of(*kinds: str) -> dict[str, int]:
    """How many there are of each of these ``KINDS``; nothing is counted for those that are not asked for."""
    keys = {key(kind): kind for kind in kinds}
    known: dict[str, int] = cache.get_many(keys)
    counted = {name: KINDS[kind]() for name, kind in keys.items() if name not in known}
    if counted:
        cache.set_many(counted, KEPT)
    return {kind: {**known, **counted}[name] for name, kind in keys.items()}


def key(kind: str) -> str:
    """Where the cache has the count."""
    return f"apigw_ws:attention:{kind}"


def failed_runs() -> int:
    """Those of the last day after which no run of the gateway came to its end."""
    mended = Run.objects.filter(gateway=OuterRef("gateway"), pk__gt=OuterRef("pk"), state=Run.State.DONE)
    recent = Q(started_on__gte=timezone.now() - RECENT, state__in=health.BROKEN)
    return health.tried().filter(recent, ~Exists(mended)).order_by().count()


def broadcasts_in_flight() -> int:
    """Those that have begun, or wait for a worker, and are not over; paused ones, too."""
    return Broadcast.objects.filter(state__in=_IN_FLIGHT).count()


def drifted_gateways() -> int:
    """Those in which AWS differed from the record when it was last seen, and that were not applied since."""
    judged = ApiGateway.objects.select_related("sighting")
    judged = judged.only("deployment_id", "updated_on", "sighting__seen_on", "sighting__pending")
    states = Counter(each.state for each in health.of([*judged]))
    return states[health.State.NEEDS_APPLY]


def refusals_above_normal() -> int:
    """Those of the last hour, where they are far more than in an hour of the day before; else 0."""
    now = timezone.now()
    in_hour = Q(created_on__gte=now - _HOUR)
    rows = Refusal.objects.filter(created_on__gte=now - _HOUR - RECENT).order_by()
    sums: Mapping[str, Any] = rows.aggregate(
        hour=Sum("times", filter=in_hour, default=0), before=Sum("times", filter=~in_hour, default=0)
    )
    usual = max(USUAL, RISING * sums["before"] / (RECENT / _HOUR))
    return int(sums["hour"]) if sums["hour"] > usual else 0


#: What can wait for somebody.
KINDS: Final[Mapping[str, Callable[[], int]]] = {
    "failed_runs": failed_runs,
    "broadcasts_in_flight": broadcasts_in_flight,
    "drifted_gateways": drifted_gateways,
    "refusals_above_normal": refusals_above_normal,
    "problems": doctor.problems,
}
