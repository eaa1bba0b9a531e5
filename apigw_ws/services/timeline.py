"""The timeline of a connection: what happened, the newest first.

The last messages are stored in ``WebSocketSession.recent``, a line each, by the UPDATE that counts them
anyway; everything else comes from rows that exist.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from typing import Any, Final

from django.db.models import F, Func, Q, TextField, Value
from django.utils import timezone

from apigw_ws.conf import conf
from apigw_ws.models import Refusal, WebSocketSession

#: The most characters of a line; the column has room for TIMELINE_MESSAGES of them.
_LINE: Final = 64
_HANDLER: Final = 24
#: How long ago a handler failed lately.
_LATELY: Final = dt.timedelta(hours=1)
#: The most refusals of a connection that are shown.
_REFUSALS: Final = 20


class Kind(StrEnum):
    CONNECTED = "connected"
    JOINED = "joined"
    LEFT = "left"
    #: From its first channel to another.
    MOVED = "moved"
    MESSAGE = "message"
    SENT = "sent"
    REFUSED = "refused"
    CLOSED = "closed"


#: The letter that a line begins with.
_LETTERS: Final = {Kind.MESSAGE: "m", Kind.SENT: "s", Kind.LEFT: "l", Kind.MOVED: "c"}
_KINDS: Final = {letter: kind for kind, letter in _LETTERS.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Handled:
    """How a message was answered: the handler, the status, and the milliseconds it took."""

    handler: str
    status: int
    duration_ms: int

    @property
    def failed(self) -> bool:
        return self.status >= HTTPStatus.INTERNAL_SERVER_ERROR


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    kind: Kind
    at: dt.datetime
    #: The channel, the guard that refused, or who closed it.
    what: str = ""
    detail: str = ""
    #: Of a message, in bytes.
    size: int = 0
    handled: Handled | None = None
    #: Bytes of the reply; None if there was none.
    reply: int | None = None
    #: How many refusals the row stands for.
    times: int = 1


def of(session: WebSocketSession) -> list[Happening]:
    """Return all that is known of the session, the newest first; three queries at most.

    Only the last TIMELINE_MESSAGES messages are known, and nothing that was deleted.
    """
    told = [*_began(session), *_joined(session), *_noted(session.recent), *_refused(session)]
    told += _ended(session)
    # Lines have milliseconds: what happened within the same one stays in this order.
    return sorted(told, key=lambda each: int(each.at.timestamp() * 1000))[::-1]


def message(*, received: int, sent: int | None, handled: Handled) -> str:
    """Return the line of a message of ``received`` bytes and its reply of ``sent`` bytes; None: no reply."""
    facts = (received, handled.status, handled.duration_ms, "-" if sent is None else sent)
    return _line(Kind.MESSAGE, *facts, handled.handler[:_HANDLER])


def outbound(size: int, at: dt.datetime | None = None) -> str:
    """Return the line of a message that was sent, now or ``at``."""
    return _line(Kind.SENT, size, at=at.timestamp() if at else None)


def channel(kind: Kind, name: str) -> str:
    """Return the line of a channel that the session has left or moved to."""
    return _line(kind, name)


def failed() -> Q:
    """The sessions at a message of which a handler failed in the last hour."""
    return Q(failed_on__gt=timezone.now() - _LATELY)


def noting(line: str) -> dict[str, Any]:
    """Return what ``update()`` of sessions takes to add a line and drop those beyond the limit."""
    if not conf.timeline_messages:
        return {}
    return {"recent": _Longer(F("recent"), Value(line), most=conf.timeline_messages * _LINE)}


class _Longer(Func):
    """The last ``most`` characters of two texts joined.

    Django's Right(Concat()) does the same, but compiling its SQL takes a third of a message's time.
    """

    arg_joiner = " || "
    template = "RIGHT(%(expressions)s, %(most)d)"
    output_field = TextField()

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        return self.as_sql(compiler, connection, template="SUBSTR(%(expressions)s, -%(most)d)", **extra)


def _line(kind: Kind, *facts: object, at: float | None = None) -> str:
    """A line begins with the line break, so anything before the first one is the rest of a cut line."""
    moment = f"{int((time.time() if at is None else at) * 1000):x}"
    text = " ".join(str(fact) for fact in (_LETTERS[kind], moment, *facts))
    return "\n" + " ".join(text.split())


def _noted(recent: str) -> list[Happening]:
    if not conf.timeline_messages:
        return []
    found = [read for line in recent.split("\n")[1:] if (read := _read(line))]
    return found[-conf.timeline_messages :]


def _read(line: str) -> Happening | None:
    """None for a line that was not written here."""
    try:
        letter, moment, *facts = line.split(" ")
        kind, at = _KINDS[letter], dt.datetime.fromtimestamp(int(moment, 16) / 1000, dt.UTC)
        if kind is Kind.MESSAGE:
            received, status, duration_ms, sent, *handler = facts
            handled = Handled(handler=" ".join(handler), status=int(status), duration_ms=int(duration_ms))
            reply = None if sent == "-" else int(sent)
            return Happening(kind=kind, at=at, size=int(received), handled=handled, reply=reply)
        if kind is Kind.SENT:
            return Happening(kind=kind, at=at, size=int(facts[0]))
        return Happening(kind=kind, at=at, what=" ".join(facts))
    except (LookupError, ValueError, OverflowError, OSError):
        return None


def _began(session: WebSocketSession) -> Iterator[Happening]:
    yield Happening(kind=Kind.CONNECTED, at=session.created_on)


def _joined(session: WebSocketSession) -> Iterator[Happening]:
    for membership in session.memberships.all():
        yield Happening(kind=Kind.JOINED, at=membership.joined_on, what=membership.name)


def _refused(session: WebSocketSession) -> Iterator[Happening]:
    newest = Refusal.objects.filter(connection_id=session.connection_id)[:_REFUSALS]
    for row in reversed(list(newest)):
        yield Happening(kind=Kind.REFUSED, at=row.created_on, what=row.guard, detail=row.why, times=row.times)


def _ended(session: WebSocketSession) -> Iterator[Happening]:
    if session.connected:
        return
    code = "" if session.close_code is None else str(session.close_code)
    yield Happening(
        kind=Kind.CLOSED,
        at=session.disconnected_on or session.updated_on or timezone.now(),
        what=session.closed_by,
        detail=" ".join(filter(None, (code, session.why_closed))),
    )
