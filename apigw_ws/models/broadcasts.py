from __future__ import annotations

import uuid
from typing import Final

from django.conf import settings
from django.db import models
from django.db.models.functions import Coalesce
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

#: The fields that count a broadcast's recipients by result; their sum is ``done_count``.
COUNTS: Final = ("sent", "gone", "forbidden", "throttled", "too_large", "failed", "cancelled")


class Broadcast(models.Model):
    """One message for many connections, and how far it has come. ``services.broadcasts`` moves its state.

    At every moment ``done_count`` recipients are counted in exactly one of ``COUNTS``; when it is over
    they are ``total``.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        SCHEDULED = "scheduled", _("Scheduled")
        QUEUED = "queued", _("Queued")
        SENDING = "sending", _("Sending")
        PAUSED = "paused", _("Paused")
        CANCELLING = "cancelling", _("Being cancelled")
        CANCELLED = "cancelled", _("Cancelled")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")

    #: The final states.
    OVER: Final = (State.CANCELLED, State.DONE, State.FAILED)

    uid = models.UUIDField(_("broadcast ID"), default=uuid.uuid4, unique=True, editable=False)
    title = models.CharField(_("title"), max_length=255, blank=True, default="")
    #: See ``services.broadcasts.audiences``.
    audience = models.JSONField(_("audience"), default=dict)
    payload = models.TextField(_("message"))
    with_id = models.BooleanField(
        _("with its ID"),
        default=False,
        help_text=_("A JSON object gets “broadcast_id”, by which clients drop a message that comes twice."),
    )
    snapshot = models.BooleanField(
        _("to those who are there when it starts"),
        default=True,
        help_text=_("Otherwise to whoever is there when their turn comes."),
    )
    reason = models.CharField(_("why"), max_length=255, blank=True, default="")
    rate = models.PositiveIntegerField(
        _("messages per second"), default=0, help_text=_("At most; 0: as many as BROADCAST_RATE allows.")
    )
    scheduled_for = models.DateTimeField(_("scheduled for"), null=True, blank=True)
    expires_on = models.DateTimeField(
        _("not to begin after"), null=True, blank=True, help_text=_("Later than that nobody gets it.")
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("by"),
        on_delete=models.SET_NULL,
        related_name="+",
        null=True,
        blank=True,
    )
    retry_of = models.ForeignKey(
        "self",
        verbose_name=_("retry of"),
        on_delete=models.SET_NULL,
        related_name="retries",
        null=True,
        blank=True,
    )
    state = models.CharField(_("state"), max_length=16, choices=State.choices, default=State.DRAFT)
    #: Why it paused or failed, and what to do.
    error_text = models.TextField(_("error"), blank=True, default="")

    #: None until they are counted; without a snapshot, an estimate until the broadcast is over.
    total = models.PositiveBigIntegerField(_("recipients"), null=True, blank=True)
    sent = models.PositiveBigIntegerField(_("sent"), default=0)
    gone = models.PositiveBigIntegerField(_("gone"), default=0)
    forbidden = models.PositiveBigIntegerField(_("forbidden"), default=0)
    throttled = models.PositiveBigIntegerField(_("throttled"), default=0)
    too_large = models.PositiveBigIntegerField(_("too large"), default=0)
    failed = models.PositiveBigIntegerField(_("failed"), default=0)
    cancelled = models.PositiveBigIntegerField(_("cancelled"), default=0)

    created_on = models.DateTimeField(_("created"), auto_now_add=True)
    started_on = models.DateTimeField(_("started"), null=True, blank=True)
    finished_on = models.DateTimeField(_("finished"), null=True, blank=True)
    #: When it was last handed to the workers.
    queued_on = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("broadcast")
        verbose_name_plural = _("broadcasts")
        ordering = ["-created_on", "-pk"]
        permissions = [
            ("send_broadcast", _("Can send broadcasts")),
            ("send_large_broadcast", _("Can broadcast to more than BROADCAST_LARGE connections")),
            ("control_broadcast", _("Can pause and cancel the broadcasts of others")),
        ]
        indexes = [
            models.Index(fields=["state"], name="apigw_ws_broadcast_state"),
            models.Index(fields=["-created_on"], name="apigw_ws_broadcast_newest"),
            models.Index(Coalesce("started_on", "created_on"), name="apigw_ws_broadcast_began"),
        ]

    def __str__(self) -> str:
        return self.title or gettext("Broadcast %d") % self.pk

    @property
    def done_count(self) -> int:
        return sum(getattr(self, name) for name in COUNTS)

    @property
    def not_reached(self) -> int:
        """Recipients for whom AWS did not take it, except the gone, who cannot be reached."""
        return self.done_count - self.sent - self.gone

    @property
    def is_over(self) -> bool:
        return self.state in self.OVER


class BroadcastTemplate(models.Model):
    """A message to start from, with ``{{ variables }}`` that the sender fills in."""

    name = models.CharField(_("name"), max_length=128, unique=True)
    description = models.CharField(_("description"), max_length=255, blank=True, default="")
    payload = models.TextField(
        _("message"), help_text=_("JSON or text; {{ name }} is asked for when it is used.")
    )
    created_on = models.DateTimeField(_("created"), auto_now_add=True)
    updated_on = models.DateTimeField(_("updated"), auto_now=True)

    class Meta:
        verbose_name = _("broadcast template")
        verbose_name_plural = _("broadcast templates")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
