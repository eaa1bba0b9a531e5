"""Which worker is at which shard, and what each may send in a second."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Final
from uuid import uuid4

from django.db.models import Q, QuerySet
from django.utils import timezone

from apigw_ws.conf import conf
from apigw_ws.models import Broadcast, BroadcastShard

#: For as long a worker that says nothing counts as alive.
LEASE: Final = dt.timedelta(seconds=30)
#: Free shards that are looked at together, because other workers look, too.
_NEXT: Final = 8


class Claims:
    """The shards of a broadcast that one worker holds."""

    def __init__(self, broadcast: Broadcast) -> None:
        self._broadcast = broadcast
        self._worker = uuid4().hex

    def take(self, *gateway: int | None, without: Collection[int | None] = ()) -> BroadcastShard | None:
        """Take over a shard at which nobody is or whose worker is silent.

        Of that gateway, if one is said, and of none of those it is to be ``without``.
        """
        while candidates := list(self._free(*gateway).exclude(gateway__in=list(without))[:_NEXT]):
            for pk in candidates:
                until = timezone.now() + LEASE
                if self._free(*gateway).filter(pk=pk).update(worker=self._worker, held_until=until):
                    return BroadcastShard.objects.select_related("broadcast", "gateway__account").get(pk=pk)
        return None

    def renew(self) -> None:
        self._mine().update(held_until=timezone.now() + LEASE)

    def give_back(self) -> None:
        """What is not done is for whoever comes next."""
        self._mine().update(worker="", held_until=None)

    def share(self, pool: str) -> float:
        """Messages per second for this worker: the ceilings, divided among those who are alive.

        One is that of the account and region, for all broadcasts; the other may be this broadcast's own.
        """
        alive = BroadcastShard.objects.filter(held_until__gt=timezone.now())
        share = conf.broadcast_rate / _workers(alive.filter(pool=pool))
        if self._broadcast.rate:
            share = min(share, self._broadcast.rate / _workers(alive.filter(broadcast=self._broadcast)))
        return share

    def _free(self, *gateway: int | None) -> QuerySet[BroadcastShard, int]:
        shards = free_shards(self._broadcast)
        if gateway:
            shards = shards.filter(gateway=gateway[0])
        return shards.order_by("number").values_list("pk", flat=True)

    def _mine(self) -> QuerySet[BroadcastShard]:
        return BroadcastShard.objects.filter(broadcast=self._broadcast, worker=self._worker)


def free_shards(broadcast: Broadcast) -> QuerySet[BroadcastShard]:
    """Those that are not done and at which no living worker is."""
    is_free = Q(held_until=None) | Q(held_until__lte=timezone.now())
    return BroadcastShard.objects.filter(is_free, broadcast=broadcast, is_done=False)


def _workers(shards: QuerySet[BroadcastShard]) -> int:
    return max(1, shards.order_by().values("worker").distinct().count())
