"""Runs, audit events, broadcasts and refusals on one timeline, the newest first.

Pages are found by the position of the one before, so the millionth costs as much as the first. A broadcast
stands where its sending began, until then where it was drafted; a line of refusals where its newest is.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import Final, TypeVar

from django.db.models import Count, F

from apigw_ws.services.activity import refusals
from apigw_ws.services.activity.parts import PartOf
from apigw_ws.services.activity.tables import REFUSALS, TOLD, Table, known
from apigw_ws.services.activity.values import YEARS, Counted, Entry, Kind, Page, Position, Result, Wanted

__all__ = [
    "YEARS",
    "Counted",
    "Entry",
    "Kind",
    "Page",
    "Position",
    "Result",
    "Wanted",
    "counted",
    "everything",
]
__all__ += ["newer", "page"]

_Table = TypeVar("_Table", bound=Table)
#: Entries of a page that is shown, and of one that is exported.
SIZE: Final = 50
_EXPORTED: Final = 1_000
#: Newer entries are counted up to here.
MANY: Final = 99
#: Parts into which a time range is divided.
PARTS: Final = 48


def page(wanted: Wanted, *, before: Position | None = None, size: int = SIZE) -> Page:
    """Return at most ``size`` entries before the position; six queries at most."""
    wanted = known(wanted)
    entries, horizon = refusals.newest(wanted, before) if Kind.REFUSAL in wanted.kinds else ([], None)
    for table in _of_kinds(wanted, TOLD):
        entries += table.newest(wanted, before, size + 1)
    if horizon:
        entries = [each for each in entries if each.at >= horizon]
    entries.sort(key=lambda each: each.position, reverse=True)
    shown = tuple(entries[:size])
    if len(entries) > size:
        return Page(entries=shown, older=shown[-1].position)
    return Page(entries=shown, older=Position.before(horizon) if horizon else None)


def everything(wanted: Wanted) -> Iterator[Entry]:
    """Yield all of it, read page by page."""
    before = None
    while True:
        found = page(wanted, before=before, size=_EXPORTED)
        yield from found.entries
        if (before := found.older) is None:
            return


def newer(wanted: Wanted, than: dt.datetime) -> int:
    """Return how much has happened since then, counting each refusal, up to MANY + 1."""
    wanted, number = known(wanted), 0
    for table in _of_kinds(wanted, (*TOLD, REFUSALS)):
        rows = table.narrowed(wanted).filter(**{f"{table.moment}__gt": than})
        number += rows[: MANY + 1].count()
    return min(number, MANY + 1)


def counted(wanted: Wanted, *, since: dt.datetime, until: dt.datetime) -> Counted:
    """Return how much there was between the two moments; a query for each table."""
    wanted, acts = known(wanted), [0] * PARTS
    for table in _of_kinds(wanted, TOLD):
        acts = [sum(pair) for pair in zip(acts, _parts(table, wanted, since, until), strict=True)]
    refused = _parts(REFUSALS, wanted, since, until) if Kind.REFUSAL in wanted.kinds else [0] * PARTS
    return Counted(since=since, until=until, acts=tuple(acts), refusals=tuple(refused))


def _parts(table: Table, wanted: Wanted, since: dt.datetime, until: dt.datetime) -> list[int]:
    numbers = [0] * PARTS
    between = {f"{table.moment}__gte": since, f"{table.moment}__lt": until}
    part = PartOf(F(table.moment), since=since, length=(until - since) / PARTS)
    rows = table.narrowed(wanted).filter(**between).values(part=part).annotate(number=Count("*"))
    for row in rows:
        numbers[min(row["part"], PARTS - 1)] += row["number"]  # a moment is not reckoned to the microsecond
    return numbers


def _of_kinds(wanted: Wanted, tables: Iterable[_Table]) -> list[_Table]:
    return [table for table in tables if table.kind in wanted.kinds]
