"""The form of a gateway's record."""

from __future__ import annotations

from typing import Any, Final

from django.db.models import Field, JSONField
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from apigw_ws.models import ApiGateway
from apigw_ws_admin import tabs
from apigw_ws_admin.auditing import AuditedSaves
from apigw_ws_admin.fields import copyable
from apigw_ws_admin.sites import reverse

Fields = tuple[str | tuple[str, ...], ...]

#: The groups of fields; the first has no heading and is always visible.
GROUPS: Final[tuple[tuple[str | Promise | None, Fields], ...]] = (
    (None, ("api_name", "api_description", "target_base_endpoint", "push_mode")),
    (_("Where"), ("account", "region", "endpoint_url")),
    (
        _("Routing"),
        (
            "route_selection_expression",
            "route_key",
            "two_way",
            "integration_timeout",
            "default_channel_name",
            "api_key_selection_expression",
        ),
    ),
    (
        _("Stage"),
        (
            "stage_name",
            "stage_description",
            ("throttling_rate_limit", "throttling_burst_limit"),
            "stage_variables",
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
        ("domain_name", "certificate_arn", "hosted_zone_id", "disable_execute_api_endpoint"),
    ),
)
IN_AWS: Final = copyable(
    ApiGateway,
    (
        "uid",
        "api_id",
        "client_url",
        "deployment_id",
        "api_gateway_domain_name",
        "created_on",
        "updated_on",
    ),
)
#: Wanted field -> live field, which is shown below it if it differs.
LIVE: Final = {"stage_name": "live_stage", "domain_name": "live_domain"}


class GatewaySettings(AuditedSaves):
    readonly_fields = (*IN_AWS, *LIVE.values())
    #: Unfold asks for it at each field. Where there is none, Django's templates look through all attributes
    #: of this class, which has two dozen bases: a tenth of the page's time.
    conditional_fields: Final[dict[str, str]] = {}

    def get_fieldsets(self, request: HttpRequest, obj: ApiGateway | None = None) -> list[Any]:
        groups = [(title, _with_live(fields, obj)) for title, fields in GROUPS]
        if obj is not None:
            groups.append((_("In AWS"), IN_AWS))
        return [(title, {"fields": fields, "classes": ("tab",) if title else ()}) for title, fields in groups]

    def formfield_for_dbfield(self, db_field: Field[Any, Any], request: HttpRequest, **kwargs: Any) -> Any:
        """Values that are no mappings are refused by the form."""
        if isinstance(db_field, JSONField):
            kwargs["validators"] = db_field.validators
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        context |= {"show_save_and_continue": False, "show_save_and_add_another": False}
        if gateway := kwargs.get("obj"):
            context |= tabs.frame(request, gateway, title=_("Settings"), tab="settings")
        response: HttpResponse = super().render_change_form(request, context, *args, **kwargs)
        return response

    def response_post_save_add(self, request: HttpRequest, obj: ApiGateway) -> HttpResponse:
        return self.response_post_save_change(request, obj)

    def response_post_save_change(self, request: HttpRequest, obj: ApiGateway) -> HttpResponse:
        """Stay on the page; the message says what to do next."""
        return HttpResponseRedirect(reverse("admin:apigw_ws_apigateway_change", args=[obj.pk]))

    @display(description=_("URL for clients"))
    def client_url(self, gateway: ApiGateway) -> str:
        return gateway.client_url or gettext("Apply to AWS first")

    @display(description=_("Live until the next apply"))
    def live_stage(self, gateway: ApiGateway) -> str:
        return gateway.live_stage_name

    @display(description=_("Live until the next apply"))
    def live_domain(self, gateway: ApiGateway) -> str:
        return gateway.live_domain_name


def _with_live(fields: Fields, gateway: ApiGateway | None) -> Fields:
    """The fields, each followed by its live value if that differs."""
    shown: list[str | tuple[str, ...]] = []
    for field in fields:
        shown.append(field)
        live = LIVE.get(field) if isinstance(field, str) else None
        if live and gateway and getattr(gateway, f"{live}_name") not in ("", getattr(gateway, str(field))):
            shown.append(live)
    return tuple(shown)
