from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, Final, Self

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apigw_ws.models.gateways import ApiGateway

if TYPE_CHECKING:
    from apigw_ws.services.messages import BroadcastResult

#: AWS closes connections that are silent in both directions, and every connection after a while; see
#: https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html.
IDLE_AFTER: Final = dt.timedelta(minutes=10)
MAX_AGE: Final = dt.timedelta(hours=2)


class SessionState(models.TextChoices):
    LIVE = "live", _("Live")
    #: Presumably closed by AWS: no message for ten minutes, nor has AWS confirmed since that it is open.
    IDLE = "idle", _("Idle")
    #: Closed by AWS, which allows two hours.
    EXPIRED = "expired", _("Expired")
    CLOSED = "closed", _("Closed")


class WebSocketSessionQuerySet(models.QuerySet["WebSocketSession"]):
    """Each session is ``live``, ``idle``, ``expired`` or ``closed``; all but the last are connected."""

    def live(self) -> Self:
        """Sessions with evidence from the last ten minutes: a message either way, or AWS's confirmation."""
        now = timezone.now()
        return self.filter(connected=True, created_on__gt=now - MAX_AGE, active_on__gt=now - IDLE_AFTER)

    def idle(self) -> Self:
        """Sessions without such evidence, which AWS has probably closed."""
        now = timezone.now()
        return self.filter(connected=True, created_on__gt=now - MAX_AGE, active_on__lte=now - IDLE_AFTER)

    def expired(self) -> Self:
        """Sessions older than AWS lets connections become."""
        return self.filter(connected=True, created_on__lte=timezone.now() - MAX_AGE)

    def closed(self) -> Self:
        return self.filter(connected=False)

    def in_channel(self, name: str) -> Self:
        """Connected sessions in the channel, whether it is their first or a further one."""
        from apigw_ws.models.channels import ChannelMembership

        # With a single condition (OR), PostgreSQL would read every session instead of the two indexes.
        first = WebSocketSession.objects.filter(connected=True, channel_name=name).order_by().values("pk")
        further = ChannelMembership.objects.filter(name=name).order_by().values("session")
        return self.filter(connected=True, pk__in=first.union(further, all=True))

    def send_message(self, data: Any, max_workers: int | None = None) -> BroadcastResult:
        """Send ``data`` to every connected session of this queryset, at most ``max_workers`` at a time.

        See ``services.messages.send_to_all``.
        """
        from apigw_ws.services import messages

        return messages.send_to_all(self.filter(connected=True), data, max_workers)


_Manager = models.Manager.from_queryset(WebSocketSessionQuerySet)


class WebSocketSessionManager(_Manager["WebSocketSession"]):
    def get_queryset(self) -> WebSocketSessionQuerySet:
        """Defer the column that only a session's own page shows."""
        return super().get_queryset().defer("recent")  # type: ignore[return-value]


