"""Counts how often a code was seen in our records of the last day; one query for each kind of record."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.db.models import Q, Sum
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import ngettext

from apigw_ws.models import Broadcast, BroadcastRecipient, Refusal, Run, Step, WebSocketSession
from apigw_ws_admin.help.guards import PREFIX as GUARD
from apigw_ws_admin.help.values import Entry, Family
from apigw_ws_admin.permissions import VIEW_SESSION
from apigw_ws_admin.sites import reverse

DAY: Final = timedelta(days=1)
#: How many of the newest broadcasts and sessions are searched.
BROADCASTS: Final = 50
SESSIONS: Final = 5000
_RUNS: Final = "apigw_ws.view_run"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    sentence: str
    #: Where they are listed.
    href: str


def sightings(request: HttpRequest, entry: Entry) -> list[Sighting]:
    """Return the sightings in records that this user may see, without zeros."""
    kinds = [find for permission, find in _KINDS if request.user.has_perm(permission)]
    return [seen for find in kinds for seen in find(entry)]


def request_id(request: HttpRequest, entry: Entry) -> str:
    """Return AWS's ID of the last request that failed a run's step; empty if there is none."""
    if entry.family not in (Family.AWS, Family.NETWORK) or not request.user.has_perm(_RUNS):
        return ""
    steps = Step.objects.filter(error_code__in=entry.codes, started_on__gt=timezone.now() - 7 * DAY)
    return steps.exclude(request_ids="").order_by("-pk").values_list("request_ids", flat=True).first() or ""


def _runs(entry: Entry) -> Iterator[Sighting]:
    if entry.family not in (Family.AWS, Family.NETWORK, Family.OURS):
        return
    since = timezone.now() - DAY
    number = Run.objects.filter(started_on__gt=since, error_code__in=entry.codes).count()
    text = ngettext("%s run of the last day ended with it.", "%s runs of the last day ended with it.", number)
    query = {"error_code__in": ",".join(entry.codes), "started_on__gt": since.isoformat()}
    yield from _seen(text, number, reverse("admin:apigw_ws_run_changelist", query=query))


def _refusals(entry: Entry) -> Iterator[Sighting]:
    if entry.family == Family.GUARD:
        where = Q(guard=entry.code.removeprefix(GUARD))
        query = {"guard": entry.code.removeprefix(GUARD)}
    elif entry.code.isdecimal() and entry.family == Family.STATUS:
        where, query = Q(status=int(entry.code)), {"status": entry.code}
    else:
        return
    lately = Refusal.objects.filter(where, created_on__gt=timezone.now() - DAY).order_by()
    number = lately.aggregate(number=Sum("times", default=0))["number"]
    text = ngettext(
        "%s event of the last day was refused so.", "%s events of the last day were refused so.", number
    )
    yield from _seen(text, number, reverse("admin:apigw_ws_refusal_changelist", query=query))


def _recipients(entry: Entry) -> Iterator[Sighting]:
    """Only the newest broadcasts, so that the index is enough."""
    if entry.family not in (Family.AWS, Family.NETWORK, Family.OURS, Family.STATUS):
        return
    newest = Broadcast.objects.filter(created_on__gt=timezone.now() - DAY).order_by("-created_on")
    keys = list(newest.values_list("pk", flat=True)[:BROADCASTS])
    if not keys:
        return
    by_result = entry.code in BroadcastRecipient.Result.values
    where = {"result": entry.code} if by_result else {"code__in": entry.codes}
    told = BroadcastRecipient.objects.filter(broadcast__in=keys, result__in=BroadcastRecipient.Result.values)
    number = told.filter(**where).count()
    text = ngettext(
        "%s recipient of the last day's broadcasts was not reached because of it.",
        "%s recipients of the last day's broadcasts were not reached because of it.",
        number,
    )
    query = {"result__exact": entry.code} if by_result else {"code__in": ",".join(entry.codes)}
    yield from _seen(text, number, reverse("admin:apigw_ws_broadcastrecipient_changelist", query=query))


def _sessions(entry: Entry) -> Iterator[Sighting]:
    """Only the newest sessions: none lasts longer than two hours."""
    if entry.family != Family.CLOSE:
        return
    newest = WebSocketSession.objects.filter(created_on__gt=timezone.now() - DAY).order_by("-created_on")
    keys = newest.values("pk")[:SESSIONS]
    number = WebSocketSession.objects.filter(pk__in=keys, close_code=int(entry.code)).count()
    text = ngettext(
        "%s session of the last day ended with it.", "%s sessions of the last day ended with it.", number
    )
    query = {"state": "all", "close_code": entry.code}
    yield from _seen(text, number, reverse("admin:apigw_ws_websocketsession_changelist", query=query))


def _seen(text: str, number: int, href: str) -> Iterator[Sighting]:
    if number:
        yield Sighting(sentence=text % number_format(number, force_grouping=True), href=href)


_KINDS: Final[tuple[tuple[str, Callable[[Entry], Iterator[Sighting]]], ...]] = (
    (_RUNS, _runs),
    ("apigw_ws.view_refusal", _refusals),
    ("apigw_ws.view_broadcast", _recipients),
    (VIEW_SESSION, _sessions),
)
