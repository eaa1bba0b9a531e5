"""The ledger: what happened to whom. It adds up at every moment, even if a worker is killed."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from django.contrib.auth import get_user_model
from django.db import DatabaseError
from django.db.models import F
from django.utils import timezone

from apigw_ws.delivery import Result
from apigw_ws.models import Broadcast, BroadcastRecipient, BroadcastSample, BroadcastShard, WebSocketSession
from apigw_ws.services import rollups, sessions, transactions
from apigw_ws.services.broadcasts import sharding

#: The code of sessions that closed before their turn, and of unknown connection IDs.
CLOSED: Final = "Closed"
UNKNOWN: Final = "UnknownConnection"
#: Sessions that are read together.
_PAGE: Final = 500
#: Seconds between attempts while the database does not answer, and attempts: as long as the lease holds.
_PAUSE: Final = 1.0
_TRIES: Final = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What happened to the target at this offset in its shard."""

    offset: int
    connection_id: str
    result: Result = Result.SENT
    session_pk: int | None = None
    user_label: str = ""
    code: str = ""
    said: str = ""

    def told(self, result: Result, code: str = "", said: str = "") -> Entry:
        """The same, with what came of it."""
        return replace(self, result=result, code=code, said=said)


@dataclass(slots=True, kw_only=True)
class Held:
    """A shard that this worker holds, and its entries that are not stored yet."""

    shard: BroadcastShard
    targets: Sequence[int | str]
    entries: list[Entry] = field(default_factory=list)
    #: Another worker has taken it over.
    is_lost: bool = False

    def open_offsets(self) -> list[int]:
        """The offsets of targets that had not had their turn when it was taken."""
        done = set(self.shard.ahead)
        return [n for n in range(self.shard.position, len(self.targets)) if n not in done]

    @property
    def is_complete(self) -> bool:
        return self.shard.position >= len(self.targets)


def pages(held: Held) -> Iterator[Entry]:
    """Yield an entry for each target that has not had its turn: SENT if it is to be sent to, else why not."""
    offsets = held.open_offsets()
    for start in range(0, len(offsets), _PAGE):
        part = offsets[start : start + _PAGE]
        known = _sessions([held.targets[offset] for offset in part])
        for offset in part:
            yield _entry(offset, held.targets[offset], known, held.shard.gateway_id)


def settle(held: Held, payload: bytes) -> None:
    """Store the entries of a shard, to which ``payload`` was sent; if that fails, retry.

    A worker that counted as dead writes nothing: the shard is another's. Raises DatabaseError once the
    lease must be over.
    """
    entries, held.entries = held.entries, []
    if (not entries and not held.is_complete) or held.is_lost:
        return
    position, ahead = _progress(held, entries)
    for left in reversed(range(_TRIES)):
        try:
            held.is_lost = not _write(held, position, ahead, entries)
            break
        except DatabaseError as error:
            if not left:
                raise
            reconnect(error)
            time.sleep(_PAUSE)
    if held.is_lost:
        return
    held.shard.position, held.shard.ahead = position, ahead
    held.shard.version += 1
    _mark_sessions(entries, payload)
    rollups.count_sent((held.shard.gateway_id, entry.result) for entry in entries)


def reconnect(error: DatabaseError) -> None:
    """Have the next query open a new connection; raises the error inside a transaction, which is lost."""
    if transactions.connection().in_atomic_block:
        raise error
    transactions.connection().close()


def _sessions(targets: Sequence[int | str]) -> dict[int | str, tuple[int, str, bool, str]]:
    """By primary key, or where the targets are connection IDs, by those."""
    key = "connection_id" if isinstance(targets[0], str) else "pk"
    name = f"user__{get_user_model().USERNAME_FIELD}"
    rows = WebSocketSession.objects.filter(**{f"{key}__in": targets}).order_by()
    return {row[0]: row[1:] for row in rows.values_list(key, "pk", "connection_id", "connected", name)}


