"""Draws CloudWatch's numbers as charts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apigw_ws.services import metrics
from apigw_ws.services.marks import Mark
from apigw_ws.services.metrics import Series, Span, Traffic
from apigw_ws_admin import plots

#: Each metric's title, and what AWS counts.
METRICS: Final = {
    metrics.CONNECTS: (gettext_lazy("Connects"), gettext_lazy("Calls of the $connect route")),
    metrics.MESSAGES: (gettext_lazy("Messages"), gettext_lazy("From clients and to them")),
    metrics.INTEGRATION_ERRORS: (
        gettext_lazy("Integration errors"),
        gettext_lazy("Django answered with 4XX or 5XX"),
    ),
    metrics.CLIENT_ERRORS: (
        gettext_lazy("Client errors"),
        gettext_lazy("API Gateway refused before it called Django: no route, or throttled"),
    ),
    metrics.EXECUTION_ERRORS: (
        gettext_lazy("Execution errors"),
        gettext_lazy("Django could not be called, or did not answer in time"),
    ),
    metrics.LATENCY: (gettext_lazy("Integration latency"), gettext_lazy("Until Django answered")),
}
#: The formats of times on the axis, and in the tables.
TIMES: Final = {"1h": ("H:i", "H:i"), "24h": ("H:i", "D H:i"), "7d": ("j M", "D j M, H:i")}
#: The number of parts into which lines divide a chart's time.
PARTS: Final = 3
#: Stands for a missing number.
NOTHING: Final = "\N{EN DASH}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """The paths of one series; the step that is not over yet has its own."""

    name: str
    path: str
    running: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    metric: str
    title: str | Promise
    hint: str | Promise
    lines: tuple[Line, ...]
    #: The values at the top and in the middle of the plot.
    top: str
    half: str
    #: (what, how much)
    figures: tuple[tuple[str, str], ...]
    #: The time and the value of each line, the newest first.
    rows: tuple[tuple[str, ...], ...]

    @property
    def counts(self) -> bool:
        return self.metric != metrics.LATENCY


@dataclass(frozen=True, slots=True, kw_only=True)
class Stripe:
    """Something that was done to the gateway, across all charts."""

    x: str
    kind: str
    sentence: str
    happened_on: datetime


def drawn(traffic: Traffic) -> list[Chart]:
    """Return a chart for each metric, in AWS's order."""
    lines: dict[str, list[Series]] = {metric: [] for metric in METRICS}
    for series in traffic.series:
        lines[series.metric].append(series)
    return [_chart(metric, of_metric, traffic) for metric, of_metric in lines.items()]


def ticks(traffic: Traffic) -> list[str]:
    """Return the times at the lines that divide the charts, the ends included."""
    length, form = traffic.span.length, TIMES[traffic.span.name][0]
    return [_time(traffic.moments[0] + length * part / PARTS, form) for part in range(PARTS + 1)]


def dividers(traffic: Traffic) -> list[str]:
    """Return the positions of those lines."""
    return [plots.number(len(traffic.moments) * part / PARTS) for part in range(1, PARTS)]


def stripes(traffic: Traffic, marks: Sequence[Mark]) -> list[Stripe]:
    """Return what was done in the charts' time, which ends earlier if AWS is gone."""
    start, period = traffic.moments[0], traffic.span.period
    return [
        Stripe(
            x=plots.number((mark.happened_on - start).total_seconds() / period),
            kind=mark.kind,
            sentence=mark.sentence,
            happened_on=mark.happened_on,
        )
        for mark in marks
        if mark.happened_on < start + traffic.span.length
    ]


def step(span: Span) -> str:
    """Return the length of a step, in words."""
    return {60: _("a minute"), 900: _("15 minutes"), 7200: _("two hours")}[span.period]


def _chart(metric: str, series: Sequence[Series], traffic: Traffic) -> Chart:
    title, hint = METRICS[metric]
    latency = metric == metrics.LATENCY
    draw, written = (plots.stairs, _milliseconds) if latency else (plots.bars, _count)
    top = plots.ceiling(value for each in series for value in each.values)
    form = TIMES[traffic.span.name][1]
    rows = list(zip(traffic.moments, *(each.values for each in series), strict=True))
    return Chart(
        metric=metric,
        title=title,
        hint=hint,
        lines=tuple(_line(each, top, draw) for each in series),
        top=written(top),
        half=written(top / 2),
        figures=_latencies(series) if latency else _counts(series[0], traffic.span),
        rows=tuple((_time(moment, form), *map(written, values)) for moment, *values in reversed(rows)),
    )


def _line(series: Series, top: float, draw: Callable[[plots.Values, float], str]) -> Line:
    *over, running = series.values
    ahead = [None] * len(over)
    return Line(name=series.statistic, path=draw([*over, None], top), running=draw([*ahead, running], top))


def _counts(series: Series, span: Span) -> tuple[tuple[str, str], ...]:
    known = [value for value in series.values if value is not None]
    most = _("Most in %(step)s") % {"step": step(span)}
    return (_("Total"), _count(sum(known))), (most, _count(max(known, default=0)))


def _latencies(series: Sequence[Series]) -> tuple[tuple[str, str], ...]:
    p50, p95 = ([value for value in each.values if value is not None] for each in series)
    return (
        (_("Last p50"), _milliseconds(p50[-1] if p50 else None)),
        (_("Last p95"), _milliseconds(p95[-1] if p95 else None)),
        (_("Highest p95"), _milliseconds(max(p95, default=None))),
    )


def _count(value: float | None) -> str:
    if value is None:
        return NOTHING
    return number_format(value, 0 if value == int(value) else 1, force_grouping=True)


def _milliseconds(value: float | None) -> str:
    if value is None:
        return NOTHING
    return _("%(number)s ms") % {"number": number_format(value, 1 if value < 10 else 0, force_grouping=True)}


def _time(moment: datetime, form: str) -> str:
    return date_format(timezone.localtime(moment), form)
