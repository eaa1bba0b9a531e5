"""What needs somebody now, in sentences, each with the way to where it is dealt with. AWS is not asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apigw_ws.models import ApiGateway, Broadcast
from apigw_ws.services import attention, doctor, domains, sightings, waiting
from apigw_ws.services.doctor import Level
from apigw_ws.services.health import Health, State
from apigw_ws_admin.moments import age
from apigw_ws_admin.sites import reverse

#: More sentences of one kind than this are summed up.
MOST: Final = 3
#: A task that has waited longer than this is not simply next in the queue.
PATIENCE: Final = timedelta(minutes=1)

_GATEWAYS: Final = "apigw_ws.view_apigateway"


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    #: ``danger``, ``warning`` or ``info``.
    colour: str
    sentence: str
    #: The link's URL and text.
    href: str
    way: str
    #: When AWS was seen that says so.
    seen_on: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the page has read already."""

    #: None for those who may not see any.
    gateways: Sequence[tuple[ApiGateway, Health]]


def needs(request: HttpRequest, known: Known) -> list[Need]:
    """Return what needs attention, the worst first, without what the user may not see."""
    may = request.user.has_perm
    found = [need for permission, find in _KINDS if may(permission) for need in find(known)]
    order = ("danger", "warning", "info")
    return sorted(found, key=lambda need: order.index(need.colour))


def _failing(known: Known) -> Iterator[Need]:
    failing = [each for each in known.gateways if each[1].state == State.FAILING]
    for gateway, health in failing[:MOST]:
        sentence = _("“%(gateway)s” is failing. %(why)s") % {"gateway": gateway, "why": health.reason}
        yield Need(colour="danger", sentence=sentence, href=_page(gateway, "overview"), way=_("Look at it"))
    yield from _others(len(failing) - MOST, "failing", "danger")


def _runs(known: Known) -> Iterator[Need]:
    """Failed runs that no sentence about a failing gateway covers."""
    number = attention.of("failed_runs")["failed_runs"]
    number -= sum(health.state == State.FAILING for _gateway, health in known.gateways)
    if number <= 0:
        return
    text = ngettext(
        "%d run of the last 24 hours failed, and no other has made it good.",
        "%d runs of the last 24 hours failed, and no others have made them good.",
        number,
    )
    href = reverse("admin:apigw_ws_run_changelist", query={"state__exact": "failed"})
    yield Need(colour="danger", sentence=text % number, href=href, way=_("See the runs"))


def _drifted(known: Known) -> Iterator[Need]:
    drifted = [each for each in known.gateways if each[1].state == State.NEEDS_APPLY]
    for gateway, health in drifted[:MOST]:
        sentence = _("“%(gateway)s” is not in AWS as it is recorded. %(why)s")
        sentence %= {"gateway": gateway, "why": health.reason}
        href, way = _page(gateway, "drift"), _("See both sides")
        yield Need(colour="warning", sentence=sentence, href=href, way=way, seen_on=health.seen_on)
    yield from _others(len(drifted) - MOST, "needs_apply", "warning")


def _others(number: int, health: str, colour: str) -> Iterator[Need]:
    if number > 0:
        sentence = ngettext("So is %d more gateway.", "So are %d more gateways.", number) % number
        href = reverse("admin:apigw_ws_apigateway_changelist", query={"health": health})
        yield Need(colour=colour, sentence=sentence, href=href, way=_("See all of them"))


def _certificates(known: Known) -> Iterator[Need]:
    for ending in domains.ending([gateway for gateway, _health in known.gateways]):
        over = ending.ends_on < timezone.now()
        text = (
            _("The certificate of %(domain)s ended on %(day)s.")
            if over
            else _("The certificate of %(domain)s ends on %(day)s. ACM renews its own; imported ones you do.")
        )
        gateway, day = ending.gateway, date_format(timezone.localtime(ending.ends_on), "DATE_FORMAT")
        yield Need(
            colour="danger" if over else "warning",
            sentence=text % {"domain": gateway.domain_name, "day": day},
            href=_page(gateway, "domain"),
            way=_("See the domain"),
            seen_on=ending.seen_on,
        )


