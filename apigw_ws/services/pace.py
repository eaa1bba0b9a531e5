"""Messages a minute without a query of their own: the UPDATE that counts a message keeps them, too."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from django.db.models import Case, F, IntegerField, Sum, Value, When
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce

# Constants. As expressions of Django's they take longer to put together than all else of the UPDATE.
_THIS: Final = "CASE WHEN minute = %s THEN in_minute + %s ELSE %s END"
_BEFORE: Final = "CASE minute WHEN %s THEN in_minute_before WHEN %s THEN in_minute ELSE 0 END"
_NONE: Final = Value(0)


def kept(number: int, now: dt.datetime) -> dict[str, Any]:
    """What an UPDATE sets for sessions with ``number`` more messages each, in or out."""
    minute = _minute(now)
    return {
        "minute": minute,
        "in_minute": RawSQL(_THIS, (minute, number, number)),  # noqa: S611
        "in_minute_before": RawSQL(_BEFORE, (minute, minute - 1)),  # noqa: S611
    }


def in_last_minute(now: dt.datetime, session: str = "") -> Coalesce:
    """The messages of sessions in the minute before this one, added up; ``session`` is the way to them."""
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
