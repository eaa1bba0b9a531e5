from __future__ import annotations

from typing import Any, NoReturn

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from apigw_ws.models.gateways import ApiGateway
from apigw_ws.models.runs import Run


class AuditEventQuerySet(models.QuerySet["AuditEvent"]):
    """Rows that are only ever added."""

    def update(self, **values: Any) -> NoReturn:
        raise TypeError("Audit events are never changed.")

    def delete(self) -> NoReturn:
        raise TypeError("Audit events are never deleted.")


class AuditEvent(models.Model):
    """Who did what to which gateway, from where, with what outcome. Append-only; holds no secret.

    It outlives the user, the gateway and the run that it refers to, so it has their names as text.
    """

    class Verb(models.TextChoices):
        APPLY = "apply", _("Applied the plan")
        ROLLBACK = "rollback", _("Rolled back")
        TAKE_AWS = "take_aws", _("Took AWS's value")
        TEARDOWN = "teardown", _("Tore down")
        ADD = "add", _("Added the record")
        CHANGE = "change", _("Changed the record")
        DELETE = "delete", _("Deleted the record")
        ROTATE_SECRET = "rotate_secret", _("Began to rotate the secret")
        RETIRE_SECRET = "retire_secret", _("Retired the old secret")
        CANCEL_ROTATION = "cancel_rotation", _("Cancelled the rotation of the secret")
        ADOPT = "adopt", _("Adopted from AWS")
        SYNC = "sync", _("Read from AWS")
        DISCONNECT = "disconnect", _("Disconnected sessions")
        BAN = "ban", _("Banned")
        LIFT_BAN = "lift_ban", _("Lifted a ban")
        SEND = "send", _("Sent a message")
        JOIN = "join", _("Put sessions into a channel")
        LEAVE = "leave", _("Took sessions out of a channel")
        BROADCAST = "broadcast", _("Broadcast a message")
        PAUSE_BROADCAST = "pause_broadcast", _("Paused a broadcast")
        RESUME_BROADCAST = "resume_broadcast", _("Resumed a broadcast")
        CANCEL_BROADCAST = "cancel_broadcast", _("Cancelled a broadcast")
        END_BROADCAST = "end_broadcast", _("Ended a broadcast")
        TRACE = "trace", _("Started a trace")
        STOP_TRACE = "stop_trace", _("Stopped a trace")
        DELETE_TRACE = "delete_trace", _("Deleted a trace")
        TEST = "test", _("Opened a test connection")
        IMPORT = "import", _("Imported a file")
        EXPORT = "export", _("Exported to a file")

    class Result(models.TextChoices):
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")

    happened_on = models.DateTimeField(_("when"), auto_now_add=True, db_index=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("user"),
        on_delete=models.SET_NULL,
        related_name="+",
        null=True,
        blank=True,
        db_index=False,
    )
    who = models.CharField(_("who"), max_length=255)
    ip_address = models.GenericIPAddressField(_("from where"), null=True, blank=True)
    verb = models.CharField(_("what"), max_length=32, choices=Verb.choices)
    gateway = models.ForeignKey(
        ApiGateway,
        verbose_name=_("gateway"),
        on_delete=models.SET_NULL,
        related_name="audit_events",
        null=True,
        blank=True,
        db_index=False,
    )
    object_text = models.CharField(_("on what"), max_length=255)
    before = models.JSONField(_("before"), null=True, blank=True)
    after = models.JSONField(_("after"), null=True, blank=True)
    result = models.CharField(_("result"), max_length=16, choices=Result.choices)
    error_text = models.TextField(_("error"), blank=True, default="")
    run = models.ForeignKey(
        Run, verbose_name=_("run"), on_delete=models.SET_NULL, related_name="+", null=True, blank=True
    )

    objects = AuditEventQuerySet.as_manager()

    class Meta:
        verbose_name = _("audit event")
        verbose_name_plural = _("audit events")
        ordering = ["-happened_on", "-pk"]
        indexes = [
            models.Index(fields=["gateway", "happened_on"], name="apigw_ws_events_by_gateway"),
            models.Index(fields=["user", "happened_on"], name="apigw_ws_events_by_user"),
        ]

    def __str__(self) -> str:
        return f"{self.who}: {self.get_verb_display()} ({self.object_text})"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise TypeError("Audit events are never changed.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError("Audit events are never deleted.")
