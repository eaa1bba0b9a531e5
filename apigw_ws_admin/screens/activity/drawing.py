"""How much happened, as two small charts of one time: what people did would vanish beside a flood."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django.utils import timezone
from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apigw_ws.services.activity import Counted, Kind, Wanted
from apigw_ws_admin import plots
from apigw_ws_admin.screens.activity.asking import written

#: What each of the charts is called, and counts.
LANES: Final[dict[str, tuple[str | Promise, set[Kind]]]] = {
    "acts": (_("Acts"), {Kind.RUN, Kind.EVENT, Kind.BROADCAST}),
    "refusals": (_("Refusals"), {Kind.REFUSAL}),
}
#: Into how many pieces the times below the charts divide them.
PIECES: Final = 4
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    name: str
    title: str | Promise
    path: str
    total: str
    #: In the part that has most.
    most: str


def lanes_of(wanted: Wanted) -> list[str]:
    """The names of those that somebody wants to see."""
    return [name for name, (_title, kinds) in LANES.items() if kinds & {*wanted.kinds}]


def drawn(counted: Counted, wanted: Wanted) -> dict[str, Any]:
    """What the template needs."""
    length = counted.until - counted.since
    values = {"acts": counted.acts, "refusals": counted.refusals}
    return {
        "lanes": [_lane(name, values[name]) for name in lanes_of(wanted)],
        "parts": len(counted.acts),
        "since": written(counted.since),
        "until": written(counted.until),
        "clock": "day"
        if length > 2 * _DAY
        else "time"
        if timezone.now() - counted.since < _DAY + length
        else "full",
        "ticks": [counted.since + piece * length / PIECES for piece in range(PIECES + 1)],
    }


def _lane(name: str, values: Sequence[int]) -> Lane:
    return Lane(
        name=name,
        title=LANES[name][0],
        path=plots.bars(values, float(max(values, default=0) or 1)),
        total=number_format(sum(values), force_grouping=True),
        most=number_format(max(values, default=0), force_grouping=True),
    )
