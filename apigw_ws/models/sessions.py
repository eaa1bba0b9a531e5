from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from apigw_ws.models.gateways import ApiGateway


class WebSocketSessionQuerySet(models.QuerySet["WebSocketSession"]):
    def send_message(self, data: Any, max_workers: int | None = None) -> list[Any]:
        """Send ``data`` to every connected session of this queryset, from as many threads.

        See ``services.messages.send_to_all``.
        """
        from apigw_ws.services import messages

        return messages.send_to_all(self.filter(connected=True), data, max_workers)


class WebSocketSession(models.Model):
    """Our record of a connection: who, from where, since when, in which channel."""

    connection_id = models.CharField(_("connection ID"), max_length=128, unique=True)
    channel_name = models.CharField(_("channel"), max_length=128, blank=True, default="")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("user"),
        on_delete=models.CASCADE,
        related_name="websocket_sessions",
        null=True,
        blank=True,
        default=None,
    )
    connected = models.BooleanField(_("connected"), default=True)
    api_gateway = models.ForeignKey(
        ApiGateway,
        verbose_name=_("gateway"),
        on_delete=models.SET_NULL,
        related_name="sessions",
        null=True,
        blank=True,
        default=None,
    )
    #: Empty where the gateway maps nothing.
    stage_name = models.CharField(_("stage"), max_length=128, blank=True, default="", editable=False)
    #: What its last connect or message proved itself with; 0: nothing.
    secret_version = models.PositiveSmallIntegerField(_("secret version"), default=0, editable=False)
    request_count = models.PositiveBigIntegerField(_("requests"), default=1)

    ip_address = models.GenericIPAddressField(_("IP address"), null=True, blank=True)
    #: What rates count by: the address, of IPv6 its /64.
    address_block = models.GenericIPAddressField(null=True, blank=True, editable=False)
    user_agent = models.CharField(_("user agent"), max_length=512, blank=True, default="")
    origin = models.CharField(_("origin"), max_length=255, blank=True, default="")
    connected_on = models.DateTimeField(_("connected since"), null=True, blank=True)
    last_seen_on = models.DateTimeField(_("last heard from"), null=True, blank=True)
    disconnected_on = models.DateTimeField(_("disconnected"), null=True, blank=True)
    close_code = models.PositiveSmallIntegerField(_("close code"), null=True, blank=True)
    close_reason = models.CharField(_("close reason"), max_length=255, blank=True, default="")

    # Ties the connection to the login it was opened under. Hashes: neither value can be used to sign in.
    session_key_hash = models.CharField(max_length=64, blank=True, default="", editable=False, db_index=True)
    auth_hash = models.CharField(max_length=64, blank=True, default="", editable=False)

    created_on = models.DateTimeField(_("created"), auto_now_add=True)
    updated_on = models.DateTimeField(_("updated"), auto_now=True)

    objects = WebSocketSessionQuerySet.as_manager()

    class Meta:
        verbose_name = _("session")
        verbose_name_plural = _("sessions")
        ordering = ["-created_on"]
        indexes = [
            models.Index(
                fields=["channel_name", "api_gateway"],
                name="apigw_ws_open_in_channel",
                condition=models.Q(connected=True),
            ),
            models.Index(
                fields=["api_gateway"], name="apigw_ws_open_at_gateway", condition=models.Q(connected=True)
            ),
            models.Index(fields=["-created_on"], name="apigw_ws_session_newest"),
            models.Index(fields=["address_block", "created_on"], name="apigw_ws_session_by_address"),
        ]

    def __str__(self) -> str:
        return self.connection_id

    def send_message(self, data: Any) -> Any:
        """Send ``data`` (JSON, or text as it is) to this connection. See ``services.messages.send``."""
        from apigw_ws.services import messages

        return messages.send(self, data)
