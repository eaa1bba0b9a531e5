from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from apigw_ws.models.broadcasts import Broadcast
from apigw_ws.models.gateways import ApiGateway
from apigw_ws.models.sessions import WebSocketSession


class BroadcastShard(models.Model):
    """A part of a broadcast's audience, all at one gateway, that one worker at a time sends to.

    ``position`` and ``ahead`` say which ``targets`` the broadcast has counted: all before ``position``,
    and those at the offsets ``ahead``. They change in the same transaction as the broadcast's counts.
    """

    broadcast = models.ForeignKey(Broadcast, on_delete=models.CASCADE, related_name="shards")
    number = models.PositiveIntegerField()
    gateway = models.ForeignKey(
        ApiGateway, on_delete=models.SET_NULL, related_name="+", null=True, blank=True
    )
    #: Primary keys of sessions, or connection IDs without a session. None until its turn comes.
    targets = models.JSONField(null=True, blank=True)
    #: The range of primary keys to choose from when its turn comes; without an end, newcomers included.
    after_pk = models.BigIntegerField(default=0)
    last_pk = models.BigIntegerField(null=True, blank=True)
    #: How many targets there are, or seem to be.
    size = models.PositiveIntegerField()
    position = models.PositiveIntegerField(default=0)
    ahead = models.JSONField(default=list, blank=True)
    #: Incremented with both, so that a change whose COMMIT was not answered is not made twice.
    version = models.PositiveIntegerField(default=0)
    is_done = models.BooleanField(default=False)
    #: The worker that holds it; after ``held_until`` it counts as dead.
    worker = models.CharField(max_length=32, blank=True, default="")
    held_until = models.DateTimeField(null=True, blank=True)
    #: The account and region whose rate limit its worker shares.
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
    """A recipient of a broadcast for whom sending did not simply succeed, and why."""

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
    #: The session may be deleted even before this row is written; that must not lose the row.
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
    """How many recipients were done in one second; each worker may write a row of its own."""

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