class WebSocketSession(models.Model):
    """Our record of a connection: who, from where, since when, in which channel."""

    class ClosedBy(models.TextChoices):
        CLIENT = "client", _("the client")
        AWS = "aws", _("AWS")
        REAPER = "reaper", _("the reaper")
        OPERATOR = "operator", _("an operator")
        SIGN_OUT = "sign_out", _("the end of a login")
        SEND = "send", _("a send that found it gone")
        TEARDOWN = "teardown", _("the end of its gateway or stage")
        REFUSAL = "refusal", _("the view, which refused it")

    connection_id = models.CharField(_("connection ID"), max_length=128, unique=True)
    channel_name = models.CharField(_("channel"), max_length=128, blank=True, default="")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("user"),
        on_delete=models.SET_NULL,  # the connection may still be open, and its end is to be recorded
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
    #: Empty if the gateway maps nothing.
    stage_name = models.CharField(_("stage"), max_length=128, blank=True, default="", editable=False)
    #: The version of the secret that came with its last connect or message; 0: none.
    secret_version = models.PositiveSmallIntegerField(_("secret version"), default=0, editable=False)
    request_count = models.PositiveBigIntegerField(
        _("requests"), default=1, help_text=_("Its $connect and the messages that came in.")
    )
    messages_out = models.PositiveBigIntegerField(
        _("messages out"), default=0, help_text=_("Those that AWS took: it does not say which arrived.")
    )
    #: Bytes of message payloads, without the $connect and framing.
    bytes_in = models.PositiveBigIntegerField(_("bytes in"), default=0)
    bytes_out = models.PositiveBigIntegerField(_("bytes out"), default=0)

    # Messages both ways in the last minute (since 1970) with any, and in the one before: services.pace.
    minute = models.PositiveIntegerField(default=0, editable=False)
    in_minute = models.PositiveIntegerField(default=0, editable=False)
    in_minute_before = models.PositiveIntegerField(default=0, editable=False)

    ip_address = models.GenericIPAddressField(_("IP address"), null=True, blank=True)
    #: What rate limits count by: the IPv4 address, or the /64 of an IPv6 one.
    address_block = models.GenericIPAddressField(null=True, blank=True, editable=False)
    user_agent = models.CharField(_("user agent"), max_length=512, blank=True, default="")
    origin = models.CharField(_("origin"), max_length=255, blank=True, default="")
    connected_on = models.DateTimeField(_("connected since"), null=True, blank=True)
    last_seen_on = models.DateTimeField(
        _("last heard from"), null=True, blank=True, help_text=_("When its last message came in.")
    )
    last_outbound_on = models.DateTimeField(
        _("last sent to"), null=True, blank=True, help_text=_("When AWS took the last message for it.")
    )
    #: The last evidence that it is open. Not indexed: every message updates it, and PostgreSQL would then
    #: rewrite all indexes of the row (https://www.postgresql.org/docs/current/storage-hot.html).
    active_on = models.DateTimeField(
        _("last evidence"),
        default=timezone.now,
        help_text=_("When it connected, a message went either way, or AWS said that it is open."),
    )
    disconnected_on = models.DateTimeField(_("disconnected"), null=True, blank=True)
    close_code = models.PositiveSmallIntegerField(_("close code"), null=True, blank=True)
    close_reason = models.CharField(_("close reason"), max_length=255, blank=True, default="")
    #: Empty if the gateway maps no close code.
    closed_by = models.CharField(
        _("closed by"), max_length=16, choices=ClosedBy.choices, blank=True, default=""
    )
    #: Its last messages, without their content: see ``services.timeline``.
    recent = models.TextField(blank=True, default="", editable=False)
    #: When a handler failed at a message of it, the last time.
    failed_on = models.DateTimeField(null=True, blank=True, editable=False)
    #: Closed here; the connection at AWS has still to be closed.
    close_at_aws = models.BooleanField(default=False, editable=False)

    # Ties the connection to the login it was opened under. Hashes: neither value can be used to sign in.
    session_key_hash = models.CharField(max_length=64, blank=True, default="", editable=False, db_index=True)
    auth_hash = models.CharField(max_length=64, blank=True, default="", editable=False)

    created_on = models.DateTimeField(_("created"), auto_now_add=True)
    updated_on = models.DateTimeField(_("updated"), auto_now=True)

    objects = WebSocketSessionManager()

    class Meta:
        verbose_name = _("session")
        verbose_name_plural = _("sessions")
        ordering = ["-created_on"]
        permissions = [
            ("change_channels_websocketsession", _("Can put sessions into channels")),
            ("disconnect_websocketsession", _("Can disconnect sessions")),
            ("send_message_websocketsession", _("Can send messages to sessions")),
            ("view_address_websocketsession", _("Can see the addresses of sessions")),
            ("view_payload_websocketsession", _("Can see what messages say")),
        ]
        indexes = [
            models.Index(
                fields=["channel_name", "api_gateway"],
                name="apigw_ws_open_in_channel",
                condition=models.Q(connected=True),
            ),
            models.Index(
                fields=["api_gateway", "-created_on"],
                name="apigw_ws_open_at_gateway",
                condition=models.Q(connected=True),
            ),
            models.Index(
                fields=["-created_on"], name="apigw_ws_open_newest", condition=models.Q(connected=True)
            ),
            models.Index(fields=["id"], name="apigw_ws_close_at_aws", condition=models.Q(close_at_aws=True)),
            models.Index(fields=["-created_on"], name="apigw_ws_session_newest"),
            models.Index(
                fields=["failed_on"],
                name="apigw_ws_session_failed",
                condition=models.Q(failed_on__isnull=False),
            ),
            models.Index(fields=["address_block", "created_on"], name="apigw_ws_session_by_address"),
        ]

    def __str__(self) -> str:
        return self.connection_id

    @property
    def state(self) -> SessionState:
        """The queryset method that would return the session now."""
        now = timezone.now()
        if not self.connected:
            return SessionState.CLOSED
        if self.created_on <= now - MAX_AGE:
            return SessionState.EXPIRED
        return SessionState.IDLE if self.active_on <= now - IDLE_AFTER else SessionState.LIVE

    @property
    def why_closed(self) -> str:
        """The close reason. Our own are stored in English and translated here."""
        theirs = self.closed_by in (self.ClosedBy.CLIENT, self.ClosedBy.AWS)
        return self.close_reason if theirs else gettext(self.close_reason)

    def send_message(self, data: Any) -> Any:
        """Send ``data`` (JSON, or text as it is) to this connection. See ``services.messages.send``."""
        from apigw_ws.services import messages

        return messages.send(self, data)
