from __future__ import annotations

from django.conf import settings
from django.contrib.auth.models import Group, Permission
from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apigw_ws.models.gateways import ApiGateway
from apigw_ws.models.validators import validate_channel_pattern


class WebSocketToken(models.Model):
    """Permission to connect once, within a minute, from the browser session that it was issued to."""

    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("user"),
        on_delete=models.CASCADE,
        related_name="websocket_tokens",
        null=True,
        blank=True,
    )
    session_key_hash = models.CharField(max_length=64, editable=False)
    created_on = models.DateTimeField(_("created"), auto_now_add=True, db_index=True)
    used_on = models.DateTimeField(_("used"), null=True, blank=True)
    #: The connection that used the token; the same $connect delivered twice is one use.
    connection_id = models.CharField(_("connection ID"), max_length=128, blank=True, default="")

    class Meta:
        verbose_name = _("connect token")
        verbose_name_plural = _("connect tokens")

    def __str__(self) -> str:
        return f"{self.token_hash[:8]}…"


class Refusal(models.Model):
    """An event that a guard refused, with the facts an operator needs and no secret."""

    guard = models.CharField(_("guard"), max_length=32, db_index=True)
    phase = models.CharField(_("event"), max_length=16)
    status = models.PositiveSmallIntegerField(_("status"))
    reason = models.CharField(_("reason"), max_length=255)
    facts = models.JSONField(_("facts"), default=dict, blank=True)
    api_gateway = models.ForeignKey(
        ApiGateway,
        verbose_name=_("gateway"),
        on_delete=models.SET_NULL,
        related_name="refusals",
        null=True,
        blank=True,
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("user"),
        on_delete=models.SET_NULL,
        related_name="websocket_refusals",
        null=True,
        blank=True,
        db_index=False,
    )
    ip_address = models.GenericIPAddressField(_("IP address"), null=True, blank=True)
    #: What rate limits count by: the IPv4 address, or the /64 of an IPv6 one.
    address_block = models.GenericIPAddressField(null=True, blank=True, editable=False)
    origin = models.CharField(_("origin"), max_length=255, blank=True, default="")
    host = models.CharField(_("host"), max_length=255, blank=True, default="")
    user_agent = models.CharField(_("user agent"), max_length=512, blank=True, default="")
    connection_id = models.CharField(_("connection ID"), max_length=128, blank=True, default="")
    #: In a flood, a row also stands for similar refusals since the row before, which were not written.
    times = models.PositiveIntegerField(_("times"), default=1)
    created_on = models.DateTimeField(_("at"), auto_now_add=True, db_index=True)

    class Meta:
        verbose_name = _("refusal")
        verbose_name_plural = _("refusals")
        ordering = ["-created_on"]
        indexes = [
            models.Index(fields=["address_block", "created_on"], name="apigw_ws_refusals_by_address"),
            models.Index(fields=["api_gateway", "created_on"], name="apigw_ws_refusals_by_gateway"),
            models.Index(fields=["user", "created_on"], name="apigw_ws_refusals_by_user"),
            models.Index(fields=["connection_id"], name="apigw_ws_refusal_by_connection"),
        ]

    def __str__(self) -> str:
        return f"{self.guard}: {self.why}"

    @property
    def why(self) -> str:
        """The reason in the language of whoever reads it: it is stored as the source has it."""
        return gettext(self.reason)


class ChannelVerb(models.TextChoices):
    """What a rule may be asked about."""

    JOIN = "join", _("Join")
    SEND = "send", _("Send")
    BROADCAST = "broadcast", _("Broadcast")


class ChannelPermission(models.Model):
    """Who may join a channel, or every channel that a pattern names, and who may send or broadcast to it."""

    class Access(models.TextChoices):
        EVERYONE = "everyone", _("Everyone")
        AUTHENTICATED = "authenticated", _("Signed-in users")
        STAFF = "staff", _("Staff")
        SUPERUSERS = "superusers", _("Superusers")
        RULES = "rules", _("Users who satisfy one of the rules")
        NOBODY = "nobody", _("Nobody")

    channel_name = models.CharField(
        _("channel"),
        max_length=128,
        unique=True,
        validators=[validate_channel_pattern],
        help_text=_("A name, or a pattern such as “tenant-7.*”: an asterisk stands for any characters."),
    )
    access = models.CharField(
        _("who may join"), max_length=16, choices=Access.choices, default=Access.EVERYONE
    )
    send_access = models.CharField(
        _("who may send"),
        max_length=16,
        choices=[("", _("Whoever may join")), *Access.choices],
        blank=True,
        default="",
        help_text=_("Asked of clients, where a handler asks. The server itself sends as it likes."),
    )
    broadcast_access = models.CharField(
        _("who may broadcast"),
        max_length=16,
        choices=[("", _("Whoever may send broadcasts")), *Access.choices],
        blank=True,
        default="",
        help_text=_("Asked of users who choose the channel for a broadcast, beside the permission for that."),
    )
    description = models.CharField(_("description"), max_length=255, blank=True, default="")
    created_on = models.DateTimeField(_("created"), auto_now_add=True)
    updated_on = models.DateTimeField(_("updated"), auto_now=True)

    class Meta:
        verbose_name = _("channel permission")
        verbose_name_plural = _("channel permissions")
        ordering = ["channel_name"]

    def __str__(self) -> str:
        return self.channel_name


class ChannelPermissionRule(models.Model):
    """Permissions and groups that together let a user join, send or broadcast; rules are alternatives."""

    channel_permission = models.ForeignKey(ChannelPermission, on_delete=models.CASCADE, related_name="rules")
    verb = models.CharField(
        _("lets the user"), max_length=16, choices=ChannelVerb.choices, default=ChannelVerb.JOIN
    )
    permissions = models.ManyToManyField(
        Permission,
        verbose_name=_("permissions"),
        blank=True,
        related_name="+",
        help_text=_("The user must have all of these."),
    )
    groups = models.ManyToManyField(
        Group,
        verbose_name=_("groups"),
        blank=True,
        related_name="+",
        help_text=_("The user must be in all of these."),
    )

    class Meta:
        verbose_name = _("channel rule")
        verbose_name_plural = _("channel rules")

    def __str__(self) -> str:
        return f"{self.channel_permission}: {self.get_verb_display()}"
