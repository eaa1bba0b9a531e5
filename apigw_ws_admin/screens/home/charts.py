"""The trends as small charts: paths, and the numbers that the browser shows on hover and in a table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from apigw_ws.services.trends import Span, Trend
from apigw_ws_admin import plots

SESSIONS: Final = "apigw_ws.view_websocketsession"
REFUSALS: Final = "apigw_ws.view_refusal"
#: The number of parts into which lines divide a chart's time.
PARTS: Final = 3
#: Stands for a missing number.
NOTHING: Final = "\N{EN DASH}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of chart: what it shows of a trend, in lines or bars."""

    name: str
    title: str | Promise
    permission: str
    #: (key of ``Trend.series``, label); the first is drawn solid, the second dashed.
    lines: tuple[tuple[str, str | Promise], ...]
    bars: bool = False
    bad: bool = False
    #: Values are levels, not counts per step.
    level: bool = False
    milliseconds: bool = False


KINDS: Final = (
    Kind(
        name="live",
        title=gettext_lazy("Live sessions"),
        permission=SESSIONS,
        lines=(("live", gettext_lazy("live")),),
        level=True,
    ),
    Kind(
        name="connects",
        title=gettext_lazy("Connects"),
        permission=SESSIONS,
        lines=(("connects", gettext_lazy("connects")), ("disconnects", gettext_lazy("disconnects"))),
    ),
    Kind(
        name="messages",
        title=gettext_lazy("Messages"),
        permission=SESSIONS,
        lines=(("messages_in", gettext_lazy("in")), ("messages_out", gettext_lazy("out"))),
    ),
    Kind(
        name="handlers",
        title=gettext_lazy("Handler time"),
        permission=SESSIONS,
        lines=(("p50", gettext_lazy("p50")), ("p95", gettext_lazy("p95"))),
        level=True,
        milliseconds=True,
    ),
    Kind(
        name="failures",
        title=gettext_lazy("Failures"),
        permission=SESSIONS,
        lines=(("send_failures", gettext_lazy("sends")), ("handler_failures", gettext_lazy("handlers"))),
        bad=True,
    ),
    Kind(
        name="refusals",
        title=gettext_lazy("Refusals"),
        permission=REFUSALS,
        lines=(("refusals", gettext_lazy("refused")),),
        bars=True,
        bad=True,
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    name: str | Promise
    path: str
    #: The path of the step that is not over yet.
    running: str
    #: Separated by commas; nothing if none is known.
    values: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    kind: Kind
    lines: tuple[Line, ...]
    #: The values at the top and in the middle of the plot.
    top: str
    half: str
    #: (what, how much)
    figures: tuple[tuple[str, str], ...]


def drawn(trend: Trend, may: Callable[[str], bool]) -> list[Chart]:
    """Return the charts that the user may see."""
    return [_chart(kind, trend) for kind in KINDS if may(kind.permission)]


def ticks(trend: Trend) -> list[datetime]:
    """Return the times at the lines that divide the charts, the ends included."""
    return [trend.moments[0] + trend.span.length * part / PARTS for part in range(PARTS + 1)]


def dividers(trend: Trend) -> list[str]:
    """Return the positions of those lines."""
    return [plots.number(len(trend.moments) * part / PARTS) for part in range(1, PARTS)]


def step(span: Span) -> str:
    """Return the length of a step, in words."""
    minutes = span.period // 60
    if minutes % 60:
        return ngettext("%d minute", "%d minutes", minutes) % minutes
    return ngettext("%d hour", "%d hours", minutes // 60) % (minutes // 60)


def _chart(kind: Kind, trend: Trend) -> Chart:
    series = [trend.series[name] for name, _label in kind.lines]
    top = plots.ceiling(value for values in series for value in values)
    written = milliseconds if kind.milliseconds else count
    return Chart(
        kind=kind,
        lines=tuple(
            _line(name, values, top, kind) for (_key, name), values in zip(kind.lines, series, strict=True)
        ),
        top=written(top),
        half=written(top / 2),
        figures=tuple(
            _figure(kind, str(label), values)
            for (_key, label), values in zip(kind.lines, series, strict=True)
        ),
    )


def _line(name: str | Promise, values: plots.Values, top: float, kind: Kind) -> Line:
    draw = plots.bars if kind.bars else plots.stairs
    if kind.bad and not any(values):  # or a red line would show that nothing has failed
        return Line(name=name, path="", running="", values=_written(values))
    *over, running = values
    ahead: list[float | None] = [None] * len(over)
    return Line(
        name=name,
        path=draw([*over, None], top),
        running=draw([*ahead, running], top),
        values=_written(values),
    )


def _written(values: plots.Values) -> str:
    return ",".join("" if value is None else plots.number(value) for value in values)


def _figure(kind: Kind, name: str, values: Sequence[float | None]) -> tuple[str, str]:
    known = [value for value in values if value is not None]
    if kind.milliseconds:
        return _("Highest %s") % name, milliseconds(max(known, default=None))
    if kind.level:
        return _("Most"), count(max(known, default=None))
    return name.capitalize(), count(sum(known))


def count(value: float | None) -> str:
    """Return the number with grouped digits; with fractions only if it is small."""
    if value is None:
        return NOTHING
    places = 0 if value == int(value) or value >= 10 else 1
    return str(number_format(value, places, force_grouping=True))


def milliseconds(value: float | None) -> str:
    if value is None:
        return NOTHING
    number = number_format(value, 1 if value < 10 and value != int(value) else 0, force_grouping=True)
    return _("%(number)s ms") % {"number": number}
