"""Every address of the console that is asked for with GET, from the URL conf: a new one is among them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Any, Final

from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import Model
from django.urls import URLPattern, URLResolver, reverse

from apigw_ws.models import Act, ApiGateway, Broadcast, DeployedSnapshot, SavedFrame, TraceEntry
from apigw_ws_admin.screens.security import ACTS
from tests.admin.test_wizard import ANSWERS

_APPS: Final = ("apigw_ws", "auth")
#: Views of Django's own that show no page to whoever is signed in, or that nothing leads to.
_NO_PAGES: Final = frozenset({"logout", "login", "jsi18n", "view_on_site", "autocomplete"})
#: Arguments of which each value has a page of its own.
_SAID: Final[Mapping[str, tuple[str, ...]]] = {
    "app_label": ("apigw_ws",),
    "code": ("AccessDenied", "gone", "1006", "403", "guard.origin", "apigw_ws.W003"),
    "step": (*ANSWERS, "review"),
    "part": ("identity", "certificates"),
    "apigw_ws_apigateway_secret.act": tuple(ACTS),
    "apigw_ws_broadcast_act.act": ("pause", "resume", "cancel"),
}
#: Other arguments than the primary key of the first row of the model whose admin it is.
_FOUND: Final[Mapping[str, Callable[[], object]]] = {
    "api_id": lambda: _first(ApiGateway, "api_id"),
    "deployment_id": lambda: _first(DeployedSnapshot, "deployment_id"),
    "frame_id": lambda: _first(SavedFrame),
    "uid": lambda: _first(Act, "uid"),
    "user_id": lambda: _first(User),
    "apigw_ws_trace_payload.pk": lambda: _first(TraceEntry),
    "apigw_ws_broadcast_confirm.object_id": lambda: _first(Broadcast, state="draft"),
}
#: What is asked for beside what is there unasked, by the view's name.
_ASKED: Final[Mapping[str, tuple[str, ...]]] = {
    "search": ("s=gateway-1", "s=user-1", "s=channel-1", "s=10.0.1.7", "s=create"),
    "index": ("range=24h", "range=7d"),
    "apigw_ws_apigateway_home": ("range=24h", "range=7d"),
    "apigw_ws_apigateway_changelist": ("q=gateway-1", "p=2"),
    "apigw_ws_apigateway_take": ("choice-1=api.description",),
    "apigw_ws_apigateway_wizard_part": ("region=us-east-1&domain_name=a.example.com",),
    "apigw_ws_activity": ("span=7d", "span=30d", "who=user-1", "gateway=1&span=30d", "kind=refusal&span=30d"),
    "apigw_ws_activity_chart": ("span=7d", "span=30d"),
    "apigw_ws_auditevent_changelist": ("q=user-1", "p=2"),
    "apigw_ws_ban_changelist": ("q=user-1", "state=all"),
    "apigw_ws_broadcast_changelist": ("q=broadcast-1", "p=2"),
    "apigw_ws_broadcast_compose": ("channel=channel-1", "gateway=1", "draft=1"),
    "apigw_ws_broadcastrecipient_changelist": ("broadcast__id__exact=1", "q=gone-1"),
    "apigw_ws_channel_changelist": ("q=channel-1", "p=2"),
    "apigw_ws_channel_page": ("channel=channel-1",),
    "apigw_ws_channel_facts": ("channel=channel-1",),
    "apigw_ws_channelpermission_changelist": ("q=channel-1",),
    "apigw_ws_channelpermission_who_may": ("user=user-1&verb=join&channel=channel-1",),
    "apigw_ws_refusal_changelist": ("q=user-1", "p=2", "guard=origin"),
    "apigw_ws_run_changelist": ("q=gateway-1", "p=2", "state__exact=failed"),
    "apigw_ws_trace_changelist": ("q=channel-1",),
    "apigw_ws_websocketsession_changelist": ("q=user-1", "state=all", "user=user-1&state=all"),
    "apigw_ws_websocketsession_disconnect_many": ("sessions=state%3Dlive",),
    "apigw_ws_websocketsession_message_many": ("sessions=state%3Dlive",),
    "apigw_ws_websocketsession_join_many": ("sessions=state%3Dlive",),
    "apigw_ws_websocketsession_leave_many": ("sessions=state%3Dlive",),
    "apigw_ws_websocketsession_ban_many": ("sessions=state%3Dlive",),
    "auth_user_changelist": ("q=user-1", "p=2"),
    "auth_group_changelist": ("q=group-1",),
}
#: Views that have nothing to say unasked.
_ONLY_ASKED: Final = frozenset({"apigw_ws_channel_facts"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """An address, but for the rows that it is about."""

    view: str
    model: type[Model] | None
    #: Of the URL, by name; empty: that of a row.
    arguments: Mapping[str, str] = field(default_factory=dict)
    query: str = ""

    def __str__(self) -> str:
        return " ".join(filter(None, (self.view, *self.arguments.values(), self.query)))

    def url(self, draft: str) -> str:
        """About the first row of each kind, and about the ``draft`` of a gateway."""
        found = {name: said or self._of_row(name, draft) for name, said in self.arguments.items()}
        url = reverse(f"admin:{self.view}", kwargs=found)
        return f"{url}?{self.query}" if self.query else url

    def _of_row(self, name: str, draft: str) -> object:
        if name == "draft":
            return draft
        found = _FOUND.get(f"{self.view}.{name}", _FOUND.get(name))
        if found:
            return found()
        assert self.model is not None
        return _first(self.model)


def every_screen() -> list[Screen]:
    """Also those that are refused to everybody, and those that are posted to."""
    found = {}
    for pattern, model in _patterns(admin.site.get_urls()):
        view = pattern.name or ""
        if not view or view in _NO_PAGES:
            continue
        names = [*pattern.pattern.regex.groupindex]
        values = product(*(_SAID.get(f"{view}.{name}", _SAID.get(name, ("",))) for name in names))
        for arguments in (dict(zip(names, each, strict=True)) for each in values):
            for query in (*(() if view in _ONLY_ASKED else ("",)), *_ASKED.get(view, ())):
                screen = Screen(view=view, model=model, arguments=arguments, query=query)
                found[str(screen)] = screen
    return [*found.values()]


def _first(model: type[Model], column: str = "pk", **which: object) -> object:
    return model._default_manager.filter(**which).order_by("pk").values_list(column, flat=True)[0]


def _patterns(urls: Any, model: type[Model] | None = None) -> Iterator[tuple[URLPattern, type[Model] | None]]:
    """With the model whose admin it is in."""
    for each in urls:
        if not isinstance(each, URLResolver):
            yield each, model
            continue
        label = tuple(str(each.pattern).strip("/").split("/"))
        if label[0] in _APPS:
            yield from _patterns(each.url_patterns, apps.get_model(*label))
