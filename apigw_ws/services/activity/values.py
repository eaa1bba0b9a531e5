"""Values that a timeline of everything that happened is made of."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, NamedTuple, Self

#: Nothing happened in other years; near the limits of datetime, arithmetic would overflow.
YEARS: Final = range(2000, 2200)


class Kind(StrEnum):
    """The table that it comes from."""

    RUN = "run"
    EVENT = "event"
    BROADCAST = "broadcast"
    REFUSAL = "refusal"


class Result(StrEnum):
    DONE = "done"
    #: It failed, or was refused, cancelled or cut off.
    WRONG = "wrong"
    UNDER_WAY = "under_way"


class Position(NamedTuple):
    """A place on the timeline; later ones are greater."""

    at: dt.datetime
    #: Orders kinds that happened at the same moment.
    rank: int
    pk: int

    @classmethod
    def before(cls, moment: dt.datetime) -> Self:
        """The position just before everything that happened at that moment."""
        return cls(moment, -1, 0)

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Read what ``str`` has written; None for anything else."""
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
    """A filter; what is ``None`` or empty does not matter."""

    kinds: tuple[Kind, ...] = tuple(Kind)
    since: dt.datetime | None = None
    #: Exclusive.
    until: dt.datetime | None = None
    #: A username, or what the audit trail says of actors that are no users.
    who: str = ""
    #: The primary key of the user with that name, if there is one; looked up on reading.
    user: Any = None
    gateway: int | None = None
    result: Result | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    kind: Kind
    at: dt.datetime
    #: The record's; of several refusals, the newest one's.
    pk: int
    #: The kind of a run, the verb of an event, the guard that refused.
    what: str = ""
    #: What it happened to, or its name.
    subject: str = ""
    who: str = ""
    gateway: int | None = None
    result: Result
    #: The state, as its table stores it.
    state: str = ""
    #: The error, or the reason of a refusal.
    detail: str = ""
    address: str | None = None
    #: The number of similar refusals, and the time of the first.
    times: int = 1
    first: dt.datetime | None = None
    #: The recipients of a broadcast, and those for whom AWS took it.
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
    #: The next page has what comes before this; None if this is the last.
    older: Position | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """How much there was in each of equally long parts of a time range."""

    since: dt.datetime
    until: dt.datetime
    #: Runs, audit events and broadcasts.
    acts: tuple[int, ...]
    refusals: tuple[int, ...]


Row = dict[str, Any]
