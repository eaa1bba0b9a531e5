from __future__ import annotations

from uuid import uuid4

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from apigw_ws.models.sessions import WebSocketSession


class Act(models.Model):
    """Something that an operator does to chosen sessions. Each session has an ``ActOutcome``.

    The choice is fixed when the act begins, so that it comes to an end and survives a killed worker.
    """

    class Deed(models.TextChoices):
        DISCONNECT = "disconnect", _("Disconnect")
        MESSAGE = "message", _("Send a message")
        JOIN = "join", _("Put into a channel")
        LEAVE = "leave", _("Take out of a channel")

    #: Made with the form, so that a double click acts only once.
    uid = models.UUIDField(unique=True, default=uuid4, editable=False)
    deed = models.CharField(_("what"), max_length=16, choices=Deed.choices)
    #: What the deed needs: “reason”, “message”, “channel”, “override”, “bans”.
    what = models.JSONField(_("how"), default=dict)
    #: A description of the chosen sessions, for people.
    audience = models.CharField(_("on what"), max_length=255)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("who"),
        on_delete=models.SET_NULL,
        related_name="+",
        null=True,
        blank=True,
    )
    ip_address = models.GenericIPAddressField(_("from where"), null=True, blank=True)
    created_on = models.DateTimeField(_("when"), auto_now_add=True, db_index=True)
    #: Until then a worker holds the act; afterwards it counts as dead.
    held_until = models.DateTimeField(null=True, blank=True)
    finished_on = models.DateTimeField(_("finished"), null=True, blank=True)

    class Meta:
        verbose_name = _("act")
        verbose_name_plural = _("acts")
        ordering = ["-created_on"]
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.get_deed_display()}: {self.audience}"


class ActOutcome(models.Model):
    """The result for one chosen session; empty while it is waiting."""

    class Result(models.TextChoices):
        WAITING = "", _("Waiting")
        DONE = "done", _("Done")
        #: There was nothing to do.
        ALREADY = "already", _("Was so already")
        GONE = "gone", _("Was gone already")
        #: By one of our rules or limits.
        REFUSED = "refused", _("Refused")
        FAILED = "failed", _("Failed")

    act = models.ForeignKey(Act, on_delete=models.CASCADE, related_name="outcomes")
    session = models.ForeignKey(WebSocketSession, on_delete=models.CASCADE, related_name="+")
    result = models.CharField(max_length=8, choices=Result.choices, blank=True, default="")
    error_text = models.TextField(blank=True, default="")

    class Meta:
        verbose_name = _("outcome")
        verbose_name_plural = _("outcomes")
        default_permissions = ()
        indexes = [models.Index(fields=["act", "result", "id"], name="apigw_ws_act_outcomes")]

    def __str__(self) -> str:
        return f"{self.session_id}: {self.get_result_display()}"
