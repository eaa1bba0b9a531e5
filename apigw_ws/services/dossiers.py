"""Collects what is known of a channel or a user for a page about it, in a few queries."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final

from django.db.models import Count, F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from apigw_ws.models import (
    ApiGateway,
    AuditEvent,
    Ban,
    Channel,
    ChannelMembership,
    Refusal,
    WebSocketSession,
    WebSocketToken,
)
from apigw_ws.services import figures, rules

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser

#: Rows of each kind.
FEW: Final = 8
#: How far back audit events are searched: their subject is not indexed.
_LATELY: Final = dt.timedelta(days=30)
_CONNECTIONS: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelDossier:
    name: str
    #: Zeros for a channel that nobody is in.
    figures: Channel
    gateways: Sequence[ApiGateway]
    #: The channel permission that decides; None: ALLOW_UNLISTED_CHANNELS does.
    entry: rules.Entry | None
    #: Active bans that name this channel or a pattern that matches it.
    bans: Sequence[Ban]


def of_channel(name: str) -> ChannelDossier:
    counted = figures.of_channel(name)
    bans = Ban.objects.active().exclude(channel_name="").select_related("user", "created_by")
    return ChannelDossier(
        name=name,
        figures=counted,
        gateways=list(ApiGateway.objects.filter(pk__in=counted.gateways)) if counted.gateways else (),
        entry=rules.entry_for(name),
        bans=[ban for ban in bans if fnmatchcase(name, ban.channel_name)],
    )


def channels_of(user: AbstractBaseUser) -> list[tuple[str, int]]:
    """The channels of the user's open sessions, with the number of sessions, most first."""
    mine = WebSocketSession.objects.filter(user=user.pk, connected=True).order_by()
    first = mine.exclude(channel_name="").values_list("channel_name").annotate(Count("pk"))
    further = ChannelMembership.objects.filter(session__in=mine).exclude(name=F("session__channel_name"))
    found = Counter[str]()
    both = first.union(further.order_by().values_list("name").annotate(Count("pk")), all=True)
    for name, number in both.order_by():  # Django 6.1 orders it by what it does not select
        found[name] += number
    return found.most_common()


def bans_of(user: AbstractBaseUser) -> QuerySet[Ban]:
    """The last few bans of this user, active or over."""
    return Ban.objects.filter(user=user.pk).select_related("user", "created_by")[:FEW]


def refusals_of(user: AbstractBaseUser) -> QuerySet[Refusal]:
    return Refusal.objects.filter(user=user.pk).select_related("api_gateway")[:FEW]


def tokens_of(user: AbstractBaseUser) -> QuerySet[WebSocketToken]:
    return WebSocketToken.objects.filter(user=user.pk).order_by("-created_on")[:FEW]


def events_about(user: AbstractBaseUser) -> QuerySet[AuditEvent]:
    """The last few audit events of a month about the user or one of their last connections."""
    name = str(user)  # as the audit trail has it
    sessions = WebSocketSession.objects.filter(user=user.pk).order_by("-created_on")
    about = Q(object_text=name) | Q(object_text__in=sessions.values("connection_id")[:_CONNECTIONS])
    # How bans from a channel, and acts on all of a user's sessions, are recorded.
    about |= Q(object_text__startswith=f"{name} in ") | Q(object_text__endswith=_("user %s") % name)
    return AuditEvent.objects.filter(about, happened_on__gt=timezone.now() - _LATELY)[:FEW]
