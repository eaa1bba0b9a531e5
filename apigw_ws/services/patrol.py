"""Looks at gateways in AWS while nobody does, so that drift and the ends of certificates are known."""

from __future__ import annotations

import datetime as dt
import math
import time
from collections import Counter
from dataclasses import dataclass
from typing import Final

from django.db.models import F, Q, QuerySet
from django.utils import timezone

from apigw_ws.conf import conf
from apigw_ws.models import ApiGateway, Sighting
from apigw_ws.services import chores, domains, observation, sightings

NAME: Final = "patrol"

#: Gateways of one tick. Each costs some ten calls, of which AWS grants an account ten a second:
#: https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
MOST: Final = 20
#: Seconds after which no further look is begun in a tick, and seconds that one may take.
_TICK: Final = 20
_LOOK: Final = 20
_LEASE: Final = dt.timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What one tick has looked at, in gateways."""

    seen: int = 0
    #: AWS refused, or has not answered.
    unseen: int = 0


def tick(*, every: dt.timedelta = chores.ALWAYS) -> Report | None:
    """Look at the deployed gateways whose turn it is; each has its turn every LOOK_INTERVAL.

    AWS is only read, as each gateway's account. None where that is turned off, where another process is at
    it, or was within the last ``every``.
    """
    return chores.take_turn(NAME, _tick, lease=_LEASE, every=every) if conf.look_interval else None


def missed() -> list[Sighting]:
    """Of deployed gateways that could not be seen the last time; the one not seen for longest first."""
    tried = Sighting.objects.exclude(problem="").exclude(gateway__deployment_id="").defer("observation")
    return list(tried.select_related("gateway").order_by(F("seen_on").asc(nulls_first=True), "pk"))


def _tick() -> Report:
    """No more than its share of an interval, so that AWS is asked evenly."""
    deployed = ApiGateway.objects.exclude(deployment_id="")
    share = math.ceil(deployed.count() * conf.reaper_interval / conf.look_interval)
    deadline, found = time.monotonic() + _TICK, Counter[str]()
    for gateway in _due(deployed)[: min(share, MOST)]:
        if time.monotonic() > deadline:
            break
        found["seen" if _seen(gateway) else "unseen"] += 1
    return Report(**found)


def _due(deployed: QuerySet[ApiGateway]) -> QuerySet[ApiGateway]:
    """Those longest not tried first."""
    # A little earlier, or a tick that comes a moment too soon would leave them to the next.
    before = timezone.now() - dt.timedelta(seconds=0.9 * conf.look_interval)
    tried_on = F("sighting__tried_on")
    due = deployed.filter(Q(sighting__tried_on=None) | Q(sighting__tried_on__lte=before))
    return due.select_related("account").order_by(tried_on.asc(nulls_first=True), "pk")


def _seen(gateway: ApiGateway) -> bool:
    """Look at the gateway and its domain, and write down what was seen, or why the gateway was not.

    That it is tried is written down before: whatever a look does, the next tick goes on with another.
    """
    sightings.note(gateway, tried_on=timezone.now())
    (sight,) = observation.observe([gateway], budget=_LOOK)
    found = observation.noted(sight)
    if gateway.domain_name and not sight.problem:
        found |= domains.noted(domains.observe(gateway, budget=_LOOK))
    sightings.note(gateway, problem=str(sight.problem or ""), **found)
    return not sight.problem