def _unseen(known: Known) -> Iterator[Need]:
    """Those of which nobody knows how they are in AWS: what is told of them may be long over."""
    deployed = [gateway for gateway, _health in known.gateways if gateway.deployment_id]
    noted = sightings.of(deployed)
    sighted = [noted[gateway.pk] for gateway in deployed if gateway.pk in noted]
    if missed := [sighting for sighting in sighted if sighting.problem]:
        yield Need(
            colour="warning",
            sentence=doctor.why_missed(missed),
            href=_page(missed[0].gateway, "doctor"),
            way=_("Ask the doctor"),
            seen_on=missed[0].seen_on,
        )


def _upkeep(_known: Known) -> Iterator[Need]:
    """The reaper by name, and whatever else the doctor found last."""
    reaper = doctor.of_reaper()
    href, problems = reverse("admin:apigw_ws_apigateway_doctors"), attention.of("problems")["problems"]
    if reaper.level != Level.GREEN:
        colour = "danger" if reaper.level == Level.RED else "warning"
        sentence = _("The reaper: %(why)s %(remedy)s")
        sentence %= {"why": reaper.why, "remedy": reaper.what_to_do}
        yield Need(colour=colour, sentence=sentence, href=href, way=_("Ask the doctor"))
    problems -= reaper.level == Level.RED
    if problems > 0:
        text = ngettext("The doctor has found %d problem.", "The doctor has found %d problems.", problems)
        yield Need(colour="danger", sentence=text % problems, href=href, way=_("Ask the doctor"))


def _worker(_known: Known) -> Iterator[Need]:
    since = waiting.since()
    if since is None or timezone.now() - since < PATIENCE:
        return
    sentence = _("No worker takes up what waits, for %(age)s now: keep “manage.py db_worker” running.")
    href, way = reverse("admin:apigw_ws_run_changelist"), _("See the runs")
    yield Need(colour="danger", sentence=sentence % {"age": age(since)}, href=href, way=way)


def _refusals(_known: Known) -> Iterator[Need]:
    """The refusals of an hour; their list begins with the reasons."""
    if not (number := attention.of("refusals_above_normal")["refusals_above_normal"]):
        return
    sentence = _("%(number)s events were refused in the last hour, far more than in other hours of the day.")
    sentence %= {"number": number_format(number, force_grouping=True)}
    href = reverse("admin:apigw_ws_refusal_changelist")
    yield Need(colour="warning", sentence=sentence, href=href, way=_("See who and why"))


def _broadcasts(_known: Known) -> Iterator[Need]:
    """Under way, waiting for a worker, or paused."""
    idle = (*Broadcast.OVER, Broadcast.State.DRAFT, Broadcast.State.SCHEDULED)
    for one in Broadcast.objects.exclude(state__in=idle).defer("payload").order_by("-pk")[:MOST]:
        href = reverse("admin:apigw_ws_broadcast_progress", args=[one.pk])
        colour = "warning" if one.state == Broadcast.State.PAUSED else "info"
        yield Need(colour=colour, sentence=_how_far(one), href=href, way=_("Follow it"))


def _how_far(one: Broadcast) -> str:
    facts = {"title": one, "state": str(one.get_state_display()).lower(), "done": _grouped(one.done_count)}
    if one.total is None:
        return _("Broadcast “%(title)s” is %(state)s.") % facts
    facts["total"] = _grouped(one.total)
    return _("Broadcast “%(title)s” is %(state)s: %(done)s of %(total)s recipients had their turn.") % facts


def _grouped(number: int) -> str:
    return str(number_format(number, force_grouping=True))


def _page(gateway: ApiGateway, page: str) -> str:
    return reverse(f"admin:apigw_ws_apigateway_{page}", args=[gateway.pk])


#: The permission that each kind needs, and the kind.
_KINDS: Final[tuple[tuple[str, Callable[[Known], Iterable[Need]]], ...]] = (
    (_GATEWAYS, _failing),
    ("apigw_ws.view_run", _runs),
    (_GATEWAYS, _drifted),
    (_GATEWAYS, _certificates),
    (_GATEWAYS, _unseen),
    (_GATEWAYS, _upkeep),
    ("apigw_ws.view_run", _worker),
    ("apigw_ws.view_refusal", _refusals),
    ("apigw_ws.view_broadcast", _broadcasts),
)
