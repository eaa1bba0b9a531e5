"""Checks who may broadcast to a channel, if its channel permission says so.

Only audiences chosen by channels are checked, not other ways to choose the same people.
"""

from __future__ import annotations

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.utils.translation import gettext as _

from apigw_ws.exceptions import BroadcastError
from apigw_ws.models import Broadcast, ChannelVerb
from apigw_ws.services import rules
from apigw_ws.services.broadcasts.audiences import Audience


def demand(audience: Audience, by: AbstractBaseUser | AnonymousUser | None) -> None:
    """Raise BroadcastError if a channel permission forbids the user one of the audience's channels.

    Programs and commands, without a user, are not checked.
    """
    if by is None:
        return
    for name in _channels(audience):
        if not rules.may(by, name, ChannelVerb.BROADCAST):
            raise BroadcastError(
                _("You may not broadcast to “%s”: ask somebody whom its channel permission lets.") % name
            )


def _channels(audience: Audience) -> list[str]:
    """The channels by which the audience, or the one it was made from, is chosen."""
    match audience.get("kind"):
        case "channels":
            return list(audience.get("channels") or ())
        case "filter":
            return [name] if (name := str((audience.get("query") or {}).get("channel") or "").strip()) else []
        case "not_reached":
            earlier = Broadcast.objects.filter(pk=audience["broadcast"]).first()
            return _channels(earlier.audience) if earlier else []
    return []
