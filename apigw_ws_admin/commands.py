"""What Ctrl+K finds beside pages of the menu: gateways, sessions, users, channels, and what one may do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from operator import attrgetter
from typing import Any, Final

from django.contrib.auth import get_user_model
from django.db.models import Q
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.dataclasses import SearchResult

from apigw_ws.models import ApiGateway, Channel, WebSocketSession
from apigw_ws_admin import ways
from apigw_ws_admin.permissions import APPLY, BAN, SEND_BROADCAST, TRACE, VIEW_PAYLOAD
from apigw_ws_admin.sites import admin_of, reverse

#: How many of a kind are shown, and how many sessions are read to find the newest of them: no index has those
#: whose IDs begin alike by their age.
LIMIT: Final = 5
_READ: Final = 50
#: Longer than anything that can be found.
_LONGEST: Final = 128

_VIEW: Final = "apigw_ws.view_apigateway"


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A page on which something is done, for those who may."""

    title: str | Promise
    #: What else people call it.
    words: str | Promise
    page: str
    icon: str
    permissions: tuple[str, ...]


COMMANDS: Final = (
    Command(
        title=gettext_lazy("Create a gateway"),
        words=gettext_lazy("wizard new add api"),
        page="apigateway_wizard",
        icon="auto_fix_high",
        permissions=("apigw_ws.add_apigateway", APPLY),
    ),
    Command(
        title=gettext_lazy("Adopt an API"),
        words=gettext_lazy("existing import gateway aws"),
        page="apigateway_adopt",
        icon="input",
        permissions=("apigw_ws.add_apigateway", APPLY),
    ),
    Command(
        title=gettext_lazy("Ask the doctor"),
        words=gettext_lazy("problem wrong check health diagnosis"),
        page="apigateway_doctors",
        icon="stethoscope",
        permissions=(_VIEW,),
    ),
    Command(
        title=gettext_lazy("Compose a broadcast"),
        words=gettext_lazy("send message all write"),
        page="broadcast_compose",
        icon="campaign",
        permissions=(SEND_BROADCAST,),
    ),
    Command(
        title=gettext_lazy("Start a trace"),
        words=gettext_lazy("capture messages debug record"),
        page="trace_add",
        icon="troubleshoot",
        permissions=(TRACE, VIEW_PAYLOAD),
    ),
    Command(
        title=gettext_lazy("Ban a user, network or agent"),
        words=gettext_lazy("block keep out address"),
        page="ban_add",
        icon="gavel",
        permissions=(BAN,),
    ),
    Command(
        title=gettext_lazy("Who may join a channel?"),
        words=gettext_lazy("permission rule allowed send"),
        page="channelpermission_who_may",
        icon="help",
        permissions=("apigw_ws.view_channelpermission",),
    ),
)


def search(request: HttpRequest, term: str) -> list[SearchResult]:
    """For UNFOLD["COMMAND"]["search_callback"]: LIMIT of each kind, of what this person may look at."""
    # As it was typed: Unfold lowers it, and connection IDs and names are told apart by their case.
    word = request.GET.get("s", term).replace("\0", "").strip()[:_LONGEST]
    if not word:
        return []
    return [*chain.from_iterable(islice(find(request, word), LIMIT) for find in _FINDERS)]


def _commands(request: HttpRequest, word: str) -> Iterator[SearchResult]:
    parts = word.casefold().split()
    for each in COMMANDS:
        text = f"{each.title} {each.words}".casefold()
        if all(part in text for part in parts) and request.user.has_perms(each.permissions):
            yield _result(each.title, _("Command"), reverse(f"admin:apigw_ws_{each.page}"), each.icon)


def _gateways(request: HttpRequest, word: str) -> Iterator[SearchResult]:
    if not _may_view(request, ApiGateway):
        return
    named = Q(api_name__icontains=word) | Q(domain_name__icontains=word) | Q(api_id__istartswith=word)
    for each in ApiGateway.objects.filter(named).select_related("account")[:LIMIT]:
        link = reverse("admin:apigw_ws_apigateway_overview", args=[each.pk])
        environment = each.account.get_environment_display() if each.account else ""
        yield _result(each, " · ".join(filter(None, (_("Gateway"), environment))), link, "cable")


def _sessions(request: HttpRequest, word: str) -> Iterator[SearchResult]:
    if not _may_view(request, WebSocketSession):
        return
    listed: Any = admin_of(WebSocketSession)
    everybody = WebSocketSession.objects.order_by().select_related("user")
    found, _twice = listed.get_search_results(request, everybody, word)
    for each in sorted(found[:_READ], key=attrgetter("connected", "created_on"), reverse=True):
        link = reverse("admin:apigw_ws_websocketsession_change", args=[each.pk])
        state = _("connected") if each.connected else _("closed")
        about = " · ".join(filter(None, (_("Session"), str(each.user or ""), state)))
        yield _result(each.connection_id, about, link, "sensors")


def _users(request: HttpRequest, word: str) -> Iterator[SearchResult]:
    if not ways.may_see(request):
        return
    model = get_user_model()
    named = model._default_manager.filter(**{f"{model.USERNAME_FIELD}__startswith": word})
    for each in named.order_by(model.USERNAME_FIELD)[:LIMIT]:
        if ways.may_see(request, each):
            yield _result(each.get_username(), _("User"), ways.user_page(request, each.pk), "person")


def _channels(request: HttpRequest, word: str) -> Iterator[SearchResult]:
    if _may_view(request, Channel):
        for each in Channel.objects.filter(name__startswith=word).order_by("-members", "name")[:LIMIT]:
            yield _result(each, _("Channel"), ways.channel_page(each.name), "forum")


_FINDERS: Final[tuple[Callable[[HttpRequest, str], Iterator[SearchResult]], ...]] = (
    _commands,
    _gateways,
    _sessions,
    _users,
    _channels,
)


def _may_view(request: HttpRequest, model: type[Any]) -> bool:
    return bool(admin_of(model).has_view_permission(request))


def _result(title: Any, about: str, link: str, icon: str) -> SearchResult:
    """Plain text throughout: what was found is kept in the cache for some minutes."""
    return SearchResult(title=str(title), description=capfirst(about), link=link, icon=icon)
