from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from apigw_ws.models.validators import certificate_validator, domain_validator, hosted_zone_validator


class DomainSettings(models.Model):
    """The custom domain of a gateway, and what AWS told us about it."""

    domain_name = models.CharField(
        _("custom domain"),
        max_length=255,
        blank=True,
        default="",
        validators=[domain_validator],
        help_text=_("For example ws.example.com. Emptied, the domain is removed from AWS."),
    )
    certificate_arn = models.CharField(
        _("certificate ARN"),
        max_length=255,
        blank=True,
        default="",
        validators=[certificate_validator],
        help_text=_(
            "An issued ACM certificate of the gateway's region that covers the domain. "
            "Empty: the domain is not made here."
        ),
    )
    hosted_zone_id = models.CharField(
        _("hosted zone ID"),
        max_length=64,
        blank=True,
        default="",
        validators=[hosted_zone_validator],
        help_text=_("The Route 53 zone that gets the domain's record. Empty: you point DNS at the domain."),
    )
    disable_execute_api_endpoint = models.BooleanField(
        _("only the custom domain"),
        default=False,
        help_text=_("Turns the API's own address off, so that clients reach it through the custom domain."),
    )

    # What AWS told us; see ApiGateway.
    api_gateway_domain_name = models.CharField(
        _("domain to point DNS at"), max_length=255, blank=True, default=""
    )
    api_mapping_id = models.CharField(_("API mapping ID"), max_length=128, blank=True, default="")
    custom_domain_created = models.BooleanField(_("custom domain created"), default=False, editable=False)
    live_domain_name = models.CharField(
        _("live custom domain"), max_length=255, blank=True, default="", editable=False
    )

    class Meta:
        abstract = True

    def clean(self) -> None:
        super().clean()
        if self.disable_execute_api_endpoint and not self.domain_name:
            raise ValidationError(
                {"disable_execute_api_endpoint": _("Without a custom domain nobody could connect.")}
            )
