"""Starts and stops traces, and captures messages: the only writer of ``Trace`` and ``TraceEntry``.

Each process reads the running traces every two seconds: while none runs, a message costs no query,
and a trace begins up to two seconds late. While one runs, a message that it matches costs an UPDATE, which
counts it if there is room and time left, and an INSERT, in a transaction.
"""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django.core.exceptions import ValidationError
from django.db import DatabaseError
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from apigw_ws.conf import conf
from apigw_ws.models import AuditEvent, ChannelMembership, Trace, TraceEntry, WebSocketSession
from apigw_ws.services import audit, transactions
from apigw_ws.services.redaction import keep
from apigw_ws.services.timeline import Handled

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser

logger = logging.getLogger("apigw_ws.traces")

#: Seconds until a trace that another process started or stopped counts here, at the latest.
MAX_AGE: Final = 2.0
#: The most minutes that a trace may run.
LONGEST: Final = 60
#: The most traces that run at a time: every message is compared with each.
AT_ONCE: Final = 20
#: The most sessions that are followed because the channel is a further one of theirs.
_MEMBERS: Final = 10_000
#: The most copies of a message to many that are captured.
_OF_ONE_SEND: Final = 100

Direction = TraceEntry.Direction
#: The fields of an entry, without its connection.
Captured = dict[str, Any]


@dataclass(slots=True, kw_only=True)
class _Running:
    trace: Trace
    #: Sessions for which its channel is a further one.
    members: frozenset[int] = frozenset()

    def __post_init__(self) -> None:
        if name := self.trace.channel_name:
            members = ChannelMembership.objects.filter(name=name, session__connected=True)
            self.members = frozenset(members.values_list("session_id", flat=True)[:_MEMBERS])

    def matches(self, session: WebSocketSession) -> bool:
        trace = self.trace
        if trace.channel_name:
            return session.channel_name == trace.channel_name or session.pk in self.members
        if trace.ip_address:
            return session.ip_address == trace.ip_address
        if trace.connection_id:
            return session.connection_id == trace.connection_id
        return session.user_id == trace.user_id

    def among(self, connection_ids: Collection[str]) -> Collection[str]:
        """Return those of the connections that it follows, at most _OF_ONE_SEND; one query."""
        trace = self.trace
        if trace.connection_id:
            return [trace.connection_id] if trace.connection_id in connection_ids else []
        if trace.channel_name:
            whose = Q(channel_name=trace.channel_name) | Q(memberships__name=trace.channel_name)
        else:
            whose = Q(ip_address=trace.ip_address) if trace.ip_address else Q(user=trace.user_id)
        found = WebSocketSession.objects.filter(whose, connection_id__in=connection_ids).order_by().distinct()
        return list(found.values_list("connection_id", flat=True)[:_OF_ONE_SEND])

    def captured(self, direction: Direction, payload: bytes, **answered: object) -> Captured:
        """Return what may be kept of a message."""
        keys = (*conf.trace_redacted_keys, *self.trace.redacted_keys.split(","))
        kept = keep(payload, keys, whole_texts=self.trace.whole_texts)
        what = {"direction": direction, "size": len(payload), "payload": kept.text, "is_cut": kept.is_cut}
        return {"at": timezone.now(), **what, **answered}


_looked_at = 0.0
_running: Sequence[_Running] = ()


def check(trace: Trace, *, minutes: int) -> None:
    """Raise ValidationError unless it has one subject, up to LONGEST minutes, and fewer than AT_ONCE run."""
    if not 1 <= minutes <= LONGEST:
        raise ValidationError(_("A trace runs for 1 to %d minutes.") % LONGEST)
    if Trace.objects.running().count() >= AT_ONCE:
        raise ValidationError(_("%d traces run already. Stop one of them first.") % AT_ONCE)
    trace.ends_on = timezone.now() + dt.timedelta(minutes=minutes)
    trace.full_clean()


def start(trace: Trace, *, minutes: int, by: AbstractBaseUser | None = None, ip: str | None = None) -> Trace:
    """Follow the trace's subject for ``minutes``; return the stored trace. Raises as ``check`` does."""
    check(trace, minutes=minutes)
    trace.created_by = by  # type: ignore[assignment]
    with transactions.atomic():
        trace.save(force_insert=True)
        after = {"reason": trace.reason, "minutes": minutes, "whole_texts": trace.whole_texts}
        audit.record(AuditEvent.Verb.TRACE, None, what=named(trace), by=by, ip=ip, after=after)
    _changed()
    return trace


