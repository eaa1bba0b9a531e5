"""Finds sessions that ended without a $disconnect, which is best effort; AWS cannot list connections."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from typing import Final

from django.db.models import Count, QuerySet
from django.utils import timezone

from apigw_ws.aws import connections
from apigw_ws.aws.client import within
from apigw_ws.conf import conf
from apigw_ws.exceptions import ApigwWsError, AwsUnreachable, ConnectionGone, Throttled
from apigw_ws.models import WebSocketSession
from apigw_ws.models.sessions import MAX_AGE
from apigw_ws.services import calls, chores, closing, endpoints, sessions

NAME: Final = "reaper"

#: Seconds that AWS may take for one answer.
_PATIENCE: Final = 5
#: Sessions whose answers are recorded together.
_BATCH: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What one tick found, in numbers of sessions."""

    #: Closed because they were two hours old.
    expired: int = 0
    #: Closed here earlier, as at the end of a login, and now at AWS, too.
    finished: int = 0
    #: AWS was asked about them; the next five add up to this.
    probed: int = 0
    #: AWS did not know them any longer: closed.
    ghosts: int = 0
    #: AWS said that they are open.
    kept: int = 0
    #: AWS limited the rate, could not be reached, or refused: unknown, and not closed.
    throttled: int = 0
    unreachable: int = 0
    refused: int = 0
    #: Silent, too, but left to the next tick because of the rate.
    left: int = 0


def tick(*, every: dt.timedelta = chores.ALWAYS) -> Report | None:
    """Close expired sessions, ask AWS about silent ones, close what it does not know; return what was found.

    None if another tick is at work, or was begun within the last ``every``. Only AWS's 410 closes a session.
    """
    lease = dt.timedelta(seconds=2 * conf.reaper_interval + 120)  # longer than _tick may take
    return chores.take_turn(NAME, _tick, lease=lease, every=every)


def _tick() -> Report:
    expired = sessions.close_expired()
    per_gateway = _silent().order_by().values_list("api_gateway").annotate(Count("pk"))
    waiting: dict[int, int] = dict(per_gateway) if conf.probe_rate else {}
    budget, found = conf.probe_rate * conf.reaper_interval, Counter[str]()
    with endpoints.quickly(_PATIENCE), within(conf.reaper_interval + 30):
        finished = closing.finish(limit=budget or sessions.BATCH, rate=conf.probe_rate)
    with endpoints.quickly(_PATIENCE), within(conf.reaper_interval + 30):
        for gateway_id in waiting:
            found += _probe_gateway(gateway_id, budget // len(waiting))
    probed = found.total()
    left = sum(waiting.values()) - probed
    return Report(expired=expired, finished=finished, probed=probed, left=left, **found)


def _silent() -> QuerySet[WebSocketSession]:
    """Sessions without recent evidence that AWS may still know."""
    now = timezone.now()
    since = now - dt.timedelta(seconds=conf.probe_after)
    young = WebSocketSession.objects.filter(connected=True, created_on__gt=now - MAX_AGE)
    return young.filter(active_on__lte=since, api_gateway__isnull=False)


def _probe_gateway(gateway_id: int, share: int) -> Counter[str]:
    """Ask about the gateway's longest silent sessions, at most ``share``: each gateway has its turn."""
    longest = _silent().filter(api_gateway=gateway_id).order_by("active_on")[:share]
    clients, asked, found = (
        calls.Clients(),
        list(longest.only("connection_id", "api_gateway_id")),
        Counter[str](),
    )
    for start in range(0, len(asked), _BATCH):
        found += _probe(asked[start : start + _BATCH], clients)
    return found


def _probe(batch: list[WebSocketSession], clients: calls.Clients) -> Counter[str]:
    answers = calls.call_each(batch, connections.get, clients=clients, rate=conf.probe_rate)
    found = [_found(answer) for answer in answers]
    sessions.confirm_open([one for one, what in zip(batch, found, strict=True) if what == "kept"])
    gone = [one.connection_id for one, what in zip(batch, found, strict=True) if what == "ghosts"]
    sessions.mark_gone(gone, by=sessions.ClosedBy.REAPER)
    return Counter(found)


def _found(answer: ApigwWsError | None) -> str:
    """The field of the report in which an answer counts."""
    match answer:
        case None:
            return "kept"
        case ConnectionGone():
            return "ghosts"
        case Throttled():
            return "throttled"
        case AwsUnreachable():
            return "unreachable"
    return "refused"
