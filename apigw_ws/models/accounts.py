from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from apigw_ws.models.validators import (
    external_id_validator,
    region_validator,
    role_validator,
    validate_http_url,
)


class AwsAccount(models.Model):
    """An AWS account that gateways live in, and how Django gets in. Holds no credentials."""

    class Environment(models.TextChoices):
        DEVELOPMENT = "development", _("Development")
        STAGING = "staging", _("Staging")
        PRODUCTION = "production", _("Production")

    label = models.CharField(
        _("name"), max_length=64, unique=True, help_text=_("How your team calls it, for example “EU live”.")
    )
    environment = models.CharField(
        _("environment"),
        max_length=16,
        choices=Environment.choices,
        default=Environment.DEVELOPMENT,
        help_text=_("A badge on all pages of its gateways, so that nobody takes one for the other."),
    )
    profile = models.CharField(
        _("profile"),
        max_length=128,
        blank=True,
        default="",
        help_text=_(
            "A profile of the AWS configuration files on the servers that run Django and its worker. "
            "Empty: the credentials that Django has anyway."
        ),
    )
    role_arn = models.CharField(
        _("role ARN"),
        max_length=600,
        blank=True,
        default="",
        validators=[role_validator],
        help_text=_(
            "For example arn:aws:iam::123456789012:role/gateways. The credentials above assume it, which its "
            "trust policy has to allow. Empty: they are used as they are."
        ),
    )
    external_id = models.CharField(
        _("external ID"),
        max_length=1224,
        blank=True,
        default="",
        validators=[external_id_validator],
        help_text=_("Where the role's trust policy demands one. Whoever owns the account tells you."),
    )
    default_region = models.CharField(
        _("region"),
        max_length=32,
        blank=True,
        default="",
        validators=[region_validator],
        help_text=_(
            "For gateways that name none, for example eu-central-1. Empty: as this server is set up."
        ),
    )
    endpoint_url = models.CharField(
        _("AWS endpoint URL"),
        max_length=200,
        blank=True,
        default="",
        validators=[validate_http_url],
        help_text=_("Empty for AWS. The emulator's URL otherwise."),
    )

    # What STS said last. A cache: nothing is decided by it.
    account_id = models.CharField(_("account ID"), max_length=12, blank=True, default="", editable=False)
    seen_on = models.DateTimeField(_("last seen"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("AWS account")
        verbose_name_plural = _("AWS accounts")
        ordering = ["label"]

    def __str__(self) -> str:
        return self.label

    def clean(self) -> None:
        super().clean()
        if self.external_id and not self.role_arn:
            raise ValidationError(
                {"external_id": _("An external ID is only sent with a role: enter its ARN.")}
            )
