"""An entry of the timeline as a line of the page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.utils import timezone
from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from apigw_ws.models import AuditEvent, Broadcast, Run
from apigw_ws.services.activity import Entry, Kind
from apigw_ws_admin.help import links
from apigw_ws_admin.hints import HINTS
from apigw_ws_admin.labels import BROADCAST, RUN
from apigw_ws_admin.resources.records import ABOUT_BANS
from apigw_ws_admin.sites import reverse

ICONS: Final = {
    Kind.RUN: "rocket_launch",
    Kind.EVENT: "person",
    Kind.BROADCAST: "campaign",
    Kind.REFUSAL: "block",
}
_RUNS: Final = dict(Run.Kind.choices)
_VERBS: Final = dict(AuditEvent.Verb.choices)
#: Of each kind the colour and the words of a state.
_STATES: Final[Mapping[Kind, tuple[Mapping[str, str], Mapping[Any, str | Promise]]]] = {
    Kind.RUN: (RUN, dict(Run.State.choices)),
    Kind.EVENT: (RUN, dict(AuditEvent.Result.choices)),
    Kind.BROADCAST: (BROADCAST, dict(Broadcast.State.choices)),
    Kind.REFUSAL: ({"": "danger"}, {"": gettext_lazy("Refused")}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    entry: Entry
    #: When the first of several was, if that is not the second of the last.
    first: dt.datetime | None
    icon: str
    title: str
    href: str
    colour: str
    state: str
    facts: tuple[str, ...]
    #: To the page about what went wrong.
    help: SafeString


def line(entry: Entry, gateways: Mapping[int, str], *, addresses: bool) -> Line:
    colours, states = _STATES[entry.kind]
    return Line(
        entry=entry,
        first=_first(entry),
        icon=ICONS[entry.kind],
        title=_title(entry, addresses),
        href=_href(entry),
        colour=colours[entry.state],
        state=str(states[entry.state]),
        facts=tuple(filter(None, _facts(entry, gateways, addresses))),
        help=links.sign(_code(entry)),
    )


def _first(entry: Entry) -> dt.datetime | None:
    if entry.times < 2 or entry.first is None:
        return None
    return None if int(entry.first.timestamp()) == int(entry.at.timestamp()) else entry.first


def subject(entry: Entry, addresses: bool) -> str:
    """Without VIEW_ADDRESS empty for a ban: whom it keeps out may be an address."""
    return "" if entry.what in ABOUT_BANS and not addresses else entry.subject


def _title(entry: Entry, addresses: bool) -> str:
    about = subject(entry, addresses)
    match entry.kind:
        case Kind.RUN:
            return _("Run: %s") % _RUNS.get(entry.what, entry.what)
        case Kind.EVENT:
            verb = str(_VERBS.get(entry.what, entry.what))
            return f"{verb}: {about}" if about else verb
        case Kind.BROADCAST:
            return _("Broadcast: %s") % about if about else _("Broadcast %d") % entry.pk
    return _("Refused: %s") % (HINTS[entry.what].title if entry.what in HINTS else entry.what)


def _facts(entry: Entry, gateways: Mapping[int, str], addresses: bool) -> Iterator[str]:
    """What stands below the title."""
    named = gateways.get(entry.gateway or 0, "")
    if named != entry.subject:
        yield named
    if addresses and entry.address:
        yield _("from %s") % entry.address
    if entry.total is not None:
        sent, total = (number_format(each, force_grouping=True) for each in (entry.sent, entry.total))
        yield _("sent to %(sent)s of %(total)s") % {"sent": sent, "total": total}
    yield _(entry.detail) if entry.kind is Kind.REFUSAL else entry.detail
    if entry.times > 1:
        times = {"number": number_format(entry.times, force_grouping=True)}
        yield ngettext("%(number)s time", "%(number)s times", entry.times) % times


def _code(entry: Entry) -> str:
    """Of a run, its detail begins with it."""
    if entry.kind is Kind.REFUSAL:
        return links.guard(entry.what)
    first = entry.detail.partition(" ")[0]
    return links.code_of(first if entry.kind is Kind.RUN else entry.detail)


def _href(entry: Entry) -> str:
    if entry.kind is Kind.REFUSAL and entry.times > 1 and entry.first:
        return _refusals(entry, entry.first)
    model = {
        Kind.RUN: "run",
        Kind.EVENT: "auditevent",
        Kind.BROADCAST: "broadcast",
        Kind.REFUSAL: "refusal",
    }
    return reverse(f"admin:apigw_ws_{model[entry.kind]}_change", args=[entry.pk])


def _refusals(entry: Entry, first: dt.datetime) -> str:
    """The list, narrowed to those of the line. It knows seconds."""
    since, until = timezone.localtime(first), timezone.localtime(entry.at + dt.timedelta(seconds=1))
    query = {
        "guard": entry.what,
        "created_on_from_0": f"{since:%Y-%m-%d}",
        "created_on_from_1": f"{since:%H:%M:%S}",
        "created_on_to_0": f"{until:%Y-%m-%d}",
        "created_on_to_1": f"{until:%H:%M:%S}",
    }
    if entry.gateway:
        query["api_gateway__id__exact"] = str(entry.gateway)
    return reverse("admin:apigw_ws_refusal_changelist", query=query)
