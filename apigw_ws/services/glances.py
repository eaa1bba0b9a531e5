"""What AWS says of a gateway while somebody waits: quickly, or as it was when it was last seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Generic, TypeVar

from django.core.cache import cache
from django.utils import timezone

from apigw_ws.exceptions import ApigwWsError
from apigw_ws.models import ApiGateway
from apigw_ws.services import endpoints

T = TypeVar("T")

#: Seconds that AWS may take for one answer.
BUDGET: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Glance(Generic[T]):
    """Without a problem it is so now, with one it was so on ``seen_on``, if it was ever seen."""

    found: T | None = None
    seen_on: datetime | None = None
    problem: ApigwWsError | None = None


def glance(gateway: ApiGateway, look: Callable[[ApiGateway], T], *, keep: bool = False) -> Glance[T]:
    """What ``look`` finds. What it raises as ApigwWsError is the glance's problem.

    To ``keep`` is for what holds no secret: it is in the cache until the next look.
    """
    key = f"apigw_ws:glance:{look.__module__}.{look.__qualname__}:{gateway.pk}"
    try:
        with endpoints.quickly(BUDGET):
            seen = Glance(found=look(gateway), seen_on=timezone.now())
    except ApigwWsError as problem:
        before: Glance[T] = (cache.get(key) if keep else None) or Glance()
        return Glance(found=before.found, seen_on=before.seen_on, problem=problem)
    if keep:
        cache.set(key, seen, timeout=None)
    return seen
