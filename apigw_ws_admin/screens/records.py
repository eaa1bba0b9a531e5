"""Connect tokens and runs, read-only."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import ModelAdmin as DjangoModelAdmin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.contrib.filters.admin import ChoicesDropdownFilter, DropdownFilter
from unfold.decorators import display

from apigw_ws.models import Run, Step, WebSocketToken
from apigw_ws_admin.fields import copyable
from apigw_ws_admin.filters import GatewayFilter, MomentsFilter
from apigw_ws_admin.help import links
from apigw_ws_admin.identifiers import beside, code
from apigw_ws_admin.labels import RUN, TOKEN, Label, token_state
from apigw_ws_admin.moments import lasting
from apigw_ws_admin.readonly import ReadOnly, RecordAdmin
from apigw_ws_admin.searching import SearchesUsers
from apigw_ws_admin.sites import reverse
from apigw_ws_admin.ways import USERNAME


class TokenFilter(DropdownFilter):
    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: DjangoModelAdmin[Any]) -> Any:
        return [("used", _("Used")), ("unused", _("Not used"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = self.value()
        return queryset.filter(used_on__isnull=chosen == "unused") if chosen else queryset


class WebSocketTokenAdmin(SearchesUsers, RecordAdmin):
    """Shows the beginning of a token's hash; its value is not stored."""

    list_display = ("__str__", "state", "who", "created_on", "used_on", "connection")
    list_select_related = ("user",)
    list_filter = (TokenFilter, ("created_on", MomentsFilter))
    search_fields = (USERNAME, "connection_id")
    search_help_text = _("User or connection ID")
    ordering = ("-created_on",)
    list_before_template = "apigw_ws_admin/records/_tokens.html"
    fields = ("state_told", "user", "created_on", "used_on", "connection_id")
    readonly_fields = fields

    @display(description=_("State"), label=TOKEN)
    def state(self, token: WebSocketToken) -> Label:
        return token_state(token)

    @display(description=_("State"))
    def state_told(self, token: WebSocketToken) -> str:
        return str(token_state(token)[1])

    @display(description=_("User"), ordering="user")
    def who(self, token: WebSocketToken) -> Any:
        return token.user or _("Nobody signed in")

    @display(description=_("Connection"))
    def connection(self, token: WebSocketToken) -> SafeString | None:
        if not token.connection_id:
            return None
        query = {"q": token.connection_id, "state": "all"}
        url = reverse("admin:apigw_ws_websocketsession_changelist", query=query)
        link = format_html('<a class="underline" href="{}">{}</a>', url, code(token.connection_id))
        return beside(link, token.connection_id)


class StepInline(ReadOnly, TabularInline):
    model = Step
    fields = readonly_fields = copyable(Step, ("description", "took", "request_ids", "said"))
    extra = 0
    show_title = False
    if hasattr(TabularInline, "hide_title"):
        hide_title = True  # its name in Unfold 0.91

    @display(description=_("Took"))
    def took(self, step: Step) -> str | None:
        return lasting((step.finished_on - step.started_on).total_seconds()) if step.finished_on else None

    @display(description=_("error"))
    def said(self, step: Step) -> SafeString | None:
        return links.marked(step.error_text, step.error_code)


class RunAdmin(RecordAdmin):
    list_display = (
        "started_on",
        "gateway",
        "kind",
        "outcome",
        "planned",
        "started_by",
        "finished_on",
        "said",
    )
    list_select_related = ("gateway", "started_by")
    list_filter = (
        ("kind", ChoicesDropdownFilter),
        ("state", ChoicesDropdownFilter),
        ("gateway", GatewayFilter),
    )
    fields = (
        "gateway",
        "kind",
        "deployment_id",
        "state",
        "started_by",
        "planned",
        "waiting_until",
        "finished_on",
        "error_code",
        "explained",
    )
    readonly_fields = fields
    inlines = (StepInline,)

    @display(description=_("State"), label=RUN, ordering="state")
    def outcome(self, run: Run) -> Label:
        return run.state, run.get_state_display()

    @display(description=_("error"), ordering="error_text")
    def said(self, run: Run) -> SafeString | None:
        return links.marked(run.error_text, links.code_of_record(run))

    @display(description=_("error"))
    def explained(self, run: Run) -> SafeString | None:
        return links.explained_record(run)
