from __future__ import annotations

import ipaddress
from typing import Self

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from apigw_ws.models.validators import validate_channel_pattern


def as_network(text: str) -> str:
    """Return the network that an address or a CIDR block names, as Python writes it: “192.0.2.7/32”.

    An IPv4 address written in IPv6 is the IPv4 address. Raises ValidationError.
    """
    try:
        network = ipaddress.ip_network(text.strip(), strict=False)
    except ValueError:
        raise ValidationError(
            gettext(
                "“%(text)s” is no address and no network. Write 203.0.113.7, 203.0.113.0/24 or 2001:db8::/64."
            ),
            code="network",
            params={"text": text},
        ) from None
    if network.version == 6 and network.prefixlen >= 96 and (mapped := network.network_address.ipv4_mapped):
        return str(ipaddress.ip_network((mapped, network.prefixlen - 96)))
    return str(network)


def validate_network(text: str) -> None:
    as_network(text)


class BanQuerySet(models.QuerySet["Ban"]):
    """Each ban is either ``active`` or ``over``."""

    def active(self) -> Self:
        return self.exclude(self._over())

    def over(self) -> Self:
        """Bans that were lifted or have expired."""
        return self.filter(self._over())

    def _over(self) -> models.Q:
        return models.Q(lifted_on__isnull=False) | models.Q(
            expires_on__isnull=False, expires_on__lte=timezone.now()
        )


class Ban(models.Model):
    """Keeps a user, a network or a user agent out of everything or of channels, or everybody out of channels.

    A row is changed only to lift the ban, so that what it said stays on record.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("user"),
        on_delete=models.CASCADE,
        related_name="websocket_bans",
        null=True,
        blank=True,
    )
    network = models.CharField(
        _("address or network"),
        max_length=43,
        blank=True,
        default="",
        validators=[validate_network],
        help_text=_(
            "203.0.113.7, 203.0.113.0/24, or of IPv6 2001:db8:0:1::/64, as one client has a whole /64."
        ),
    )
    user_agent = models.CharField(
        _("user agent"),
        max_length=255,
        blank=True,
        default="",
        help_text=_("A part of it, in any case; with asterisks, which stand for any characters, all of it."),
    )
    channel_name = models.CharField(
        _("channel"),
        max_length=128,
        blank=True,
        default="",
        validators=[validate_channel_pattern],
        help_text=_("Keeps them out of this channel only; a pattern such as “tenant-7.*” names several."),
    )
    reason = models.CharField(
        _("reason"), max_length=255, blank=True, default="", help_text=_("For operators: no client sees it.")
    )
    #: None: until it is lifted.
    expires_on = models.DateTimeField(_("expires"), null=True, blank=True)
    created_on = models.DateTimeField(_("made"), auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=pgettext_lazy("ban", "made by"),
        on_delete=models.SET_NULL,
        related_name="+",
        null=True,
        blank=True,
        editable=False,
    )
    lifted_on = models.DateTimeField(_("lifted"), null=True, blank=True, editable=False)

    objects = BanQuerySet.as_manager()

    class Meta:
        verbose_name = _("ban")
        verbose_name_plural = _("bans")
        ordering = ["-created_on", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="apigw_ws_ban_of_one_subject",
                violation_error_message=_(
                    "Name one of user, network and user agent; or only a channel, for everybody."
                ),
                condition=(
                    models.Q(user__isnull=False, network="", user_agent="")
                    | (models.Q(user=None, user_agent="") & ~models.Q(network=""))
                    | (models.Q(user=None, network="") & ~models.Q(user_agent=""))
                    | (models.Q(user=None, network="", user_agent="") & ~models.Q(channel_name=""))
                ),
            )
        ]
        indexes = [
            models.Index(fields=["expires_on"], name="apigw_ws_bans", condition=models.Q(lifted_on=None))
        ]

    def __str__(self) -> str:
        """Without the address, which not everybody may see; ``full_text`` has it."""
        if self.network:
            return self._in_channel(
                gettext("an address (ban %s)") % self.pk if self.pk else gettext("an address")
            )
        return self.full_text

    @property
    def full_text(self) -> str:
        """Whom the ban keeps out of what, with the address."""
        return self._in_channel(self.subject)

    @property
    def subject(self) -> str:
        """Whom the ban keeps out, in words; a single address without its prefix length."""
        single = self.network.removesuffix("/128" if ":" in self.network else "/32")
        return str(self.user or single or self.user_agent or gettext("Everybody"))

    def _in_channel(self, who: str) -> str:
        if not self.channel_name:
            return who
        return gettext("%(who)s in %(channel)s") % {"who": who, "channel": self.channel_name}

    @property
    def active(self) -> bool:
        return self.lifted_on is None and (self.expires_on is None or self.expires_on > timezone.now())
