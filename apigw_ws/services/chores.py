"""Turns at what is done again and again: one at a time, whoever comes first; and how the last one went."""

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
    """Do ``work`` and keep its report; None if somebody else is at it, or was within the last ``every``.

    Whoever has not ended after ``lease`` counts as dead. What ``work`` raises is kept, and raised.
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
    """When it was begun and ended last, and with which report; None before the first."""
    return Chore.objects.filter(name=name).first()


def _end(name: str, started_on: dt.datetime, **how: Any) -> None:
    """Say how it went, unless the lease was over and somebody else has begun since."""
    mine = Chore.objects.filter(name=name, started_on=started_on)
    mine.update(finished_on=timezone.now(), held_until=None, **how)
