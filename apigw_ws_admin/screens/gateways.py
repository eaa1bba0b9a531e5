"""Gateways."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import display

from apigw_ws.models import ApiGateway, Run, WebSocketSession
from apigw_ws_admin import tabs
from apigw_ws_admin.labels import RUN, Label


class ApiGatewayAdmin(ModelAdmin):
    list_display = ("api_name", "state", "stage_name", "address", "connected", "last_run")
    list_fullwidth = True
    search_fields = ("api_name", "api_id", "domain_name")
    readonly_fields = (
        "uid",
        "api_id",
        "address",
        "deployment_id",
        "api_gateway_domain_name",
        "created_on",
        "updated_on",
    )
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "api_name",
                    "api_description",
                    "target_base_endpoint",
                    "region",
                    "endpoint_url",
                    "push_mode",
                )
            },
        ),
        *(
            (title, {"classes": ("tab",), "fields": fields})
            for title, fields in (
                (
                    _("Routing"),
                    (
                        "route_selection_expression",
                        "route_key",
                        "two_way",
                        "integration_timeout",
                        "default_channel_name",
                    ),
                ),
                (
                    _("Stage"),
                    (
                        "stage_name",
                        "stage_description",
                        ("throttling_rate_limit", "throttling_burst_limit"),
                        "stage_variables",
                        "api_key_selection_expression",
                        "tags",
                    ),
                ),
                (
                    _("Logs"),
                    (
                        "logging_level",
                        "data_trace",
                        "detailed_metrics",
                        "access_log_destination_arn",
                        "access_log_format",
                    ),
                ),
                (
                    _("Domain"),
                    (
                        "domain_name",
                        "certificate_arn",
                        "hosted_zone_id",
                        "disable_execute_api_endpoint",
                    ),
                ),
                (_("In AWS"), readonly_fields),
            )
        ),
    )

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        if gateway := kwargs.get("obj"):
            context |= tabs.frame(request, gateway, title=_("Settings"), tab="settings")
        response: HttpResponse = super().render_change_form(request, context, *args, **kwargs)
        return response

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApiGateway]:
        sessions = WebSocketSession.objects.filter(api_gateway=OuterRef("pk"), connected=True)
        counted = sessions.order_by().values("api_gateway").annotate(count=Count("pk")).values("count")
        runs = Run.objects.filter(gateway=OuterRef("pk")).order_by("-started_on")
        gateways: QuerySet[ApiGateway] = super().get_queryset(request)
        return gateways.annotate(
            connected_sessions=Coalesce(Subquery(counted), 0),
            last_run_state=Subquery(runs.values("state")[:1]),
        )

    @display(description=_("State"), label={"made": "success", "new": "warning"})
    def state(self, gateway: ApiGateway) -> Label:
        return ("made", _("In AWS")) if gateway.api_created else ("new", _("Not in AWS yet"))

    @display(description=_("URL for clients"), empty_value=_("Apply to AWS first"))
    def address(self, gateway: ApiGateway) -> str | None:
        return f"{gateway.api_endpoint}/{gateway.stage_name}" if gateway.api_endpoint else None

    @display(description=_("Connected"), ordering="connected_sessions")
    def connected(self, gateway: Any) -> int:
        return int(gateway.connected_sessions)

    @display(description=_("Last run"), label=RUN)
    def last_run(self, gateway: Any) -> Label | None:
        state = gateway.last_run_state
        return (state, Run.State(state).label) if state else None
