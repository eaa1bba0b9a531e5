"""The outcomes of an act, session by session, in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apigw_ws.models import Act, ActOutcome, WebSocketSession
from apigw_ws.services.acts import Progress
from apigw_ws_admin.pages import number
from apigw_ws_admin.screens.acting.kinds import KINDS, Kind

Result = ActOutcome.Result

KIND_OF: Final[Mapping[str, Kind]] = {kind.deed: kind for kind in reversed(list(KINDS.values()))}
#: Rows on a page.
SHOWN: Final = 50
#: The result's colour; in the order of the tallies, the worst first.
_COLOURS: Final = {
    Result.FAILED: "danger",
    Result.REFUSED: "warning",
    Result.GONE: "info",
    Result.ALREADY: "info",
    Result.DONE: "success",
    Result.WAITING: "default",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A session and its outcome; ``label`` selects the colour."""

    session: WebSocketSession
    label: str
    text: str | Promise
    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How many sessions had a result; ``query`` shows only those."""

    label: str
    text: str | Promise
    number: int
    query: str
    is_chosen: bool


def tallies(progress: Progress, kind: Kind, query: QueryDict) -> list[Tally]:
    """Return the tallies; none if they would say no more than the rows."""
    if progress.total < 3:
        return []
    chosen = query.get("result")
    return [
        Tally(
            label=colour,
            text=_text(result, kind),
            number=progress.numbers[result],
            query=_with(query, result=str(result)),
            is_chosen=chosen == str(result),
        )
        for result, colour in _COLOURS.items()
        if progress.numbers.get(result)
    ]


def rows_of(act: Act, kind: Kind, query: QueryDict) -> tuple[list[Row], str]:
    """Return a page of rows, and the query for the next; empty if there is none."""
    outcomes = act.outcomes.filter(pk__gt=number(query.get("after", "0"))).order_by("pk")
    if (result := query.get("result")) in Result.values:
        outcomes = outcomes.filter(result=result)
    found = list(
        outcomes.select_related("session__user", "session__api_gateway").defer("session__recent")[: SHOWN + 1]
    )
    further = _with(query, after=str(found[SHOWN - 1].pk)) if len(found) > SHOWN else ""
    return [_row(outcome, kind) for outcome in found[:SHOWN]], further


def _row(outcome: ActOutcome, kind: Kind) -> Row:
    result = Result(outcome.result)
    text, problem = _text(result, kind), outcome.error_text
    return Row(session=outcome.session, label=_COLOURS[result], text=text, problem=problem)


def _text(result: Result, kind: Kind) -> str | Promise:
    texts: dict[Any, str | Promise] = {
        Result.DONE: kind.done,
        Result.ALREADY: kind.already,
        Result.FAILED: _("Still open") if kind.deed == Act.Deed.DISCONNECT else Result.FAILED.label,
    }
    return texts.get(result) or result.label


def _with(query: QueryDict, **more: str) -> str:
    changed = query.copy()
    changed.pop("after", None)
    for name, value in more.items():
        changed[name] = value
    return changed.urlencode()
