from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from apigw_ws.models.sessions import WebSocketSession
from apigw_ws.models.validators import validate_channel_name


class ChannelMembership(models.Model):
    """A channel that a session is in beside its first, which is ``WebSocketSession.channel_name``.

    The rows of a session that is over stay as long as it does: they tell where it was.
    """

    session = models.ForeignKey(
        WebSocketSession, verbose_name=_("session"), on_delete=models.CASCADE, related_name="memberships"
    )
    name = models.CharField(_("channel"), max_length=128, validators=[validate_channel_name])
    joined_on = models.DateTimeField(_("joined"), auto_now_add=True)

    class Meta:
        verbose_name = _("channel membership")
        verbose_name_plural = _("channel memberships")
        ordering = ["pk"]
        # The name comes first: its index is how the members of a channel are found.
        constraints = [
            models.UniqueConstraint(fields=["name", "session"], name="apigw_ws_member_of_channel_once")
        ]

    def __str__(self) -> str:
        return self.name


class Channel(models.Model):
    """What was found when channels were counted last: those with members, or with a rule of their own.

    Nothing refers to it, and no session is in a channel because of it: see ``services.figures``.
    """

    name = models.CharField(_("channel"), max_length=128, unique=True)
    members = models.PositiveIntegerField(_("members"), default=0)
    #: Of the members; the others have been silent for too long.
    live = models.PositiveIntegerField(_("live"), default=0)
    messages = models.PositiveIntegerField(_("messages in a minute"), default=0)
    #: Primary keys.
    gateways = models.JSONField(_("gateways"), default=list)

    class Meta:
        verbose_name = _("channel")
        verbose_name_plural = _("channels")
        ordering = ["-members", "name"]
        default_permissions = ()

    def __str__(self) -> str:
        return self.name
