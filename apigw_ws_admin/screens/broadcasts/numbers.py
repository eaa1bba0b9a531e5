"""A broadcast's progress, as a bar with its key; and its result, as a chart and reasons."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any, Final

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apigw_ws.models import Broadcast
from apigw_ws.services import broadcasts
from apigw_ws.services.broadcasts import Progress
from apigw_ws.services.broadcasts.progress import Point
from apigw_ws_admin import plots
from apigw_ws_admin.fields import grouped
from apigw_ws_admin.moments import lasting
from apigw_ws_admin.worker import PATIENCE

#: The results of recipients from left to right, and their names.
RESULTS: Final = {
    "sent": gettext_lazy("Sent"),
    "gone": gettext_lazy("Gone"),
    "throttled": gettext_lazy("Throttled"),
    "forbidden": gettext_lazy("Forbidden"),
    "too_large": gettext_lazy("Too large"),
    "failed": gettext_lazy("Failed"),
    "cancelled": gettext_lazy("Cancelled"),
}
#: The length of the bar.
LENGTH: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The recipients with one result; ``x`` and ``width`` place them in the bar."""

    result: str
    label: str | Promise
    count: int
    x: str
    width: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """What changes while it is sent; ``version`` shows whether it has."""

    state: str
    sentence: str
    parts: tuple[Part, ...]
    done: int
    total: int | None
    percent: int
    rate: str
    left: str
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    width: int
    #: How many had their turn, and how many of them AWS took it for.
    done: str
    sent: str
    top: str
    half: str
    points: tuple[Point, ...]


def live(broadcast: Broadcast) -> Live:
    now = broadcasts.progress(broadcast)
    total = now.total
    done = now.done
    sentence = _sentence(now, broadcast.queued_on)
    return Live(
        state=now.state,
        sentence=sentence,
        parts=tuple(_parts(now.counts, max(total or 0, done, 1))),
        done=done,
        total=total,
        percent=100 * done // max(total or 0, done, 1),
        rate=_("%s a second") % grouped(round(now.rate_now)) if now.rate_now else "",
        left=_left(now.seconds_left),
        version=blake2b(f"{now.version} {sentence}".encode(), digest_size=9).hexdigest(),
    )


def result(broadcast: Broadcast) -> dict[str, Any]:
    """Return the result, once it is over."""
    return {
        "failures": [(RESULTS[failure.result], failure) for failure in broadcasts.failures(broadcast)],
        "chart": _chart(broadcasts.series(broadcast)),
        "duration": _duration(broadcast),
    }


def _parts(counts: dict[str, int], total: int) -> Iterator[Part]:
    before = 0
    for name, label in RESULTS.items():
        count = counts.get(name, 0)
        x, width = (plots.number(LENGTH * each / total) for each in (before, count))
        yield Part(result=name, label=label, count=count, x=x, width=width)
        before += count


def _sentence(now: Progress, queued_on: datetime | None) -> str:
    """What is happening, if the state's name does not say so."""
    match now.state:
        case Broadcast.State.QUEUED if queued_on and timezone.now() - queued_on > PATIENCE:
            return _("No worker seems to run: start one with “manage.py db_worker”, or as your backend says.")
        case Broadcast.State.QUEUED:
            return _("It waits for a worker.")
        case Broadcast.State.SENDING if now.total is None:
            return _("The recipients are being counted.")
        case Broadcast.State.CANCELLING:
            return _("What is on its way arrives; the others are not sent to.")
    return ""


def _left(seconds: float | None) -> str:
    if seconds is None:
        return ""
    if seconds < 60:
        return _("less than a minute left")
    if seconds < 3600:
        return _("%d min left") % round(seconds / 60)
    return _("%(hours)d h %(minutes)d min left") % {
        "hours": seconds // 3600,
        "minutes": seconds % 3600 // 60,
    }


def _duration(broadcast: Broadcast) -> str:
    if not (broadcast.started_on and broadcast.finished_on):
        return ""
    return lasting((broadcast.finished_on - broadcast.started_on).total_seconds())


def _chart(points: Sequence[Point]) -> Chart | None:
    """The chart of the rate; None if it was over within one step."""
    if len(points) < 2:
        return None
    done = [(point.sent + point.failed) / point.seconds for point in points]
    top = plots.ceiling(done)
    return Chart(
        width=len(points),
        done=plots.bars(done, top),
        sent=plots.bars([point.sent / point.seconds for point in points], top),
        top=grouped(round(top)),
        half=grouped(round(top / 2)),
        points=tuple(points),
    )
