"""Audiences: whom a broadcast is for. An audience is a dict, as the model stores it:

| kind | with | who |
|---|---|---|
| ``channels`` | ``channels``: names | whoever is in one of them |
| ``users`` | ``users``: primary keys | their connections |
| ``groups`` | ``groups``: primary keys | connections of the groups' users |
| ``gateway`` | ``gateway``: primary key | everybody there; without one, everybody at all |
| ``sessions`` | ``sessions``: primary keys | these, at most ``LISTED`` |
| ``connections`` | ``connections``: connection IDs | these, at most ``LISTED``; some may have no session |
| ``filter`` | ``query``: parameters of the list of sessions | whom the list shows |
| ``not_reached`` | ``broadcast``: primary key | whom that broadcast did not reach, without the gone |

``gateway`` narrows any of them. Only connected sessions are counted and sent to. If an audience is chosen by
channels, channel permissions say who may: see ``permits``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apigw_ws.exceptions import BroadcastError
from apigw_ws.models import (
    ApiGateway,
    Broadcast,
    BroadcastRecipient,
    ChannelMembership,
    WebSocketSession,
    is_channel_name,
)
from apigw_ws.models.sessions import WebSocketSessionQuerySet
from apigw_ws.services import narrowing

Audience = Mapping[str, Any]

#: The most sessions or connection IDs that an audience may list.
LISTED: Final = 20_000
#: The kinds that are lists, and the type of their items.
_LISTS: Final[Mapping[str, type]] = {
    "channels": str,
    "users": object,
    "groups": int,
    "sessions": int,
    "connections": str,
}
_KINDS: Final = (*_LISTS, "gateway", "filter", "not_reached")


def validate(audience: Audience) -> None:
    """Raise BroadcastError unless ``audience`` is valid and everything that it names exists."""
    kind = audience.get("kind")
    if kind not in _KINDS:
        raise BroadcastError(_("Say to whom: channels, users, groups, a gateway, or sessions."))
    if (gateway := audience.get("gateway")) is not None:
        _check_there(ApiGateway.objects.all(), [gateway], _("There is no gateway %s."))
    if kind in _LISTS:
        _check_list(audience, kind)
    if kind == "not_reached":
        _check_there(Broadcast.objects.all(), [audience.get("broadcast")], _("There is no broadcast %s."))
    if kind == "filter" and (unknown := narrowing.unknown(audience.get("query") or {})):
        raise BroadcastError(
            _("The list was narrowed by %s, which no broadcast can be. Choose in another way.")
            % ", ".join(unknown)
        )


def queryset(audience: Audience) -> WebSocketSessionQuerySet:
    """Return the connected sessions of the audience, each once."""
    sessions = _of_kind(audience).filter(connected=True)
    if (gateway := audience.get("gateway")) is not None:
        sessions = sessions.filter(api_gateway=gateway)
    return sessions


def count(audience: Audience, limit: int | None = 10_000) -> tuple[int, bool]:
    """Return how many there are, and True; if there are more than ``limit``, return that and False."""
    if limit is None:
        return queryset(audience).count(), True
    found = queryset(audience).order_by()[: limit + 1].count()
    return min(found, limit), found <= limit


def idle_count(audience: Audience, limit: int = 10_000) -> int:
    """Return how many of them AWS has probably closed because they were silent; at most ``limit``."""
    sessions = queryset(audience)
    return (sessions.idle() | sessions.expired()).order_by()[:limit].count()


def sample(audience: Audience, number: int = 5) -> list[WebSocketSession]:
    """Return a few of them, the newest."""
    return list(queryset(audience).select_related("user", "api_gateway").order_by("-pk")[:number])


def strangers(audience: Audience) -> list[str]:
    """Return listed connection IDs without a session; they are sent to if a gateway is named."""
    listed = audience["connections"] if audience["kind"] == "connections" else []
    known = set(
        WebSocketSession.objects.filter(connection_id__in=listed).values_list("connection_id", flat=True)
    )
    return [name for name in dict.fromkeys(listed) if name not in known]


def describe(audience: Audience) -> str:
    """Return “Who is in the channels chat, news at production”: one line at most, without addresses."""
    kind = str(audience.get("kind"))
    text = _DESCRIBED[kind](audience) if kind in _DESCRIBED else _("Nobody")
    gateway = audience.get("gateway")
    if gateway is None or kind == "gateway":
        return text
    return _("%(who)s, at %(gateway)s") % {"who": text, "gateway": _gateway(gateway)}


def _of_kind(audience: Audience) -> WebSocketSessionQuerySet:
    sessions: WebSocketSessionQuerySet = WebSocketSession.objects.all()
    kind, listed = audience["kind"], audience.get(audience["kind"])
    if kind == "channels":
        return _in_channels(sessions, listed or ())
    if kind == "filter":
        return narrowing.narrowed(sessions, audience.get("query") or {})
    if kind == "not_reached":
        return sessions.filter(pk__in=_not_reached(audience["broadcast"]))
    lookups = {
        "users": "user__in",
        "sessions": "pk__in",
        "connections": "connection_id__in",
    }
    if kind == "groups":  # a user of two groups is there once
        users = get_user_model()._default_manager.filter(groups__in=listed or ())
        return sessions.filter(user__in=users.order_by().values("pk"))
    return sessions.filter(**{lookups[kind]: listed or ()}) if kind in lookups else sessions


def _in_channels(sessions: WebSocketSessionQuerySet, names: Sequence[str]) -> WebSocketSessionQuerySet:
    if len(names) == 1:
        return sessions.in_channel(names[0])
    first = WebSocketSession.objects.filter(connected=True, channel_name__in=names).order_by().values("pk")
    further = ChannelMembership.objects.filter(name__in=names).order_by().values("session")
    return sessions.filter(pk__in=first.union(further, all=True))


def _not_reached(broadcast: int) -> QuerySet[BroadcastRecipient, Any]:
    rows = BroadcastRecipient.objects.filter(broadcast=broadcast, session__isnull=False)
    return rows.exclude(result=BroadcastRecipient.Result.GONE).order_by().values("session")


def _check_list(audience: Audience, kind: str) -> None:
    listed = audience.get(kind)
    if not isinstance(listed, list | tuple) or not listed:
        raise BroadcastError(_("Nobody is named. Name at least one of the %s.") % kind)
    if not all(isinstance(one, _LISTS[kind]) for one in listed):
        raise BroadcastError(_("The list of %s holds something else.") % kind)
    if len(listed) > LISTED:
        raise BroadcastError(
            _("%(number)d are too many to list; the most are %(most)d. Choose them by a channel or a filter.")
            % {"number": len(listed), "most": LISTED}
        )
    if kind == "connections" and any("\0" in one for one in listed):
        raise BroadcastError(_("The list of connection IDs holds what is no text. See where it comes from."))
    if kind == "channels":
        _check_channels(listed)
    if kind == "users":
        _check_there(get_user_model()._default_manager.all(), listed, _("There is no user %s."))
    if kind == "groups":
        _check_there(Group.objects.all(), listed, _("There is no group %s."))


def _check_channels(names: Sequence[str]) -> None:
    """Channels exist as long as somebody is in them, so only an impossible name is an error."""
    for name in names:
        if not is_channel_name(name):
            raise BroadcastError(_("“%s” is no name of a channel.") % name)


def _check_there(rows: QuerySet[Any], keys: Sequence[Any], sentence: str) -> None:
    try:
        found = set(rows.filter(pk__in=keys).values_list("pk", flat=True))
    except (TypeError, ValueError):
        found = set()
    if missing := [key for key in keys if key not in found]:
        raise BroadcastError(sentence % missing[0])


def _some(names: Sequence[Any]) -> str:
    shown = ", ".join(str(name) for name in names[:5])
    return (
        shown
        if len(names) <= 5
        else _("%(some)s and %(more)d more") % {"some": shown, "more": len(names) - 5}
    )


def _gateway(pk: int) -> str:
    return str(ApiGateway.objects.filter(pk=pk).first() or _("gateway %s, which is gone") % pk)


def _named(rows: QuerySet[Any], keys: Sequence[Any]) -> str:
    return _some([*rows.filter(pk__in=keys[:5]), *keys[5:]])


_DESCRIBED: Final[Mapping[str, Callable[[Audience], str]]] = {
    "channels": lambda one: (
        ngettext("Channel %s", "Channels %s", len(one["channels"])) % _some(one["channels"])
    ),
    "users": lambda one: _("User %s") % _named(get_user_model()._default_manager.all(), one["users"]),
    "groups": lambda one: _("Group %s") % _named(Group.objects.all(), one["groups"]),
    "gateway": lambda one: (
        _("Everybody") if one.get("gateway") is None else _("Everybody at %s") % _gateway(one["gateway"])
    ),
    "sessions": lambda one: (
        ngettext("%d session", "%d sessions", len(one["sessions"])) % len(one["sessions"])
    ),
    "connections": lambda one: (
        ngettext("%d connection ID", "%d connection IDs", len(one["connections"])) % len(one["connections"])
    ),
    "filter": lambda one: _("Whom the list of sessions shows for: %s") % (_shown(one.get("query") or {})),
    "not_reached": lambda one: _("Whom broadcast %s did not reach") % one["broadcast"],
}


def _shown(query: Mapping[str, str]) -> str:
    hidden = {"address": "…", "q": "…"}
    return ", ".join(f"{name}={hidden.get(name, value)}" for name, value in query.items()) or _("everybody")
