"""Claims: which worker holds which shard, and how much each may send per second."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Final
from uuid import uuid4

from django.db.models import Q, QuerySet
from django.utils import timezone

from apigw_ws.conf import conf
from apigw_ws.models import Broadcast, BroadcastShard

#: How long a silent worker counts as alive.
LEASE: Final = dt.timedelta(seconds=30)
#: How many free shards are read at once, because other workers compete for them.
_NEXT: Final = 8


class Claims:
    """The shards of a broadcast that one worker holds."""

    def __init__(self, broadcast: Broadcast) -> None:
        self._broadcast = broadcast
        self._worker = uuid4().hex

    def take(self, *gateway: int | None, without: Collection[int | None] = ()) -> BroadcastShard | None:
        """Take a shard that nobody holds or whose worker is silent.

        Only of ``gateway``, if one is given, and of none that is in ``without``.
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
        """Release the shards; what is not done is left to the next worker."""
        self._mine().update(worker="", held_until=None)

    def share(self, pool: str) -> float:
        """Return this worker's messages per second: the limits, divided among all living workers.

        One limit is for the account and region, for all broadcasts; this broadcast may have its own.
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
    """Shards that are not done and that no living worker holds."""
    is_free = Q(held_until=None) | Q(held_until__lte=timezone.now())
    return BroadcastShard.objects.filter(is_free, broadcast=broadcast, is_done=False)


def _workers(shards: QuerySet[BroadcastShard]) -> int:
    return max(1, shards.order_by().values("worker").distinct().count())
