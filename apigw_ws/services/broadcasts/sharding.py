"""Cuts an audience into shards, each of which one worker at a time sends to."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Any, Final

from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from apigw_ws.conf import conf
from apigw_ws.models import ApiGateway, Broadcast, BroadcastShard
from apigw_ws.services import transactions
from apigw_ws.services.broadcasts import audiences, jobs, queue

State = Broadcast.State

#: Rows that are fetched, and shards that are stored, together.
_ROWS: Final = 10_000
_SHARDS: Final = 20

#: What is read of an audience: the primary keys of each gateway's sessions, eight bytes each.
_Found = dict[int | None, "array[int]"]


def begin(broadcast: Broadcast) -> bool:
    """Choose the recipients and have it sent; return whether it begins now. It begins at most once.

    All in one transaction, so that a killed worker leaves nothing half done.
    """
    if broadcast.total is None:
        jobs.move(broadcast, (State.CANCELLING,), State.CANCELLED, total=0, finished_on=timezone.now())
    if broadcast.state == State.SCHEDULED and (broadcast.scheduled_for or timezone.now()) <= timezone.now():
        jobs.move(broadcast, (State.SCHEDULED,), State.QUEUED)
    if broadcast.state != State.QUEUED:
        return False
    if broadcast.expires_on and broadcast.expires_on <= timezone.now():
        problem = _("No worker began it before it expired, so nobody got it. See that one is running.")
        jobs.move(
            broadcast, (State.QUEUED,), State.FAILED, total=0, finished_on=timezone.now(), error_text=problem
        )
        return False
    found = _read(broadcast)
    strangers = audiences.strangers(broadcast.audience)
    total = sum(map(len, found.values())) + len(strangers)
    with transactions.atomic():
        values = {"total": total, "started_on": timezone.now()}
        if not jobs.move(broadcast, (State.QUEUED,), State.SENDING, **values):
            return False
        shards = _shards(broadcast, found, strangers)
        while batch := list(islice(shards, _SHARDS)):
            BroadcastShard.objects.bulk_create(batch)
    queue.send(broadcast, broadcast.shards.count())
    return True


def targets_of(shard: BroadcastShard) -> list[int | str]:
    """Return the shard's targets; without a snapshot they are chosen, and the total updated, now.

    Only for the worker that holds the shard.
    """
    if shard.targets is None:
        found = audiences.queryset(shard.broadcast.audience).filter(
            api_gateway=shard.gateway_id, pk__gt=shard.after_pk
        )
        if shard.last_pk is not None:
            found = found.filter(pk__lte=shard.last_pk)
        chosen = list(found.order_by("pk").values_list("pk", flat=True)[: conf.broadcast_shard])
        mine = BroadcastShard.objects.filter(pk=shard.pk, worker=shard.worker, targets__isnull=True)
        with transactions.atomic():
            if not mine.update(targets=chosen, size=len(chosen)):
                return []
            Broadcast.objects.filter(pk=shard.broadcast_id).update(
                total=F("total") + (len(chosen) - shard.size)
            )
        shard.targets, shard.size = chosen, len(chosen)
    return list(shard.targets)


def what_is_left(shard: BroadcastShard) -> dict[str, Any]:
    """Mark a shard whose targets all had their turn as done, or continue it with newcomers."""
    targets: Sequence[Any] = shard.targets or ()
    if shard.broadcast.snapshot or len(targets) < conf.broadcast_shard:
        return {"is_done": True, "held_until": None, "worker": ""}
    fresh = {"targets": None, "size": 0, "position": 0, "ahead": [], "after_pk": targets[-1]}
    return {**fresh, "held_until": None, "worker": ""}


def _read(broadcast: Broadcast) -> _Found:
    """One query, so that the snapshot is of one moment, and no cursor is open during writes."""
    found: _Found = {}
    rows = audiences.queryset(broadcast.audience).order_by("pk").values_list("api_gateway_id", "pk")
    for gateway, pk in rows.iterator(_ROWS):
        found.setdefault(gateway, array("q")).append(pk)
    return found


def _shards(broadcast: Broadcast, found: _Found, strangers: list[str]) -> Iterator[BroadcastShard]:
    size = conf.broadcast_shard
    named = broadcast.audience.get("gateway")
    gateways = {gateway.pk: gateway for gateway in ApiGateway.objects.select_related("account")}
    if not broadcast.snapshot:
        for pk in [named] if named else [pk for pk, one in gateways.items() if one.api_endpoint]:
            found.setdefault(pk, array("q"))
    parts: Iterable[dict[str, Any]] = (
        {"gateway": gateways.get(gateway or 0), **part}
        for gateway, keys in found.items()
        for part in _parts(keys, size, snapshot=broadcast.snapshot)
    )
    unknown = (
        {"gateway": gateways.get(named or 0), "targets": part, "size": len(part)}
        for part in _cut(strangers, size)
    )
    for number, part in enumerate(chain(parts, unknown)):
        yield BroadcastShard(broadcast=broadcast, number=number, pool=_pool(part["gateway"]), **part)


def _parts(keys: array[int], size: int, *, snapshot: bool) -> Iterator[dict[str, Any]]:
    if snapshot:
        for part in _cut(keys, size):
            yield {"targets": part.tolist(), "size": len(part)}
        return
    after = 0
    for part in _cut(keys, size):
        last = part[-1] if part[-1] != keys[-1] else None
        yield {"after_pk": after, "last_pk": last, "size": len(part)}
        after = part[-1]
    if not keys:
        yield {"size": 0}


def _cut(items: Any, size: int) -> Iterator[Any]:
    return (items[start : start + size] for start in range(0, len(items), size))


def _pool(gateway: ApiGateway | None) -> str:
    """What AWS's rate limit covers: https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html."""
    return f"{gateway.account_id or ''}:{gateway.home_region}"[:64] if gateway else ""
