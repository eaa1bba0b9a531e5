"""Refusals: who was refused, why, and what would let them in."""

from __future__ import annotations

import json
from typing import Any, ClassVar, Final

from django.contrib.admin import ModelAdmin as DjangoModelAdmin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import DropdownFilter, FieldTextFilter, TextFilter
from unfold.decorators import display

from apigw_ws.models import Refusal
from apigw_ws.services import refusals
from apigw_ws_admin.addresses import HidesAddresses
from apigw_ws_admin.filters import GatewayFilter, MomentsFilter
from apigw_ws_admin.help import links
from apigw_ws_admin.hints import HINTS, hint_for, ways_of
from apigw_ws_admin.permissions import BAN, VIEW_ADDRESS
from apigw_ws_admin.readonly import RecordAdmin
from apigw_ws_admin.searching import SearchesUsers
from apigw_ws_admin.sites import reverse
from apigw_ws_admin.ways import USERNAME

#: The most reasons in the chart.
TOP: Final = 8


class GuardFilter(DropdownFilter):
    title = _("guard")
    parameter_name = "guard"

    def lookups(self, request: HttpRequest, model_admin: DjangoModelAdmin[Any]) -> Any:
        return [(guard, hint.title) for guard, hint in HINTS.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Refusal]) -> QuerySet[Refusal]:
        return queryset.filter(guard=self.value()) if self.value() else queryset


class BanFilter(TextFilter):
    """Filters by the number of the ban that refused."""

    title = _("ban")
    parameter_name = "ban"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Refusal]) -> QuerySet[Refusal]:
        number = str(self.value() or "")
        return queryset.filter(guard="ban", facts__ban=int(number)) if number.isdecimal() else queryset


class RefusalAdmin(SearchesUsers, HidesAddresses, RecordAdmin):
    of_addresses = ("ip_address", "address_block")
    list_display = (
        "created_on",
        "refused_by",
        "why",
        "times",
        "phase",
        "status",
        "api_gateway",
        "user",
        "ip_address",
    )
    list_select_related = ("user", "api_gateway")
    list_filter = (
        GuardFilter,
        ("api_gateway", GatewayFilter),
        ("ip_address", FieldTextFilter),
        (USERNAME, FieldTextFilter),
        BanFilter,
        ("created_on", MomentsFilter),
    )
    search_fields = ("guard", "reason", "ip_address", "origin", "connection_id", USERNAME)
    search_help_text = _("Guard, reason, IP address, origin, connection ID or user")
    list_before_template = "apigw_ws_admin/refusals/_top.html"
    change_form_outer_before_template = "apigw_ws_admin/refusals/_hint.html"
    fields = (
        "created_on",
        "guard",
        "why",
        "all_facts",
        "phase",
        "status",
        "times",
        "api_gateway",
        "user",
        "ip_address",
        "origin",
        "host",
        "user_agent",
        "connection_id",
    )
    readonly_fields = fields

    class Media:
        css: ClassVar = {"all": ("apigw_ws_admin/refusals.css",)}

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        context = {"top": _bars(refusals.top(TOP)), **(extra_context or {})}
        response: HttpResponse = super().changelist_view(request, context)
        return response

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        refusal: Refusal = context["original"]
        context |= {"hint": hint_for(refusal), "ways": list(ways_of(request, refusal))}
        context |= {"ban": _ban(request, refusal)}
        response: HttpResponse = super().render_change_form(request, context, *args, **kwargs)
        return response

    @display(description=_("Guard"), label=True, ordering="guard")
    def refused_by(self, refusal: Refusal) -> str:
        return str(HINTS[refusal.guard].title) if refusal.guard in HINTS else refusal.guard

    @display(description=_("reason"), ordering="reason")
    def why(self, refusal: Refusal) -> SafeString | None:
        return links.marked(refusal.why, links.guard(refusal.guard))

    @display(description=_("Facts"))
    def all_facts(self, refusal: Refusal) -> SafeString | None:
        facts = ((name, _shown(value)) for name, value in refusal.facts.items())
        return format_html_join("", '<div class="break-all">{}: {}</div>', facts) or None


def _bars(top: list[refusals.Tallied]) -> list[dict[str, Any]]:
    """Each reason with its title and the length of its bars, in percent of the longest."""
    longest = max((one.last_day for one in top), default=1)
    return [
        {
            "tallied": one,
            "title": HINTS[one.guard].title if one.guard in HINTS else one.guard,
            "day": -(-100 * one.last_day // longest),
            "hour": -(-100 * one.last_hour // longest),
        }
        for one in top
    ]


def _ban(request: HttpRequest, refusal: Refusal) -> str:
    """The URL of the form for a ban of the address (of IPv6, its /64); empty if there is nothing to ban."""
    if not (refusal.address_block and request.user.has_perms([BAN, VIEW_ADDRESS])):
        return ""
    network = refusal.address_block + ("/64" if ":" in refusal.address_block else "")
    return reverse("admin:apigw_ws_ban_add", query={"network": network, "minutes": 15, "reason": refusal.why})


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
