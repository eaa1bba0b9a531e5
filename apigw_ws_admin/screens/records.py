"""What happened: connect tokens and runs. To be read, not changed."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter
from unfold.decorators import display

from apigw_ws.conf import conf
from apigw_ws.models import Run, Step, WebSocketToken
from apigw_ws_admin.filters import MomentsFilter
from apigw_ws_admin.labels import RUN, Label
from apigw_ws_admin.readonly import ReadOnly, RecordAdmin


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
