"""The list of sessions: who is connected, from where, since when."""

from __future__ import annotations

from typing import Any, Final

from django.db import connections
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from apigw_ws.models import ApiGateway, WebSocketSession
from apigw_ws.models.sessions import MAX_AGE
from apigw_ws.services.narrowing import at_address, of_connection, of_users
from apigw_ws_admin.fields import grouped
from apigw_ws_admin.filters import GatewayFilter, MomentsFilter
from apigw_ws_admin.permissions import VIEW_ADDRESS
from apigw_ws_admin.readonly import RecordAdmin
from apigw_ws_admin.screens.sessions.cells import moment, program, selector, state_label
from apigw_ws_admin.screens.sessions.filters import (
    AddressFilter,
    ChannelFilter,
    ConnectedForFilter,
    FailedFilter,
    IdleForFilter,
    StateFilter,
    UserFilter,
    not_connected,
)
from apigw_ws_admin.screens.sessions.live import LiveList
from apigw_ws_admin.screens.sessions.looking import Pages, SessionChangeList
from apigw_ws_admin.screens.sessions.page import Facts, channels_of

#: The most channels that a row names.
_NAMED: Final = 3
#: Columns that every message updates are not indexed, so these sort only connected sessions.
_SORT_CONNECTED: Final = frozenset({"idle_for", "in_and_out"})
#: A list that can be filtered by these would reveal them, letter by letter.
_HASHES: Final = frozenset({"session_key_hash", "auth_hash"})
_ADDRESSES: Final = frozenset({"ip_address", "address_block", "address"})


class SessionList(LiveList, RecordAdmin):
    list_display = (
        "who",
        "state_shown",
        "channels_shown",
        "gateway",
        "address",
        "agent",
        "connected_for",
        "idle_for",
        "in_and_out",
        "expires_in",
    )
    list_per_page = 25  # twice as many take twice as long, every few seconds
    list_select_related = ()  # see SessionChangeList
    paginator = Pages
    list_sections = (Facts,)
    list_filter = (
        StateFilter,
        ("api_gateway", GatewayFilter),
        ChannelFilter,
        UserFilter,
        AddressFilter,
        ConnectedForFilter,
        IdleForFilter,
        FailedFilter,
        ("created_on", MomentsFilter),
    )
    search_fields = ("connection_id",)
    search_help_text = gettext_lazy("Beginning of a connection ID or of a user's name, or an address")

    def get_changelist(self, request: HttpRequest, **more: Any) -> type[SessionChangeList]:
        return SessionChangeList

    def get_list_display(self, request: HttpRequest) -> Any:
        return [
            each for each in self.list_display if each != "address" or request.user.has_perm(VIEW_ADDRESS)
        ]

    def get_sortable_by(self, request: HttpRequest) -> Any:
        others = not_connected(request)
        return [each for each in self.get_list_display(request) if not (others and each in _SORT_CONNECTED)]

    def get_list_filter(self, request: HttpRequest) -> Any:
        may = request.user.has_perm(VIEW_ADDRESS)
        return [each for each in self.list_filter if each is not AddressFilter or may]

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        hidden = _HASHES if request and request.user.has_perm(VIEW_ADDRESS) else _HASHES | _ADDRESSES
        return lookup.partition("__")[0] not in hidden and super().lookup_allowed(lookup, value, request)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[WebSocketSession], search_term: str
    ) -> tuple[QuerySet[WebSocketSession], bool]:
        """Search by the beginning of a connection ID or username, or by an address; all are indexed."""
        word = search_term.strip()
        if not word:
            return queryset, False
        there = at_address(word) if request.user.has_perm(VIEW_ADDRESS) else None
        connection = of_connection(word, connections[queryset.db].vendor)
        return queryset.filter(there or connection | of_users(word)), False

    @display(description=gettext_lazy("User"))
    def who(self, session: WebSocketSession) -> SafeString:
        name = session.user or _("Nobody signed in")
        return format_html(
            '<span class="live-who"><b>{}</b> <code>{}</code></span>', name, session.connection_id
        )

    @display(description="")
    def action_checkbox(self, session: WebSocketSession) -> SafeString:
        return selector(session.pk)

    @display(description=gettext_lazy("State"))
    def state_shown(self, session: WebSocketSession) -> SafeString:
        return state_label(session.state)

    @display(description=gettext_lazy("Channels"))
    def channels_shown(self, session: WebSocketSession) -> SafeString | None:
        if not (names := channels_of(session)):
            return None
        more = len(names) - _NAMED
        shown = format_html_join(", ", "{}", ((name,) for name in names[:_NAMED]))
        return format_html(
            '<span title="{}">{}{}</span>', ", ".join(names), shown, f" +{more}" if more > 0 else ""
        )

    @display(description=gettext_lazy("Gateway"))
    def gateway(self, session: WebSocketSession) -> ApiGateway | None:
        return session.api_gateway

    @display(description=gettext_lazy("Address"))
    def address(self, session: WebSocketSession) -> str | None:
        return session.ip_address

    @display(description=gettext_lazy("Agent"))
    def agent(self, session: WebSocketSession) -> SafeString | None:
        agent = session.user_agent
        return format_html('<span title="{}">{}</span>', agent, program(agent)) if agent else None

    @display(description=gettext_lazy("Connected for"), ordering="-created_on")
    def connected_for(self, session: WebSocketSession) -> SafeString | None:
        return moment(session.created_on)

    @display(description=gettext_lazy("Idle for"), ordering="-active_on")
    def idle_for(self, session: WebSocketSession) -> SafeString | None:
        return moment(session.active_on) if session.connected else None

    @display(description=gettext_lazy("In / out"), ordering="-request_count")
    def in_and_out(self, session: WebSocketSession) -> SafeString:
        sizes = (filesizeformat(session.bytes_in), filesizeformat(session.bytes_out))
        return format_html(
            '<span class="live-time" title="{}">{} / {}</span>',
            _("%s in, %s out") % sizes,
            grouped(max(session.request_count - 1, 0)),
            grouped(session.messages_out),
        )

    @display(description=gettext_lazy("Expires in"))
    def expires_in(self, session: WebSocketSession) -> SafeString | None:
        return moment(session.created_on + MAX_AGE, until=True) if session.connected else None
