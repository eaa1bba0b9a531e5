from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from apigw_ws.models.gateways import ApiGateway
from apigw_ws.models.validators import route_key_validator, timeout_validators, validate_http_url


class ApiGatewayAdditionalRoute(models.Model):
    """A route of a gateway besides $connect, $default and $disconnect, and the URL that it calls."""

    api_gateway = models.ForeignKey(
        ApiGateway, verbose_name=_("gateway"), on_delete=models.CASCADE, related_name="additional_routes"
    )
    name = models.CharField(_("name"), max_length=63)
    route_key = models.CharField(_("route key"), max_length=64, validators=[route_key_validator])
    integration_url = models.CharField(_("target URL"), max_length=2000, validators=[validate_http_url])
    two_way = models.BooleanField(
        _("two-way"),
        default=True,
        help_text=_(
            "What the handler returns goes back to the client as the reply, without a further call to AWS."
        ),
    )
    integration_timeout = models.PositiveIntegerField(
        _("timeout"),
        null=True,
        blank=True,
        validators=timeout_validators,
        help_text=_("Milliseconds, 50 to 29000. Empty: the gateway's."),
    )
    enabled = models.BooleanField(
        _("enabled"), default=True, help_text=_("A route that is switched off is not in AWS.")
    )

    # What AWS told us; see ApiGateway.
    deployed = models.BooleanField(_("deployed"), default=False, editable=False)
    route_id = models.CharField(_("route ID"), max_length=32, blank=True, default="", editable=False)
    integration_id = models.CharField(
        _("integration ID"), max_length=32, blank=True, default="", editable=False
    )

    created_on = models.DateTimeField(_("created"), auto_now_add=True)
    updated_on = models.DateTimeField(_("updated"), auto_now=True)

    class Meta:
        verbose_name = _("route")
        verbose_name_plural = _("routes")
        ordering = ["route_key"]
        constraints = [
            models.UniqueConstraint(
                fields=["api_gateway", "route_key"],
                name="apigw_ws_route_key_once_per_gateway",
                violation_error_message=_("This gateway already has a route with this key."),
            )
        ]

    def __str__(self) -> str:
        return self.route_key

    def clean(self) -> None:
        if self.api_gateway_id and self.route_key == self.api_gateway.route_key:
            raise ValidationError({"route_key": _("This is the key of the gateway's default route.")})
