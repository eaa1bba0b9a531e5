"""What a timeline of everything that happened is made of."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, NamedTuple, Self

#: Nothing happened in others; near the first and the last that there are, no time can be reckoned with.
YEARS: Final = range(2000, 2200)


class Kind(StrEnum):
    """Which table tells of it."""

    RUN = "run"
    EVENT = "event"
    BROADCAST = "broadcast"
    REFUSAL = "refusal"


class Result(StrEnum):
    DONE = "done"
    #: It failed, was refused, cancelled or cut off.
    WRONG = "wrong"
    UNDER_WAY = "under_way"


class Position(NamedTuple):
    """Where something stands on the timeline; what comes later is greater."""

    at: dt.datetime
    #: Of its kind, for what happened at the same moment.
    rank: int
    pk: int

    @classmethod
    def before(cls, moment: dt.datetime) -> Self:
        """Just before whatever happened at that moment."""
        return cls(moment, -1, 0)

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """None for what ``str`` has not written."""
        try:
            at, rank, pk = text.split("_")
            moment = dt.datetime.fromisoformat(at)
            is_one = moment.tzinfo and moment.year in YEARS and len(pk) < 19
            return cls(moment, int(rank), int(pk)) if is_one else None
        except ValueError:
            return None

    def __str__(self) -> str:
        return f"{self.at.astimezone(dt.UTC).isoformat().replace('+00:00', 'Z')}_{self.rank}_{self.pk}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What of all that happened: what one is ``None`` or empty for does not matter."""

    kinds: tuple[Kind, ...] = tuple(Kind)
    since: dt.datetime | None = None
    #: Exclusive.
    until: dt.datetime | None = None
    #: What a user signs in with, or what the audit trail says of who is none.
    who: str = ""
    #: The primary key of the user of that name, where there is one: found when it is read.
    user: Any = None
    gateway: int | None = None
    result: Result | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    kind: Kind
    at: dt.datetime
    #: Of the record; of several refusals, of the newest.
    pk: int
    #: The kind of a run, the verb of an event, the guard that refused.
    what: str = ""
    #: On what, or what it is called.
    subject: str = ""
    who: str = ""
    gateway: int | None = None
    result: Result
    #: As its table has it.
    state: str = ""
    #: The error, or why it was refused.
    detail: str = ""
    address: str | None = None
    #: Refusals that were alike, and when the first of them was.
    times: int = 1
    first: dt.datetime | None = None
    #: Recipients of a broadcast: those that there are, and those that AWS took it for.
    total: int | None = None
    sent: int = 0

    @property
    def position(self) -> Position:
        return Position(self.at, RANKS[self.kind], self.pk)


RANKS: Final = {kind: rank for rank, kind in enumerate(Kind)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The newest first."""

    entries: tuple[Entry, ...]
    #: What the next page stands before; None if this is the last.
    older: Position | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """How much there was in each of equally long parts of a time."""

    since: dt.datetime
    until: dt.datetime
    #: Runs, audit events and broadcasts.
    acts: tuple[int, ...]
    refusals: tuple[int, ...]


Row = dict[str, Any]
