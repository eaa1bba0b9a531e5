"""Finds records for Ctrl+K: each kind for those who may see it, by the words that are typed."""

from __future__ import annotations

from collections.abc import Iterator
from operator import attrgetter
from typing import Any, Final

from django.contrib.auth import get_user_model
from django.db.models import Q
from django.http import HttpRequest
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from unfold.dataclasses import SearchResult

from apigw_ws.models import ApiGateway, Broadcast, Channel, WebSocketSession
from apigw_ws_admin import ways
from apigw_ws_admin.help import catalogue, links
from apigw_ws_admin.permissions import TEST
from apigw_ws_admin.sites import admin_of, console, reverse

#: How many of a kind are shown, and how many sessions are read to find the newest of them: no index orders
#: those with the same prefix by age.
LIMIT: Final = 5
_READ: Final = 50
#: The least letters of a word that names a command.
_SAYING: Final = 3


def gateways(request: HttpRequest, word: str) -> Iterator[SearchResult]:
    if not may_view(request, ApiGateway):
        return
    named = Q(api_name__icontains=word) | Q(domain_name__icontains=word) | Q(api_id__istartswith=word)
    for each in ApiGateway.objects.filter(named).select_related("account")[:LIMIT]:
        link = reverse("admin:apigw_ws_apigateway_overview", args=[each.pk])
        environment = each.account.get_environment_display() if each.account else ""
        yield result(each, " · ".join(filter(None, (_("Gateway"), environment))), link, "cable")


def sessions(request: HttpRequest, word: str) -> Iterator[SearchResult]:
    if not may_view(request, WebSocketSession):
        return
    listed: Any = admin_of(WebSocketSession)
    everybody = WebSocketSession.objects.order_by().select_related("user")
    found, _twice = listed.get_search_results(request, everybody, word)
    for each in sorted(found[:_READ], key=attrgetter("connected", "created_on"), reverse=True):
        link = reverse("admin:apigw_ws_websocketsession_change", args=[each.pk])
        state = _("connected") if each.connected else _("closed")
        about = " · ".join(filter(None, (_("Session"), str(each.user or ""), state)))
        yield result(each.connection_id, about, link, "sensors")


def users(request: HttpRequest, word: str) -> Iterator[SearchResult]:
    if not ways.may_see(request):
        return
    model = get_user_model()
    named = model._default_manager.filter(**{f"{model.USERNAME_FIELD}__startswith": word})
    for each in named.order_by(model.USERNAME_FIELD)[:LIMIT]:
        if ways.may_see(request, each):
            yield result(each.get_username(), _("User"), ways.user_page(request, each.pk), "person")


def channels(request: HttpRequest, word: str) -> Iterator[SearchResult]:
    if may_view(request, Channel):
        for each in Channel.objects.filter(name__startswith=word).order_by("-members", "name")[:LIMIT]:
            yield result(each, _("Channel"), ways.channel_page(each.name), "forum")


def broadcasts(request: HttpRequest, word: str) -> Iterator[SearchResult]:
    if may_view(request, Broadcast):
        sent = admin_of(Broadcast).get_queryset(request).defer("payload")
        for each in sent.filter(title__icontains=word).order_by("-pk")[:LIMIT]:
            link = reverse("admin:apigw_ws_broadcast_change", args=[each.pk])
            about = " · ".join((_("Broadcast"), str(each.get_state_display()).lower()))
            yield result(each, about, link, "campaign")


def testing(request: HttpRequest, word: str) -> Iterator[SearchResult]:
    """Test consoles of gateways that are named along with a word for testing: “test lobby”."""
    if not (may_view(request, ApiGateway) and request.user.has_perm(TEST)):
        return
    saying, names = _apart(word, _("test console connect try"))
    if not saying:
        return
    named = Q()
    for name in names:
        named &= Q(api_name__icontains=name)
    for each in ApiGateway.objects.filter(named)[:LIMIT]:
        link = reverse("admin:apigw_ws_apigateway_test", args=[each.pk])
        yield result(_("Test %s") % each, _("Test console"), link, "cable")


def files(request: HttpRequest, word: str) -> Iterator[SearchResult]:
    """Pages that export or import the records of a list: “export bans”."""
    for verb, title, icon in (
        ("export", _("Export %(records)s"), "download"),
        ("import", _("Import %(records)s"), "upload"),
    ):
        for model, listed in console()._registry.items():
            text = title % {"records": model._meta.verbose_name_plural}
            may = getattr(listed, f"has_{verb}_permission", None)
            if may and model._meta.app_label == "apigw_ws" and matches(word, text) and may(request):
                link = reverse(f"admin:apigw_ws_{model._meta.model_name}_{verb}_file")
                yield result(text, _("Command"), link, icon)


def codes(_request: HttpRequest, word: str) -> Iterator[SearchResult]:
    """Help pages about codes, which are for everybody."""
    for entry in catalogue.search(word):
        yield result(f"{entry.code}: {entry.title}", _("What a code means"), links.page(entry.code), "help")


def _apart(word: str, saying: str) -> tuple[list[str], list[str]]:
    """Split what was typed into words that name a command, and the others."""
    known, parts = tuple(saying.casefold().split()), word.casefold().split()
    says = [part for part in parts if len(part) >= _SAYING and any(each.startswith(part) for each in known)]
    return says, [part for part in parts if part not in says]


def may_view(request: HttpRequest, model: type[Any]) -> bool:
    return bool(admin_of(model).has_view_permission(request))


def result(title: Any, about: str, link: str, icon: str) -> SearchResult:
    """Plain strings only: Unfold caches what was found."""
    return SearchResult(title=str(title), description=capfirst(about), link=link, icon=icon)


def matches(word: str, text: str) -> bool:
    return all(part in text.casefold() for part in word.casefold().split())
