from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from apigw_ws.models.sessions import WebSocketSession
from apigw_ws.models.validators import validate_channel_name


class ChannelMembership(models.Model):
    """A channel that a session is in besides its first one, which is ``WebSocketSession.channel_name``.

    The rows of a closed session stay as long as it does, and show where it was.
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
    """A channel as it was last counted; there is a row for each with members or a rule of its own.

    A cache of figures, written by ``services.figures``: memberships do not depend on it.
    """

    name = models.CharField(_("channel"), max_length=128, unique=True)
    members = models.PositiveIntegerField(_("members"), default=0)
    #: Members that are live; the others have been silent for too long.
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
