"""Gateways with their routes, and applying them to AWS."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.forms import CharField, HiddenInput
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import action, display
from unfold.enums import ActionVariant
from unfold.forms import BaseDialogForm

from apigw_ws.exceptions import ApigwWsError
from apigw_ws.models import ApiGateway, ApiGatewayAdditionalRoute, Run, WebSocketSession
from apigw_ws.services import provisioning
from apigw_ws.tasks import apply_gateway
from apigw_ws_admin.labels import RUN, Label
from apigw_ws_admin.permissions import APPLY


class ApplyForm(BaseDialogForm):
    """Shows the plan, and submits which plan was shown."""

    form_before_template = "apigw_ws_admin/gateways/_plan.html"
    seen = CharField(widget=HiddenInput)

    def get_before_template_context(self, request: HttpRequest, object_id: Any = None) -> dict[str, Any]:
        """Called when the dialog is drawn, before the fields are: what is sent back is what is shown here."""
        self.is_bound = False
        try:
            plan = provisioning.preview(get_object_or_404(ApiGateway, pk=object_id))
        except ApigwWsError as error:
            return {"problem": error}
        self.initial["seen"] = plan.digest
        return {"plan": plan}


class RouteInline(TabularInline):
    model = ApiGatewayAdditionalRoute
    fields = ("route_key", "name", "integration_url", "two_way", "deployed")
    readonly_fields = ("deployed",)
    extra = 0
    tab = True


class ApiGatewayAdmin(ModelAdmin):
    list_display = ("api_name", "state", "stage_name", "address", "connected", "last_run")
    list_fullwidth = True
    actions = None
    search_fields = ("api_name", "api_id", "domain_name")
    readonly_fields = ("uid", "api_id", "address", "deployment_id", "created_on", "updated_on")
    inlines = (RouteInline,)
    actions_detail = ("apply",)
    fieldsets = (
        (None, {"fields": ("api_name", "api_description", "target_base_endpoint", "region", "endpoint_url")}),
        (
            _("Routing"),
            {
                "classes": ("tab",),
                "fields": (
                    "route_selection_expression",
                    "route_key",
                    "two_way",
                    "default_channel_name",
                    "secret_version",
                ),
            },
        ),
        (
            _("Stage"),
            {
                "classes": ("tab",),
                "fields": ("stage_name", "stage_description", "api_key_selection_expression", "tags"),
            },
        ),
        (_("In AWS"), {"classes": ("tab",), "fields": readonly_fields}),
    )

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

    @action(
        description=_("Apply to AWS"),
        icon="rocket_launch",
        variant=ActionVariant.PRIMARY,
        permissions=["apply"],
        url_path="apply",
        dialog={
            "title": _("Apply to AWS"),
            "description": _("What differs between the gateway, as it is saved here, and AWS."),
            "form_class": ApplyForm,
            "form_submit_text": _("Apply"),
        },
    )
    def apply(self, request: HttpRequest, form: ApplyForm, object_id: str) -> HttpResponse:
        """The worker carries out the plan that was shown, or nothing; the run says how it went."""
        gateway = get_object_or_404(ApiGateway, pk=object_id)
        apply_gateway.enqueue(gateway.pk, request.user.pk, form.cleaned_data["seen"])
        messages.success(request, _("“%s” is being applied to AWS.") % gateway)
        return HttpResponse(headers={"HX-Redirect": self._where_to_look(request, gateway)})

    def has_apply_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return request.user.has_perm(APPLY)

    def _where_to_look(self, request: HttpRequest, gateway: ApiGateway) -> str:
        if request.user.has_perm("apigw_ws.view_run"):
            return reverse("admin:apigw_ws_run_changelist", query={"gateway__id__exact": gateway.pk})
        return reverse("admin:apigw_ws_apigateway_change", args=[gateway.pk])
