"""How much happened, as two small charts of one time: what people did would vanish beside a flood."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apigw_ws.services.activity import Counted, Kind, Wanted
from apigw_ws_admin import plots
from apigw_ws_admin.screens.activity.asking import written

#: Into how many pieces the times below the charts divide them.
PIECES: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    name: str
    title: str | Promise
    path: str
    total: str
    #: In the part that has most.
    most: str


def drawn(counted: Counted, wanted: Wanted) -> dict[str, Any]:
    """What the template needs; a lane for each of the two that somebody wants to see."""
    length = counted.until - counted.since
    acts, refusals = {*wanted.kinds} - {Kind.REFUSAL}, Kind.REFUSAL in wanted.kinds
    lanes = [
        *([_lane("acts", _("Acts"), counted.acts)] if acts else ()),
        *([_lane("refusals", _("Refusals"), counted.refusals)] if refusals else ()),
    ]
    return {
        "lanes": lanes,
        "parts": len(counted.acts),
        "since": written(counted.since),
        "until": written(counted.until),
        "ticks": [counted.since + piece * length / PIECES for piece in range(PIECES + 1)],
    }


def _lane(name: str, title: str | Promise, values: Sequence[int]) -> Lane:
    return Lane(
        name=name,
        title=title,
        path=plots.bars(values, float(max(values, default=0) or 1)),
        total=number_format(sum(values), force_grouping=True),
        most=number_format(max(values, default=0), force_grouping=True),
    )
