"""Who may broadcast to a channel, where its channel permission says so.

It is asked where an audience is chosen by channels. Other ways to choose the same people go past it.
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
    """Raise BroadcastError if a channel permission does not let the user broadcast to a channel of it.

    Of programs and commands, by no user, nothing is asked.
    """
    if by is None:
        return
    for name in _channels(audience):
        if not rules.may(by, name, ChannelVerb.BROADCAST):
            raise BroadcastError(
                _("You may not broadcast to “%s”: ask somebody whom its channel permission lets.") % name
            )


def _channels(audience: Audience) -> list[str]:
    """The channels by which it is chosen, itself or what it was made from."""
    match audience.get("kind"):
        case "channels":
            return list(audience.get("channels") or ())
        case "filter":
            return [name] if (name := str((audience.get("query") or {}).get("channel") or "").strip()) else []
        case "not_reached":
            earlier = Broadcast.objects.filter(pk=audience["broadcast"]).first()
            return _channels(earlier.audience) if earlier else []
    return []
