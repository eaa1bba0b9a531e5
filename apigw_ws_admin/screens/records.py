"""What happened: sessions, connect tokens, refusals, runs. To be read, not changed."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from django.db.models import Model
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, TabularInline
from unfold.contrib.filters.admin import (
    BooleanRadioFilter,
    ChoicesDropdownFilter,
    FieldTextFilter,
    RelatedDropdownFilter,
)
from unfold.decorators import display
from unfold.paginator import InfinitePaginator

from apigw_ws.conf import conf
from apigw_ws.models import Refusal, Run, Step, WebSocketSession, WebSocketToken
from apigw_ws_admin.filters import MomentsFilter
from apigw_ws_admin.labels import RUN, Label


class ReadOnly:
    """Nobody adds or changes such rows; they go with what they belong to, never by themselves."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class RecordAdmin(ReadOnly, ModelAdmin):
    """What happened: many rows, the newest first, never counted."""

    list_fullwidth = True
    list_filter_submit = True
    list_per_page = 50
    list_disable_select_all = True
    paginator = InfinitePaginator
    show_full_result_count = False
    actions: Any = None

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Asked elsewhere, before a user or gateway is deleted, whether its records may go too."""
        here = request.resolver_match.url_name if request.resolver_match else ""
        own = f"{self.opts.app_label}_{self.opts.model_name}_"
        return not str(here).startswith(own) and bool(super().has_delete_permission(request, obj))


class WebSocketSessionAdmin(RecordAdmin):
    list_display = (
        "connection_id",
        "state",
        "user",
        "channel_name",
        "api_gateway",
        "ip_address",
        "request_count",
        "connected_on",
        "last_seen_on",
    )
    list_select_related = ("user", "api_gateway")
    list_filter = (
        ("connected", BooleanRadioFilter),
        ("channel_name", FieldTextFilter),
        ("api_gateway", RelatedDropdownFilter),
        ("created_on", MomentsFilter),
    )
    search_fields = ("connection_id", "channel_name", "user__username", "ip_address")
    search_help_text = _("Connection ID, channel, user or IP address")

    @display(description=_("State"), label={"open": "success", "closed": "default"}, ordering="connected")
    def state(self, session: WebSocketSession) -> Label:
        return ("open", _("Connected")) if session.connected else ("closed", _("Closed"))


class WebSocketTokenAdmin(RecordAdmin):
    list_display = ("__str__", "state", "user", "created_on", "used_on", "connection_id")
    list_select_related = ("user",)
    list_filter = (("created_on", MomentsFilter),)
    search_fields = ("user__username", "connection_id")
    ordering = ("-created_on",)

    @display(description=_("State"), label={"used": "success", "valid": "info", "expired": "warning"})
    def state(self, token: WebSocketToken) -> Label:
        if token.used_on:
            return "used", _("Used")
        if timezone.now() - token.created_on < timedelta(seconds=conf.token_max_age):
            return "valid", _("Valid")
        return "expired", _("Expired")


class RefusalAdmin(RecordAdmin):
    list_display = (
        "created_on",
        "refused_by",
        "reason",
        "phase",
        "status",
        "api_gateway",
        "user",
        "ip_address",
    )
    list_select_related = ("user", "api_gateway")
    list_filter = (
        ("guard", FieldTextFilter),
        ("api_gateway", RelatedDropdownFilter),
        ("created_on", MomentsFilter),
    )
    search_fields = ("reason", "ip_address", "origin", "connection_id", "user__username")
    exclude = ("facts",)
    readonly_fields = ("all_facts",)

    @display(description=_("Guard"), label=True, ordering="guard")
    def refused_by(self, refusal: Refusal) -> str:
        return refusal.guard

    @display(description=_("Facts"))
    def all_facts(self, refusal: Refusal) -> SafeString:
        return format_html("<pre>{}</pre>", json.dumps(refusal.facts, indent=2, ensure_ascii=False))


class StepInline(ReadOnly, TabularInline):
    model = Step
    fields = readonly_fields = ("description", "took", "request_ids", "error_text")
    extra = 0
    show_title = False
    if hasattr(TabularInline, "hide_title"):
        hide_title = True  # Unfold 0.91 calls it so

    @display(description=_("Took"))
    def took(self, step: Step) -> str | None:
        return (
            f"{(step.finished_on - step.started_on).total_seconds():.2f}\N{NO-BREAK SPACE}s"
            if step.finished_on
            else None
        )


class RunAdmin(RecordAdmin):
    list_display = (
        "started_on",
        "gateway",
        "kind",
        "outcome",
        "planned",
        "started_by",
        "finished_on",
        "error_text",
    )
    list_select_related = ("gateway", "started_by")
    list_filter = (
        ("kind", ChoicesDropdownFilter),
        ("state", ChoicesDropdownFilter),
        ("gateway", RelatedDropdownFilter),
    )
    inlines = (StepInline,)

    @display(description=_("State"), label=RUN, ordering="state")
    def outcome(self, run: Run) -> Label:
        return run.state, run.get_state_display()
