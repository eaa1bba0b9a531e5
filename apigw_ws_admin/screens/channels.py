"""Channels: their members, who may join, and how much is said."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display
from unfold.views import ChangeList

from apigw_ws.conf import conf
from apigw_ws.models import ApiGateway, Channel, ChannelPermission, ChannelVerb, WebSocketSession
from apigw_ws.services import dossiers, figures, rules
from apigw_ws_admin import ways
from apigw_ws_admin.fields import grouped
from apigw_ws_admin.live import LiveList, framed
from apigw_ws_admin.permissions import VIEW_ADDRESS, demand_look
from apigw_ws_admin.readonly import RecordAdmin
from apigw_ws_admin.sites import admin_of, reverse
from apigw_ws_admin.trails import trail
from apigw_ws_admin.ways import channel_page

#: The most gateways that a row names.
_NAMED: Final = 3
_URLS: Final = "apigw_ws_channel_"
Access = ChannelPermission.Access


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Who may, in a word or two; the channel permission that says so, if any, and its page."""

    level: str
    pattern: str
    href: str = ""


class ChannelList(ChangeList):
    def url_for_result(self, result: Channel) -> str:
        """Link by name, because rows come and go with their members."""
        return channel_page(result.name)

    def get_results(self, request: HttpRequest) -> None:
        """Add the rule and the gateways' names, in one query for all rows."""
        super().get_results(request)
        wanted = {pk for channel in self.result_list for pk in channel.gateways}
        names = dict(ApiGateway.objects.filter(pk__in=wanted).order_by().values_list("pk", "api_name"))
        for channel in self.result_list:
            channel.gateway_names = [names[pk] for pk in channel.gateways if pk in names]
            channel.rule = _rule(request, rules.entry_for(channel.name), ChannelVerb.JOIN)


class ChannelAdmin(LiveList, RecordAdmin):
    """The channels' figures, for users who may view sessions."""

    list_display = ("name", "members_shown", "who_joins", "a_minute", "gateways_shown")
    search_fields = ("name",)
    search_help_text = gettext_lazy("Beginning of a channel's name")
    nobody_template = "apigw_ws_admin/channels/_none.html"
    preserve_filters = False  # a channel's page is a list itself, and would take them for its own filters

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("page/", wrap(self.page_view), name=f"{_URLS}page"),
            path("page/facts/", wrap(self.facts_view), name=f"{_URLS}facts"),
            *super().get_urls(),
        ]

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(_sessions().has_view_permission(request))

    def get_changelist(self, request: HttpRequest, **more: Any) -> type[ChannelList]:
        return ChannelList

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Channel], search_term: str
    ) -> tuple[QuerySet[Channel], bool]:
        word = search_term.strip()
        return (queryset.filter(name__startswith=word) if word else queryset), False

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        demand_look(self, request)  # before anything is counted
        turn = figures.looked_at()
        counted = turn.finished_on if turn else None
        response = super().changelist_view(request, {**(extra_context or {}), "counted": counted})
        if counted:
            response.headers["X-Counted"] = counted.isoformat()
        return response

    def figure_of(self, rows: QuerySet[Channel]) -> str:
        return grouped(rows.count())

    def shown_of(self, row: Any) -> tuple[Any, ...]:
        rule = (row.rule.level, row.rule.pattern)
        return row.name, row.members, row.live, row.messages, row.gateway_names, rule

    @display(description=gettext_lazy("Members"), ordering="members")
    def members_shown(self, channel: Channel) -> SafeString:
        idle = channel.members - channel.live
        return format_html(
            '<span class="live-who"><b>{}</b> <code>{}</code></span>',
            grouped(channel.members),
            _("%s idle") % grouped(idle) if idle else "",
        )

    @display(description=gettext_lazy("Who may join"))
    def who_joins(self, channel: Any) -> SafeString:
        """A link to the rule, for users who may view it."""
        rule = channel.rule
        name = rule.pattern or _("no channel permission fits")
        if rule.href:
            name = format_html('<a class="underline" href="{}">{}</a>', rule.href, name)
        return format_html('<span class="live-who"><b>{}</b> <code>{}</code></span>', rule.level, name)

    @display(description=gettext_lazy("Messages a minute"), ordering="messages")
    def a_minute(self, channel: Channel) -> str:
        return grouped(channel.messages)

    @display(description=gettext_lazy("Gateways"))
    def gateways_shown(self, channel: Any) -> SafeString:
        names = channel.gateway_names
        more = f" +{len(names) - _NAMED}" if len(names) > _NAMED else ""
        return format_html('<span title="{}">{}{}</span>', ", ".join(names), ", ".join(names[:_NAMED]), more)

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **more: Any) -> HttpResponse:
        channel = self.get_object(request, object_id)
        return HttpResponseRedirect(channel_page(channel.name) if channel else _here())

    def page_view(self, request: HttpRequest) -> HttpResponse:
        """Show a channel's figures and rule above the list of its members."""
        name = _name(request)
        if not name:
            return HttpResponseRedirect(_here())
        context = {"title": name, "channel": name, "nobody": "apigw_ws_admin/channels/_nobody.html"}
        sessions = _sessions()
        response: HttpResponse = sessions.changelist_view(request, context)
        template = "apigw_ws_admin/channels/page.html"
        return framed(sessions, response, template, lambda: _context(request, name))

    def facts_view(self, request: HttpRequest) -> HttpResponse:
        """Show the figures again; 204 while they are unchanged."""
        name = _name(request)
        demand_look(self, request)
        if not name:
            raise Http404
        context = _context(request, name)
        if request.GET.get("seen") == context["seen"]:
            return HttpResponse(status=204)
        return render(request, "apigw_ws_admin/channels/_facts.html", context)


def _sessions() -> Any:
    """The admin of sessions, which ``admin.py`` has registered."""
    return admin_of(WebSocketSession)


def _here() -> str:
    return reverse(f"admin:{_URLS}changelist")


def _name(request: HttpRequest) -> str:
    return request.GET.get("channel", "").replace("\0", "").strip()


def _context(request: HttpRequest, name: str) -> dict[str, Any]:
    turn = figures.looked_at()
    dossier = dossiers.of_channel(name)
    joins, sends = (_rule(request, dossier.entry, verb) for verb in (ChannelVerb.JOIN, ChannelVerb.SEND))
    figured = dossier.figures
    shown = (
        turn and turn.finished_on,
        figured.members,
        figured.live,
        figured.messages,
        figured.gateways,
        joins,
        sends,
        dossier.bans,
    )
    return {
        "channel": name,
        "trail": trail((_("Channels"), _here()), (name, "")),
        "dossier": dossier,
        "seen": blake2b(repr(shown).encode(), digest_size=9).hexdigest(),
        "turn": turn,
        "idle": figured.members - figured.live,
        "joins": joins,
        "sends": sends,
        "may_see_addresses": request.user.has_perm(VIEW_ADDRESS),
        "acts": [
            *ways.acts_on(request, channel=name),
            *ways.ban(request, _("Ban somebody here"), channel_name=name),
        ],
    }


def _rule(request: HttpRequest, entry: rules.Entry | None, verb: ChannelVerb) -> Rule:
    if entry is None:
        level = Access.EVERYONE if conf.allow_unlisted_channels else Access.NOBODY
        return Rule(level=str(level.label), pattern="")
    may_look = admin_of(ChannelPermission).has_view_permission(request)
    href = reverse("admin:apigw_ws_channelpermission_change", args=[entry.pk]) if may_look else ""
    return Rule(level=str(Access(entry.levels[verb]).label), pattern=entry.pattern, href=href)
