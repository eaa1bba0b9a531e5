from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from apigw_ws.models.broadcasts import Broadcast
from apigw_ws.models.gateways import ApiGateway
from apigw_ws.models.sessions import WebSocketSession


class BroadcastShard(models.Model):
    """A part of a broadcast's audience, all at one gateway, which one worker at a time sends to.

    ``position`` and ``ahead`` say which of ``targets`` are counted on the broadcast: all before ``position``,
    and those at the offsets ``ahead``. They change in the transaction in which the broadcast's counts do.
    """

    broadcast = models.ForeignKey(Broadcast, on_delete=models.CASCADE, related_name="shards")
    number = models.PositiveIntegerField()
    gateway = models.ForeignKey(
        ApiGateway, on_delete=models.SET_NULL, related_name="+", null=True, blank=True
    )
    #: Primary keys of sessions, or connection IDs of which we have no session. None: its turn has not come.
    targets = models.JSONField(null=True, blank=True)
    #: The primary keys that it is made of when its turn comes; no end: those that came since, too.
    after_pk = models.BigIntegerField(default=0)
    last_pk = models.BigIntegerField(null=True, blank=True)
    #: How many targets there are, or seem to be.
    size = models.PositiveIntegerField()
    position = models.PositiveIntegerField(default=0)
    ahead = models.JSONField(default=list, blank=True)
    #: Moved by every change of the two, so that a change whose answer was lost is not made twice.
    version = models.PositiveIntegerField(default=0)
    is_done = models.BooleanField(default=False)
    #: Who is at it; after ``held_until`` they count as dead.
    worker = models.CharField(max_length=32, blank=True, default="")
    held_until = models.DateTimeField(null=True, blank=True)
    #: The account and region whose ceiling its worker shares.
    pool = models.CharField(max_length=64, blank=True, default="")

    class Meta:
        verbose_name = _("broadcast shard")
        verbose_name_plural = _("broadcast shards")
        ordering = ["broadcast", "number"]
        constraints = [
            models.UniqueConstraint(fields=["broadcast", "number"], name="apigw_ws_shard_number_once")
        ]
        indexes = [
            models.Index(
                fields=["broadcast", "number"], name="apigw_ws_shard_open", condition=models.Q(is_done=False)
            ),
            models.Index(
                fields=["held_until"],
                name="apigw_ws_shard_held",
                condition=models.Q(held_until__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.broadcast_id}/{self.number}"


class BroadcastRecipient(models.Model):
    """Somebody of a broadcast's audience to whom it was not plainly sent, and why."""

    class Result(models.TextChoices):
        GONE = "gone", _("Gone")
        FORBIDDEN = "forbidden", _("Forbidden")
        THROTTLED = "throttled", _("Throttled")
        TOO_LARGE = "too_large", _("Too large")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")

    broadcast = models.ForeignKey(
        Broadcast, verbose_name=_("broadcast"), on_delete=models.CASCADE, related_name="recipients"
    )
    connection_id = models.CharField(_("connection ID"), max_length=128)
    #: Its row may be gone, even before this is written: to lose the record for that would be wrong.
    session = models.ForeignKey(
        WebSocketSession,
        verbose_name=_("session"),
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        related_name="+",
        null=True,
        blank=True,
    )
    user_label = models.CharField(_("user"), max_length=255, blank=True, default="")
    result = models.CharField(_("result"), max_length=16, choices=Result.choices)
    code = models.CharField(_("AWS error code"), max_length=128, blank=True, default="")
    error_text = models.TextField(_("error"), blank=True, default="")
    happened_on = models.DateTimeField(_("when"), auto_now_add=True)

    class Meta:
        verbose_name = _("recipient not reached")
        verbose_name_plural = _("recipients not reached")
        ordering = ["broadcast", "pk"]
        indexes = [
            models.Index(fields=["broadcast", "result", "code"], name="apigw_ws_recipient_result"),
        ]

    def __str__(self) -> str:
        return self.connection_id


class BroadcastSample(models.Model):
    """How many recipients were done with in one second; several workers may write a row each."""

    broadcast = models.ForeignKey(Broadcast, on_delete=models.CASCADE, related_name="samples")
    at = models.DateTimeField()
    sent = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("broadcast sample")
        verbose_name_plural = _("broadcast samples")
        ordering = ["broadcast", "at"]
        indexes = [models.Index(fields=["broadcast", "at"], name="apigw_ws_sample_at")]

    def __str__(self) -> str:
        return f"{self.broadcast_id} {self.at:%H:%M:%S}"
