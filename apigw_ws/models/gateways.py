from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from apigw_ws.models.validators import (
    default_route_key_validator,
    log_destination_validator,
    route_key_validator,
    stage_name_validator,
    timeout_validators,
    validate_access_log_format,
    validate_http_url,
    validate_stage_variables,
    validate_tags,
)

if TYPE_CHECKING:
    from apigw_ws.models.runs import Run


class ApiGateway(models.Model):
    """One WebSocket API in AWS, as we want it, with what AWS told us about it."""

    class LoggingLevel(models.TextChoices):
        OFF = "OFF", _("Off")
        ERROR = "ERROR", _("Errors")
        INFO = "INFO", _("Everything")

    class PushMode(models.TextChoices):
        AUTO = "auto", _("At once: saving applies to AWS")
        PLAN = "plan", _("After review: saving offers the plan")
        MANUAL = "manual", _("By hand: saving says nothing")

    uid = models.UUIDField(
        _("stable ID"),
        default=uuid.uuid4,
        unique=True,
        editable=False,
        help_text=_(
            "Written as a tag on the API in AWS, so that the record and the API find each other again."
        ),
    )
    api_name = models.CharField(_("name"), max_length=128, unique=True)
    api_description = models.CharField(_("description"), max_length=255, blank=True, default="")
    region = models.CharField(
        _("region"),
        max_length=32,
        blank=True,
        default="",
        help_text=_("For example eu-central-1. Empty: the region of the settings or of the AWS profile."),
    )
    endpoint_url = models.CharField(
        _("AWS endpoint URL"),
        max_length=200,
        blank=True,
        default="",
        validators=[validate_http_url],
        help_text=_("Empty for AWS. The emulator's URL, or that of a VPC endpoint, otherwise."),
    )
    default_channel_name = models.CharField(
        _("default channel"),
        max_length=128,
        blank=True,
        default="",
        help_text=_("The channel of a connection whose URL names none."),
    )
    target_base_endpoint = models.CharField(
        _("target base URL"),
        max_length=2000,
        validators=[validate_http_url],
        blank=True,
        default="",
        help_text=_(
            "Where your view is, with the trailing slash and without the route: https://www.example.com/ws/. "
            "API Gateway calls …/connect, …/default and …/disconnect below it."
        ),
    )
    api_key_selection_expression = models.CharField(
        _("API key selection expression"), max_length=255, default="$request.header.x-api-key"
    )
    route_selection_expression = models.CharField(
        _("route selection expression"), max_length=255, default="$request.body.action"
    )
    route_key = models.CharField(
        _("default route key"), max_length=64, default="$default", validators=[default_route_key_validator]
    )
    two_way = models.BooleanField(
        _("two-way"),
        default=True,
        help_text=_(
            "What the default handler returns goes back to the client as the reply, "
            "without a further call to AWS."
        ),
    )
    integration_timeout = models.PositiveIntegerField(
        _("timeout"),
        default=29_000,
        validators=timeout_validators,
        help_text=_("Milliseconds that your view may take for an event: 50 to 29000."),
    )
    disable_execute_api_endpoint = models.BooleanField(
        _("only the custom domain"),
        default=False,
        help_text=_("Turns the API's own address off, so that clients reach it through the custom domain."),
    )
    stage_name = models.CharField(
        _("stage"), max_length=128, default="production", validators=[stage_name_validator]
    )
    stage_description = models.CharField(_("stage description"), max_length=255, blank=True, default="")
    # Of the following, an empty one is not managed: what AWS has, its default or by hand, stays.
    throttling_rate_limit = models.FloatField(
        _("throttling rate"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_("Messages a second on each route. Empty: as AWS has it, at first your account's limit."),
    )
    throttling_burst_limit = models.PositiveIntegerField(
        _("throttling burst"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_("Messages at once on each route, beyond the rate. Empty: as AWS has it."),
    )
    detailed_metrics = models.BooleanField(
        _("detailed metrics"),
        null=True,
        blank=True,
        help_text=_("Metrics for each route, which CloudWatch charges for. Unknown: as AWS has it."),
    )
    logging_level = models.CharField(
        _("execution logging"),
        max_length=8,
        blank=True,
        default="",
        choices=LoggingLevel.choices,
        help_text=_(
            "What API Gateway logs of its own work. The account needs a CloudWatch role for it. "
            "Empty: as AWS has it."
        ),
    )
    data_trace = models.BooleanField(
        _("log whole messages"),
        null=True,
        blank=True,
        help_text=_("Adds messages in full, with whatever they hold, to the log. Unknown: as AWS has it."),
    )
    access_log_destination_arn = models.CharField(
        _("access log"),
        max_length=255,
        blank=True,
        default="",
        validators=[log_destination_validator],
        help_text=_("The ARN of the log group that gets a line for each event. Empty: as AWS has it."),
    )
    access_log_format = models.CharField(
        _("access log format"),
        max_length=3000,
        blank=True,
        default="",
        validators=[validate_access_log_format],
        help_text=_("One line with $context.requestId in it. Empty: JSON with what is mostly asked for."),
    )
    stage_variables = models.JSONField(
        _("stage variables"),
        default=dict,
        blank=True,
        validators=[validate_stage_variables],
        help_text=_('As {"name": "value"}. Variables that were not set here stay.'),
    )
    tags = models.JSONField(
        _("tags"), default=dict, blank=True, validators=[validate_tags], help_text=_('As {"name": "value"}.')
    )
    push_mode = models.CharField(
        _("changes go to AWS"),
        max_length=8,
        choices=PushMode.choices,
        default=PushMode.PLAN,
        help_text=_("What a save in the console does. Saving in code never calls AWS."),
    )
    secret_version = models.PositiveSmallIntegerField(
        _("secret version"),
        default=1,
        help_text=_(
            "Proves to Django that a request comes from this gateway. Add one to rotate the secret. "
            "0 turns the check off: only for an API that was not made here."
        ),
    )
    domain_name = models.CharField(
        _("custom domain"), max_length=255, blank=True, default="", help_text=_("For example ws.example.com.")
    )
    certificate_arn = models.CharField(_("certificate ARN"), max_length=255, blank=True, default="")
    hosted_zone_id = models.CharField(_("hosted zone ID"), max_length=32, blank=True, default="")

    # What AWS told us. A cache: the truth is what `aws.reader` finds.
    api_id = models.CharField(_("API ID"), max_length=32, blank=True, default="", db_index=True)
    api_endpoint = models.CharField(_("API endpoint"), max_length=255, blank=True, default="")
    api_gateway_domain_name = models.CharField(
        _("domain to point DNS at"), max_length=255, blank=True, default=""
    )
    api_mapping_id = models.CharField(_("API mapping ID"), max_length=128, blank=True, default="")
    api_created = models.BooleanField(_("API created"), default=False, editable=False)
    custom_domain_created = models.BooleanField(_("custom domain created"), default=False, editable=False)
    deployment_id = models.CharField(
        _("deployment ID"), max_length=32, blank=True, default="", editable=False
    )

    created_on = models.DateTimeField(_("created"), auto_now_add=True)
    updated_on = models.DateTimeField(_("updated"), auto_now=True)

    class Meta:
        verbose_name = _("gateway")
        verbose_name_plural = _("gateways")
        ordering = ["api_name"]
        permissions = [
            ("apply_apigateway", "Can apply a gateway's plan to AWS"),
            ("rollback_apigateway", "Can roll a gateway back to an earlier deployment"),
            ("teardown_apigateway", "Can remove a gateway from AWS"),
            ("rotate_secret_apigateway", "Can rotate a gateway's secret"),
        ]

    def __str__(self) -> str:
        return self.api_name

    def clean(self) -> None:
        errors = {}
        if (self.throttling_rate_limit is None) != (self.throttling_burst_limit is None):
            # AWS takes the missing one for 0 in some calls, and 0 lets nothing through.
            errors["throttling_burst_limit"] = _("Set the rate and the burst, or neither.")
        if self.access_log_format and not self.access_log_destination_arn:
            errors["access_log_destination_arn"] = _("Enter where lines of this format go.")
        if self.disable_execute_api_endpoint and not self.domain_name:
            errors["disable_execute_api_endpoint"] = _("Without a custom domain nobody could connect.")
        if errors:
            raise ValidationError(errors)

    @property
    def client_url(self) -> str:
        """What clients connect to; empty before the first deployment."""
        if self.api_mapping_id and self.domain_name:
            return f"wss://{self.domain_name}"
        return f"{self.api_endpoint}/{self.stage_name}" if self.deployment_id else ""

    def create_gateway(self) -> Run:
        """Make AWS match this record, and return the run. See ``services.provisioning.apply``."""
        from apigw_ws.services import provisioning

        return provisioning.apply(self)


class ApiGatewayAdditionalRoute(models.Model):
    """A route of a gateway beside $connect, $default and $disconnect, and the URL it calls."""

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