def stop(trace: Trace, *, by: AbstractBaseUser | None, ip: str | None = None) -> bool:
    """Stop the trace; return whether it was running until now."""
    if not Trace.objects.running().filter(pk=trace.pk).update(stopped_on=timezone.now()):
        return False
    audit.record(AuditEvent.Verb.STOP_TRACE, None, what=named(trace), by=by, ip=ip)
    _changed()
    return True


def delete(trace: Trace, *, by: AbstractBaseUser | None, ip: str | None = None) -> None:
    """Delete the trace with all that it captured, stopping it first."""
    what, count = named(trace), trace.entries.count()
    before = {"reason": trace.reason, "entries": count}
    recorded = audit.recorded(AuditEvent.Verb.DELETE_TRACE, None, what=what, by=by, ip=ip, before=before)
    with recorded, transactions.atomic():
        # Locks the row: a message that is being captured is deleted, too, and no further one is captured.
        Trace.objects.filter(pk=trace.pk).update(stopped_on=timezone.now())
        trace.delete()
    _changed()


def delete_of_user(user: AbstractBaseUser) -> None:
    """As ``delete``, for the traces of a user who is about to be deleted."""
    for trace in Trace.objects.filter(user=user.pk):
        delete(trace, by=None)


def named(trace: Trace) -> str:
    """Return “trace of lobby”, for the audit trail; without an address, which not everybody may see."""
    return _("trace of %s") % trace


def following(session: WebSocketSession) -> list[Trace]:
    """Return the running traces that capture the session's messages."""
    return [trace for trace in Trace.objects.running() if _Running(trace=trace).matches(session)]


def forget() -> None:
    """Read the running traces again when the next message comes."""
    global _looked_at
    _looked_at = 0.0


def exchanged(session: WebSocketSession, message: bytes, reply: bytes | None, handled: Handled) -> None:
    """Capture a message that came in, and its reply, for the traces that follow the session.

    Never raises; a database error is logged.
    """
    answered = {"handler": handled.handler[:128], "status": handled.status}
    answered |= {"duration_ms": handled.duration_ms}
    for running in _look():
        if running.matches(session):
            came = running.captured(Direction.IN, message, **answered)
            replied = [] if reply is None else [running.captured(Direction.REPLY, reply)]
            _keep(running, [session.connection_id], came, *replied)


def sent(connection_ids: Collection[str], payload: bytes) -> None:
    """Capture a message that AWS took for these connections, for the traces that follow some of them.

    At most a hundred for each call and trace. Never raises.
    """
    for running in _look():
        try:
            followed = running.among(connection_ids)
        except DatabaseError:
            logger.exception("A trace cannot be looked up.")
            continue
        if followed:
            _keep(running, followed, running.captured(Direction.OUT, payload))


def _keep(running: _Running, connection_ids: Collection[str], *messages: Captured) -> None:
    """Store the messages for each connection, unless the trace has ended or was deleted meanwhile.

    The UPDATE locks the trace, so that it cannot be deleted before its entries are stored.
    """
    trace, times = running.trace, len(connection_ids)
    counted = {
        "entry_count": F("entry_count") + times * len(messages),
        "character_count": F("character_count") + times * sum(len(each["payload"]) for each in messages),
    }
    rows = [
        TraceEntry(trace=trace, connection_id=connection_id, **message)
        for connection_id in connection_ids
        for message in messages
    ]
    try:
        with transactions.atomic():
            if Trace.objects.running().filter(pk=running.trace.pk).update(**counted):
                TraceEntry.objects.bulk_create(rows)
            else:
                forget()
    except DatabaseError:
        logger.exception("A trace cannot be written.")


def _look() -> Sequence[_Running]:
    """The running traces, at most MAX_AGE seconds old."""
    global _looked_at, _running
    if not _looked_at or time.monotonic() - _looked_at > MAX_AGE:
        _looked_at = time.monotonic()  # first, so that other threads go on with what is known
        try:
            _running = [_Running(trace=trace) for trace in Trace.objects.running()]
        except DatabaseError:
            logger.exception("Traces cannot be read.")
            _running = ()
    return _running


def _changed() -> None:
    """Forget now, and again on commit: until then another thread would read the old rows."""
    forget()
    transactions.on_commit(forget)