def _entry(
    offset: int,
    target: int | str,
    known: Mapping[int | str, tuple[int, str, bool, str]],
    gateway_id: int | None,
) -> Entry:
    if target in known:
        pk, connection_id, connected, user = known[target]
        entry = Entry(offset=offset, connection_id=connection_id, session_pk=pk, user_label=user or "")
        return entry if connected else entry.told(Result.GONE, CLOSED)
    entry = Entry(offset=offset, connection_id=str(target) if isinstance(target, str) else "")
    if isinstance(target, int):
        return entry.told(Result.GONE, CLOSED)
    return entry if gateway_id else entry.told(Result.FAILED, UNKNOWN)


def _progress(held: Held, entries: Iterable[Entry]) -> tuple[int, list[int]]:
    done = {*held.shard.ahead, *(entry.offset for entry in entries)}
    position = held.shard.position
    while position in done:
        done.remove(position)
        position += 1
    return position, sorted(done)


def _write(held: Held, position: int, ahead: list[int], entries: Sequence[Entry]) -> bool:
    """Write all or nothing; False if the shard is another's by now.

    Only the version shows whether a COMMIT that was not answered has taken effect.
    """
    shard = held.shard
    mine = BroadcastShard.objects.filter(pk=shard.pk, worker=shard.worker)
    over = position >= len(held.targets)
    values = {"position": position, "ahead": ahead, **(sharding.what_is_left(shard) if over else {})}
    with transactions.atomic():
        # Begin with an UPDATE: SQLite refuses to write after a read that another write has overtaken.
        if not mine.filter(version=shard.version).update(version=shard.version + 1, **values):
            after = BroadcastShard.objects.filter(pk=shard.pk, version=shard.version + 1)
            return after.exists() if over else after.filter(worker=shard.worker).exists()
        BroadcastRecipient.objects.bulk_create(_recipients(shard, entries), batch_size=500)
        _sample(shard, entries)
        counts = Counter(str(entry.result) for entry in entries)
        Broadcast.objects.filter(pk=shard.broadcast_id).update(
            **{name: F(name) + more for name, more in counts.items()}
        )
    return True


def _recipients(shard: BroadcastShard, entries: Iterable[Entry]) -> list[BroadcastRecipient]:
    return [
        BroadcastRecipient(
            broadcast_id=shard.broadcast_id,
            connection_id=entry.connection_id,
            session_id=entry.session_pk,
            user_label=entry.user_label,
            result=entry.result,
            code=entry.code[:128],
            error_text=entry.said,
        )
        for entry in entries
        if entry.result is not Result.SENT
    ]


def _sample(shard: BroadcastShard, entries: Sequence[Entry]) -> None:
    sent = sum(entry.result is Result.SENT for entry in entries)
    if not entries:
        return
    at = timezone.now().replace(microsecond=0)
    more: dict[str, Any] = {"sent": sent, "failed": len(entries) - sent}
    same = BroadcastSample.objects.filter(broadcast=shard.broadcast_id, at=at)
    mine = same.order_by("pk").values("pk")[:1]  # several workers may have written one each
    if not BroadcastSample.objects.filter(pk__in=list(mine.values_list("pk", flat=True))).update(
        **{name: F(name) + number for name, number in more.items()}
    ):
        BroadcastSample.objects.create(broadcast_id=shard.broadcast_id, at=at, **more)


def _mark_sessions(entries: Sequence[Entry], payload: bytes) -> None:
    """In a transaction of its own: broadcasts to the same sessions must not wait for each other's locks."""
    sent = [entry.connection_id for entry in entries if entry.result is Result.SENT]
    gone = [entry.connection_id for entry in entries if entry.result is Result.GONE and entry.code != CLOSED]
    if sent:
        sessions.count_sent(sent, payload)
    if gone:
        sessions.mark_gone(gone)
