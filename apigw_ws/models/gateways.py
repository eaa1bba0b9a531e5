from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from apigw_ws.conf import conf
from apigw_ws.models.domains import DomainSettings
from apigw_ws.models.stages import StageSettings
from apigw_ws.models.validators import (
    API_KEY_SOURCES,
    default_route_key_validator,
    region_validator,
    route_selection_validator,
    timeout_validators,
    validate_channel_name,
    validate_http_url,
    validate_tags,
)

if TYPE_CHECKING:
    from apigw_ws.models.runs import Run


class ApiGateway(StageSettings, DomainSettings):
    """One WebSocket API in AWS as we want it, with what AWS told us about it."""

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
    api_description = models.CharField(_("description"), max_length=1024, blank=True, default="")
    account = models.ForeignKey(
        "apigw_ws.AwsAccount",
        models.PROTECT,
        verbose_name=_("AWS account"),
        related_name="gateways",
        null=True,
        blank=True,
        help_text=_("Empty: the credentials that Django has anyway."),
    )
    region = models.CharField(
        _("region"),
        max_length=32,
        blank=True,
        default="",
        validators=[region_validator],
        help_text=_("For example eu-central-1. Empty: the region of the account or of the settings."),
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
        validators=[validate_channel_name],
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
        _("API key selection expression"),
        max_length=255,
        choices=[(source, source) for source in API_KEY_SOURCES],
        default=API_KEY_SOURCES[0],
    )
    route_selection_expression = models.CharField(
        _("route selection expression"),
        max_length=255,
        default="$request.body.action",
        validators=[route_selection_validator],
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
    #: The wanted version of the secret, see ``services.rotation``; 0: none, as in APIs made elsewhere.
    secret_version = models.PositiveSmallIntegerField(_("secret version"), default=1, editable=False)

    # What AWS told us. A cache: the truth is what `aws.reader` finds.
    api_id = models.CharField(_("API ID"), max_length=32, blank=True, default="", db_index=True)
    api_endpoint = models.CharField(_("API endpoint"), max_length=255, blank=True, default="")
    api_created = models.BooleanField(_("API created"), default=False, editable=False)
    deployment_id = models.CharField(
        _("deployment ID"), max_length=32, blank=True, default="", editable=False
    )
    #: The version that the live deployment sends; differs from the wanted one until that is deployed.
    live_secret_version = models.PositiveSmallIntegerField(
        _("live secret version"), null=True, blank=True, editable=False
    )
    #: Since when that has been so.
    secret_rotated_on = models.DateTimeField(_("secret rotated"), null=True, blank=True, editable=False)
    #: The version before the wanted one, accepted until it is retired; 0: requests without a secret.
    retiring_secret_version = models.PositiveSmallIntegerField(
        _("retiring secret version"), null=True, blank=True, editable=False
    )
    live_stage_name = models.CharField(
        _("live stage"), max_length=128, blank=True, default="", editable=False
    )
    #: The API was made elsewhere and not applied to since; applying takes over what it finds.
    adopting = models.BooleanField(_("adopted, not applied yet"), default=False, editable=False)

    created_on = models.DateTimeField(_("created"), auto_now_add=True)
    updated_on = models.DateTimeField(_("updated"), auto_now=True)

    class Meta:
        verbose_name = _("gateway")
        verbose_name_plural = _("gateways")
        ordering = ["api_name"]
        permissions = [
            ("deploy_apigateway", "Can apply a gateway's plan to AWS"),
            ("rollback_apigateway", "Can roll a gateway back to an earlier deployment"),
            ("teardown_apigateway", "Can remove a gateway from AWS"),
            ("rotate_secret_apigateway", "Can rotate a gateway's secret"),
            ("test_apigateway", "Can open test connections"),
        ]

    def __str__(self) -> str:
        return self.api_name

    def clean(self) -> None:
        super().clean()
        self.tags = self.tags or {}  # [] and null are empty, and so not validated
        self._check_certificate()
        if self.pk and self.additional_routes.filter(route_key=self.route_key).exists():
            raise ValidationError(
                _("An additional route has the key of the default route. Change one of them.")
            )

    def _check_certificate(self) -> None:
        """API Gateway takes certificates of its own region only; if that is unknown, AWS decides."""
        region = self.home_region
        held = "".join(self.certificate_arn.split(":")[3:4])
        if region and held and region != held:
            raise ValidationError(
                {
                    "certificate_arn": _(
                        "This certificate is in %(held)s. Choose one of the gateway's region, %(region)s."
                    )
                    % {"held": held, "region": region}
                }
            )

    @property
    def home_region(self) -> str:
        """Its own region, else its account's, else the settings'; empty if AWS's configuration decides."""
        return self.region or (self.account.default_region if self.account else "") or conf.region

    @property
    def client_url(self) -> str:
        """The URL that clients connect to; empty before the first deployment."""
        if self.live_domain:
            return f"wss://{self.live_domain}"
        return f"{self.api_endpoint}/{self.live_stage}" if self.deployment_id else ""

    @property
    def live_stage(self) -> str:
        """The stage that AWS serves; differs from the record's until a new name is applied."""
        return self.live_stage_name or self.stage_name

    @property
    def live_domain(self) -> str:
        """The domain that leads to the stage now; none with the emulator, whose domains are in no DNS."""
        if not self.api_mapping_id or ".amazonaws.com" not in self.api_endpoint:
            return ""
        return self.live_domain_name or self.domain_name

    def create_gateway(self) -> Run:
        """Make AWS match this record, and return the run. See ``services.provisioning.apply``."""
        from apigw_ws.services import provisioning

        return provisioning.apply(self)

    def create_custom_domain(self) -> Run:
        """As ``create_gateway``, which makes the domain too; ConfigurationError if it is incomplete."""
        from apigw_ws.services import provisioning, specs

        specs.check_domain(self)
        return provisioning.apply(self)
