"""Records refusals, the only writer of ``Refusal``: who was refused, by which guard, and why."""

from __future__ import annotations

import logging
import time
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db import DatabaseError
from django.db.models import Q, Sum, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from apigw_ws.conf import conf
from apigw_ws.exceptions import Refused
from apigw_ws.models import ApiGateway, Refusal
from apigw_ws.services import rollups
from apigw_ws.services.access import NOT_ATTEMPTS, block_of

logger = logging.getLogger("apigw_ws.access")

#: Guards before the secret has proved a gateway: anybody on the Internet can cause any number of refusals.
#: These have a tenth of the room to themselves, so that they displace no others.
_ANYBODYS: Final = ("request", "headers", "gateway", "secret")
#: Rows that a process writes per minute: for each of those, and for each other guard and address.
_OF_ANYBODY: Final = 100
_OF_ADDRESS: Final = 20


@dataclass(slots=True, kw_only=True)
class _Tally:
    """The rows of one kind that a process wrote this minute, and the refusals left out since the last."""

    minute: float
    written: int = 0
    left: int = 0


_TALLIES_KEPT: Final = 10_000
_tallies: dict[Hashable, _Tally] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tallied:
    """How often a guard refused for a reason."""

    guard: str
    reason: str
    last_hour: int
    last_day: int


def record(
    refused: Refused,
    *,
    phase: str,
    user: AbstractBaseUser | AnonymousUser,
    gateway: ApiGateway | None = None,
    ip_address: str | None = None,
    **seen: str,
) -> None:
    """Store a refusal; ``seen`` are further fields. One write at most.

    In a flood a row stands for several (``Refusal.times``): a process writes twenty a minute for a guard
    and address, or a hundred of what came without the secret. The newest REFUSALS_KEPT are kept, of what
    came without the secret a tenth as many. A database error is logged; the client is refused anyway.
    """
    connection_id = seen.get("connection_id", "")
    logger.info("Refused %s %s by %s: %s", phase, connection_id, refused.guard, refused)
    rollups.count(gateway.pk if gateway else None, refusals=1)
    block = block_of(ip_address)
    times = _times(refused.guard, phase, block)
    if not times:
        return
    try:
        row = Refusal.objects.create(
            guard=refused.guard,
            phase=phase,
            status=refused.status,
            reason=refused.reason[:255],
            facts=_plain(refused.facts),
            api_gateway=gateway,
            user_id=user.pk if user.is_authenticated else None,
            ip_address=ip_address,
            address_block=block,
            times=times,
            **seen,
        )
        if row.pk % max(1, conf.refusals_kept // 100) == 0:  # rarely: a flood costs little more
            _forget_old()
    except DatabaseError:
        logger.exception("A refusal could not be recorded.")


def _forget_old() -> None:
    """Delete the refusals beyond REFUSALS_KEPT, and those older than REFUSALS_KEPT_DAYS."""
    anybodys = Refusal.objects.filter(guard__in=_ANYBODYS)
    others = Refusal.objects.exclude(guard__in=_ANYBODYS)
    for rows, kept in ((anybodys, max(1, conf.refusals_kept // 10)), (others, conf.refusals_kept)):
        for newest_that_goes in rows.order_by("-pk").values_list("pk", flat=True)[kept : kept + 1]:
            rows.filter(pk__lte=newest_that_goes).delete()
    if days := conf.refusals_kept_days:
        Refusal.objects.filter(created_on__lt=timezone.now() - timedelta(days=days)).delete()


def top(number: int) -> list[Tallied]:
    """Return the most frequent reasons of the last day; one query."""
    now = timezone.now()
    lately = Sum("times", filter=Q(created_on__gt=now - timedelta(hours=1)), default=0)
    rows = (
        Refusal.objects.filter(created_on__gt=now - timedelta(days=1))
        .order_by()
        # Not a plain column, whose index would make SQLite read all days.
        .values("reason", by=Coalesce("guard", Value("")))
        .annotate(last_day=Sum("times"), last_hour=lately)
    )
    found = rows.order_by("-last_day", "by", "reason")[:number]
    return [
        Tallied(guard=row["by"], reason=row["reason"], last_hour=row["last_hour"], last_day=row["last_day"])
        for row in found
    ]


def of_bans() -> Mapping[int, int]:
    """Return how often each ban has refused somebody, as far as refusals are kept, by primary key."""
    rows = Refusal.objects.filter(guard="ban").order_by().values_list("facts__ban").annotate(Sum("times"))
    return dict(rows)


def _times(guard: str, phase: str, block: str | None) -> int:
    """How many refusals a row written now stands for; 0: none is written."""
    if guard in _ANYBODYS:
        return _counted(guard, _OF_ANYBODY)
    most = _OF_ADDRESS
    if phase == "connect" and guard not in NOT_ATTEMPTS:
        most = max(most, conf.connect_rate_limit)  # these rows count as attempts, so the limit bounds them
    return _counted((guard, phase, block), most)


def _counted(kind: Hashable, most: int) -> int:
    minute = time.monotonic() // 60
    tally = _tallies.get(kind)
    if tally is None:
        if len(_tallies) >= _TALLIES_KEPT:
            _tallies.clear()
        tally = _tallies[kind] = _Tally(minute=minute)
    if tally.minute != minute:
        tally.minute, tally.written = minute, 0
    if tally.written >= most:
        tally.left += 1
        return 0
    tally.written += 1
    times, tally.left = tally.left + 1, 0
    return times


def _plain(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Shortened, and without NUL and lone surrogates, which PostgreSQL's jsonb refuses."""
    texts = {
        key: value.replace("\0", "").encode(errors="replace").decode()[:255]
        for key, value in facts.items()
        if isinstance(value, str)
    }
    return {**facts, **texts}
