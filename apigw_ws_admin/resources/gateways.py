"""Gateways with their routes: what plans are made from; neither AWS's answers nor secrets."""

from __future__ import annotations

from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from import_export.fields import Field
from import_export.widgets import Widget

from apigw_ws.models import ApiGateway, ApiGatewayAdditionalRoute, AwsAccount
from apigw_ws_admin.resources.base import Transfer
from apigw_ws_admin.resources.values import listed, plain, record_of, within

#: A gateway's fields. Without its uid, by which two installations would fight for one API.
FIELDS: Final = (
    "api_name",
    "api_description",
    "account",
    "region",
    "endpoint_url",
    "default_channel_name",
    "target_base_endpoint",
    "api_key_selection_expression",
    "route_selection_expression",
    "route_key",
    "two_way",
    "integration_timeout",
    "tags",
    "push_mode",
    "stage_name",
    "stage_description",
    "throttling_rate_limit",
    "throttling_burst_limit",
    "detailed_metrics",
    "logging_level",
    "data_trace",
    "access_log_destination_arn",
    "access_log_format",
    "stage_variables",
    "domain_name",
    "certificate_arn",
    "hosted_zone_id",
    "disable_execute_api_endpoint",
)
#: A route's fields; its key identifies it.
ROUTE_FIELDS: Final[tuple[models.Field[Any, Any], ...]] = tuple(
    ApiGatewayAdditionalRoute._meta.get_field(name)  # type: ignore[misc]
    for name in ("route_key", "name", "integration_url", "two_way", "integration_timeout", "enabled")
)


class AccountWidget(Widget):
    """An account, by its name: its contents stay with the installation."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> AwsAccount | None:
        if not value:
            return None
        found = AwsAccount.objects.filter(label=str(value)).first()
        if found is None:
            problem = _("There is no AWS account “%s” here. Add it, or leave the value empty.")
            raise ValueError(problem % (value,))
        return found

    def render(self, value: AwsAccount | None, obj: Any = None, **kwargs: Any) -> str | None:
        return value.label if value else None


class RoutesField(Field):
    """All additional routes of a gateway, sorted by key. They are stored after the gateway."""

    def export(self, instance: Any, **kwargs: Any) -> list[dict[str, Any]]:
        """The routes from the file, else the stored ones."""
        if hasattr(instance, self.attribute):
            return getattr(instance, self.attribute)  # type: ignore[no-any-return]
        stored = instance.additional_routes.all() if instance.pk else ()
        routes = sorted(stored, key=lambda route: route.route_key)
        return [{field.name: plain(getattr(route, field.name)) for field in ROUTE_FIELDS} for route in routes]

    def clean(self, row: Any, **kwargs: Any) -> list[dict[str, Any]]:
        routes = [record_of(ROUTE_FIELDS, route) for route in listed(row[self.column_name])]
        keys = [route["route_key"] for route in routes]
        if twice := [key for key in keys if keys.count(key) > 1]:
            raise ValueError(_("The route “%s” is there twice.") % twice[0])
        return sorted(routes, key=lambda route: str(route["route_key"]))


class GatewayTransfer(Transfer):
    naming = ("api_name",)
    next_step = gettext_lazy("Nothing was sent to AWS: look at the plan of each, then apply it.")
    account = Field(attribute="account", column_name="account", widget=AccountWidget())
    routes = RoutesField(attribute="routes", column_name="routes")

    class Meta(Transfer.Meta):
        model = ApiGateway
        fields = (*FIELDS, "routes")
        export_order = fields
        import_id_fields = ("api_name",)

    def facts(self, instance: Any) -> dict[str, Any]:
        """Each route by itself, so that nobody overlooks one that is removed."""
        facts = self.record(instance)
        routes = facts.pop("routes")
        return facts | {_("route “%s”") % route["route_key"]: route for route in routes}

    def get_queryset(self) -> Any:
        return self.filter_export(super().get_queryset())

    def filter_export(self, queryset: Any, **kwargs: Any) -> Any:
        return queryset.select_related("account").prefetch_related("additional_routes")

    def validate_instance(self, instance: Any, *args: Any, **kwargs: Any) -> None:
        """Report the problems of the gateway and of its routes together."""
        errors: dict[str, Any] = {}
        try:
            super().validate_instance(instance, *args, **kwargs)
        except ValidationError as error:
            errors = error.update_error_dict(errors)
        for values in getattr(instance, "routes", ()):
            try:
                ApiGatewayAdditionalRoute(**values).full_clean(
                    exclude=("api_gateway",), validate_constraints=False
                )
            except ValidationError as error:
                errors = within("routes", values["route_key"], error).update_error_dict(errors)
        if errors:
            raise ValidationError(errors)

    def do_instance_save(self, instance: Any, is_create: bool) -> None:
        """Save only the imported fields, because AWS's answers may have changed meanwhile."""
        instance.save(**({"force_insert": True} if is_create else {"update_fields": (*FIELDS, "updated_on")}))

    def after_save_instance(self, instance: Any, row: Any, **kwargs: Any) -> None:
        """If the file has routes, delete those that it does not have."""
        if (wanted := getattr(instance, "routes", None)) is None:
            return
        here = {route.route_key: route for route in instance.additional_routes.all()}
        gone = here.keys() - {route["route_key"] for route in wanted}
        instance.additional_routes.filter(route_key__in=gone).delete()
        for values in wanted:
            _write(here.get(values["route_key"]) or ApiGatewayAdditionalRoute(api_gateway=instance), values)


def _write(route: ApiGatewayAdditionalRoute, values: dict[str, Any]) -> None:
    for name, value in values.items():
        setattr(route, name, value)
    try:
        route.full_clean()
    except ValidationError as error:
        raise within("routes", route.route_key, error) from error
    route.save()
