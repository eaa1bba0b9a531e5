from __future__ import annotations

from typing import Self

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apigw_ws.conf import conf
from apigw_ws.models.validators import validate_channel_name


class TraceState(models.TextChoices):
    RUNNING = "running", _("Running")
    STOPPED = "stopped", _("Stopped by an operator")
    #: It has reached the limit of messages or characters.
    FULL = "full", _("Full")
    OVER = "over", _("Its time is over")


class TraceQuerySet(models.QuerySet["Trace"]):
    def running(self) -> Self:
        """Traces that were not stopped, have not expired and are not full."""
        return self.filter(
            stopped_on=None,
            ends_on__gt=timezone.now(),
            entry_count__lt=conf.trace_entries,
            character_count__lt=conf.trace_bytes,
        )


class Trace(models.Model):
    """Captures the messages of a user, a channel, a connection or an address until its time is over.

    A row is changed only to count messages and to stop it.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("user"),
        on_delete=models.CASCADE,
        related_name="+",
        null=True,
        blank=True,
    )
    channel_name = models.CharField(
        _("channel"), max_length=128, blank=True, default="", validators=[validate_channel_name]
    )
    connection_id = models.CharField(_("connection ID"), max_length=128, blank=True, default="")
    ip_address = models.GenericIPAddressField(_("address"), null=True, blank=True)
    reason = models.CharField(
        _("reason"), max_length=255, help_text=_("For the audit trail: whoever is traced does not see it.")
    )
    #: In addition to APIGW_WS["TRACE_REDACTED_KEYS"].
    redacted_keys = models.CharField(
        _("further keys to redact"),
        max_length=255,
        blank=True,
        default="",
        help_text=_("With commas between them. Values of keys that contain one are not kept."),
    )
    whole_texts = models.BooleanField(
        _("whole texts"),
        default=False,
        help_text=_("Of a message that is no JSON, keep all instead of the beginning."),
    )
    ends_on = models.DateTimeField(_("ends"))
    stopped_on = models.DateTimeField(_("stopped"), null=True, blank=True, editable=False)
    entry_count = models.PositiveIntegerField(_("messages"), default=0, editable=False)
    #: The length of all payloads as kept.
    character_count = models.PositiveBigIntegerField(_("characters"), default=0, editable=False)
    created_on = models.DateTimeField(_("started"), auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("started by"),
        on_delete=models.SET_NULL,
        related_name="+",
        null=True,
        blank=True,
        editable=False,
    )

    objects = TraceQuerySet.as_manager()

    class Meta:
        verbose_name = _("trace")
        verbose_name_plural = _("traces")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                name="apigw_ws_trace_of_one_subject",
                violation_error_message=_("Name one of user, channel, connection and address."),
                condition=(
                    models.Q(user__isnull=False, channel_name="", connection_id="", ip_address=None)
                    | (~models.Q(channel_name="") & models.Q(user=None, connection_id="", ip_address=None))
                    | (~models.Q(connection_id="") & models.Q(user=None, channel_name="", ip_address=None))
                    | models.Q(ip_address__isnull=False, user=None, channel_name="", connection_id="")
                ),
            )
        ]
        indexes = [
            models.Index(fields=["ends_on"], name="apigw_ws_traces", condition=models.Q(stopped_on=None))
        ]

    def __str__(self) -> str:
        """Without the address, which not everybody may see."""
        if self.ip_address:
            return gettext("an address (number %s)") % self.pk
        return str(self.user or self.channel_name or self.connection_id)

    @property
    def state(self) -> TraceState:
        if self.stopped_on is not None:
            return TraceState.STOPPED
        if self.entry_count >= conf.trace_entries or self.character_count >= conf.trace_bytes:
            return TraceState.FULL
        return TraceState.OVER if self.ends_on <= timezone.now() else TraceState.RUNNING


class TraceEntry(models.Model):
    """A captured message, without redacted values."""

    class Direction(models.TextChoices):
        IN = "in", _("In")
        REPLY = "reply", _("Reply")
        OUT = "out", _("Out")

    trace = models.ForeignKey(
        Trace, verbose_name=_("trace"), on_delete=models.CASCADE, related_name="entries"
    )
    connection_id = models.CharField(_("connection ID"), max_length=128)
    direction = models.CharField(_("direction"), max_length=8, choices=Direction.choices)
    at = models.DateTimeField(_("at"))
    #: For incoming messages: what answered it, with which status, in how many milliseconds.
    handler = models.CharField(_("handler"), max_length=128, blank=True, default="")
    status = models.PositiveSmallIntegerField(_("status"), null=True, blank=True)
    duration_ms = models.PositiveIntegerField(_("milliseconds"), null=True, blank=True)
    #: In bytes, before anything was redacted or cut.
    size = models.PositiveIntegerField(_("size"))
    payload = models.TextField(_("payload"), blank=True, default="")
    #: Only the beginning was kept.
    is_cut = models.BooleanField(_("cut"), default=False)

    class Meta:
        verbose_name = _("traced message")
        verbose_name_plural = _("traced messages")
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.get_direction_display()}, {self.size} bytes"
