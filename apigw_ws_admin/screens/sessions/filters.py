"""What the list of sessions can be narrowed to."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.contrib.admin import ModelAdmin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import DropdownFilter, TextFilter

from apigw_ws.models import WebSocketSession
from apigw_ws.models.sessions import SessionState
from apigw_ws.services import timeline
from apigw_ws.services.narrowing import at_address, of_users

Rows = QuerySet[WebSocketSession]


def not_connected(request: HttpRequest) -> bool:
    """Whether the list shows sessions that are over, too."""
    return request.GET.get(StateFilter.parameter_name) in {SessionState.CLOSED, "all"}


class StateFilter(DropdownFilter):
    """Connected sessions, unless somebody asks for others."""

    title = _("state")
    parameter_name = "state"
    all_option = None

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> Any:
        return [("", _("Connected")), *SessionState.choices, ("all", _("All"))]

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        chosen = self.value()
        if chosen in SessionState.values:
            narrowed: Rows = getattr(queryset, str(chosen))()
            return narrowed
        return queryset if chosen == "all" else queryset.filter(connected=True)


class FailedFilter(DropdownFilter):
    title = _("messages")
    parameter_name = "failed"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> Any:
        return [("1", _("A handler failed lately"))]

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        return queryset.filter(timeline.failed()) if self.value() == "1" else queryset


class _WordFilter(TextFilter):
    def word(self) -> str:
        """What was written; PostgreSQL takes no NUL."""
        return str(self.value() or "").replace("\0", "").strip()


class ChannelFilter(_WordFilter):
    title = _("channel that they are in now")
    parameter_name = "channel"

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        name = self.word()
        return queryset.in_channel(name) if name else queryset  # type: ignore[attr-defined]


class UserFilter(_WordFilter):
    title = _("user (the beginning of the name)")
    parameter_name = "user"

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        name = self.word()
        return queryset.filter(of_users(name)) if name else queryset


class AddressFilter(_WordFilter):
    title = _("address")
    parameter_name = "address"

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        word = self.word()
        if not word:
            return queryset
        there = at_address(word)
        return queryset.none() if there is None else queryset.filter(there)


class _SpanFilter(DropdownFilter):
    """Filters by how long something has lasted."""

    field: str
    spans: tuple[tuple[str, str | Promise, Callable[[str], Q]], ...]

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> Any:
        return [(key, label) for key, label, _condition in self.spans]

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        for key, _label, condition in self.spans:
            if key == self.value():
                return queryset.filter(condition(self.field))
        return queryset


def _less(minutes: int) -> Callable[[str], Q]:
    return lambda field: Q(**{f"{field}__gt": timezone.now() - timedelta(minutes=minutes)})


def _more(minutes: int) -> Callable[[str], Q]:
    return lambda field: Q(**{f"{field}__lte": timezone.now() - timedelta(minutes=minutes)})


class ConnectedForFilter(_SpanFilter):
    title = _("connected for")
    parameter_name = "for"
    field = "created_on"
    spans = (
        ("lt1", _("Less than a minute"), _less(1)),
        ("lt10", _("Less than 10 minutes"), _less(10)),
        ("gt10", _("More than 10 minutes"), _more(10)),
        ("gt60", _("More than an hour"), _more(60)),
        ("gt110", _("Cut in 10 minutes or less"), _more(110)),
    )


class IdleForFilter(_SpanFilter):
    title = _("idle for")
    parameter_name = "idle"
    field = "active_on"
    spans = (
        ("lt1", _("Less than a minute"), _less(1)),
        ("gt1", _("More than a minute"), _more(1)),
        ("gt5", _("More than 5 minutes"), _more(5)),
        ("gt10", _("More than 10 minutes"), _more(10)),
    )

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        narrowed = super().queryset(request, queryset)
        return narrowed if narrowed is queryset else narrowed.filter(connected=True)  # nobody else is idle
