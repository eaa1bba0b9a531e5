"""Counts messages a minute, in the same UPDATE that counts a message."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from django.db.models import Case, F, IntegerField, Sum, Value, When
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce

# Raw SQL: as Django expressions these take longer to compile than the rest of the UPDATE.
_THIS: Final = "CASE WHEN minute = %s THEN in_minute + %s ELSE %s END"
_BEFORE: Final = "CASE minute WHEN %s THEN in_minute_before WHEN %s THEN in_minute ELSE 0 END"
_NONE: Final = Value(0)


def kept(number: int, now: dt.datetime) -> dict[str, Any]:
    """Return what an UPDATE sets for sessions with ``number`` more messages each, in or out."""
    minute = _minute(now)
    return {
        "minute": minute,
        "in_minute": RawSQL(_THIS, (minute, number, number)),  # noqa: S611
        "in_minute_before": RawSQL(_BEFORE, (minute, minute - 1)),  # noqa: S611
    }


def in_last_minute(now: dt.datetime, session: str = "") -> Coalesce:
    """Return the sum of sessions' messages in the last full minute; ``session`` is the lookup prefix."""
    minute = _minute(now)
    one = Case(
        When(**{f"{session}minute": minute}, then=F(f"{session}in_minute_before")),
        When(**{f"{session}minute": minute - 1}, then=F(f"{session}in_minute")),
        default=_NONE,
        output_field=IntegerField(),
    )
    return Coalesce(Sum(one), _NONE)


def _minute(now: dt.datetime) -> int:
    return int(now.timestamp() // 60)
