from __future__ import annotations

from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from apigw_ws.models.validators import (
    log_destination_validator,
    stage_name_validator,
    validate_access_log_format,
    validate_stage_variables,
)


class StageSettings(models.Model):
    """The stage of a gateway, and how AWS runs it."""

    class LoggingLevel(models.TextChoices):
        OFF = "OFF", _("Off")
        ERROR = "ERROR", _("Errors")
        INFO = "INFO", _("Everything")

    stage_name = models.CharField(
        _("stage"), max_length=128, default="production", validators=[stage_name_validator]
    )
    stage_description = models.CharField(_("stage description"), max_length=1024, blank=True, default="")
    # Those of the following that are empty are not managed: what AWS has, by default or by hand, stays.
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

    class Meta:
        abstract = True

    def clean(self) -> None:
        super().clean()
        self.stage_variables = self.stage_variables or {}  # [] and null are empty, and so not validated
        errors = {}
        if (self.throttling_rate_limit is None) != (self.throttling_burst_limit is None):
            # Some calls take a missing one for 0, which lets nothing through.
            errors["throttling_burst_limit"] = _("Set the rate and the burst, or neither.")
        if self.access_log_format and not self.access_log_destination_arn:
            errors["access_log_destination_arn"] = _("Enter where lines of this format go.")
        if errors:
            raise ValidationError(errors)
