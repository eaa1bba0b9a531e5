"""Recurring work: whichever process comes first takes the turn, one at a time, and leaves a report."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final, TypeVar

from django.db.models import Q
from django.utils import timezone

from apigw_ws.models import Chore

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    T = TypeVar("T", bound=DataclassInstance)

ALWAYS: Final = dt.timedelta(0)


def take_turn(
    name: str, work: Callable[[], T], *, lease: dt.timedelta, every: dt.timedelta = ALWAYS
) -> T | None:
    """Do ``work`` and store its report; None if it is being done, or was begun within the last ``every``.

    Whoever has not finished after ``lease`` counts as dead. An exception of ``work`` is stored, and raised.
    """
    Chore.objects.get_or_create(name=name)
    now = timezone.now()
    is_free = Q(held_until=None) | Q(held_until__lte=now)
    is_due = Q(started_on=None) | Q(started_on__lte=now - every)
    if not Chore.objects.filter(is_free & is_due, name=name).update(started_on=now, held_until=now + lease):
        return None
    try:
        report = work()
    except BaseException as error:
        _end(name, now, error_text=f"{type(error).__name__}: {error}")
        raise
    _end(name, now, error_text="", report=asdict(report))
    return report


def last_turn(name: str) -> Chore | None:
    """Return when it last began and ended, and its report; None before the first turn."""
    return Chore.objects.filter(name=name).first()


def _end(name: str, started_on: dt.datetime, **how: Any) -> None:
    """Store the result, unless the lease has run out and somebody else has begun."""
    mine = Chore.objects.filter(name=name, started_on=started_on)
    mine.update(finished_on=timezone.now(), held_until=None, **how)
