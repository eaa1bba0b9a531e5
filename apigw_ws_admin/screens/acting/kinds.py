"""The kinds of acts on sessions: permission, form and texts of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from apigw_ws.models import Act
from apigw_ws_admin.permissions import BAN, CHANGE_CHANNELS, DISCONNECT, SEND_MESSAGE
from apigw_ws_admin.screens.acting.forms import (
    ActForm,
    BanForm,
    GoodbyeForm,
    JoinForm,
    LeaveForm,
    MessageForm,
)

Deed = Act.Deed


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    deed: Deed
    form: type[ActForm]
    permissions: tuple[str, ...]
    title: str | Promise
    #: The button's text.
    submit: str | Promise
    #: The question, for so many sessions.
    question: Callable[[int], str]
    #: What will happen.
    note: str | Promise
    icon: str
    #: The outcome of a session that it was done to.
    done: str | Promise
    already: str | Promise = ""
    is_grave: bool = False


KINDS: Final[Mapping[str, Kind]] = {
    "message": Kind(
        deed=Deed.MESSAGE,
        form=MessageForm,
        permissions=(SEND_MESSAGE,),
        title=_("Message"),
        submit=_("Send"),
        question=lambda number: ngettext(
            "Send a message to %d session?", "Send a message to %d sessions?", number
        ),
        note=_("AWS says of each whether it took the message, not whether the client got it."),
        icon="send",
        done=_("AWS took it"),
    ),
    "join": Kind(
        deed=Deed.JOIN,
        form=JoinForm,
        permissions=(CHANGE_CHANNELS,),
        title=_("Join a channel"),
        submit=_("Join"),
        question=lambda number: ngettext(
            "Put %d session into a channel?", "Put %d sessions into a channel?", number
        ),
        note=_("They stay in the channels that they are in, and get what is sent to this one, too."),
        icon="login",
        done=_("Joined"),
        already=_("Was there already"),
    ),
    "leave": Kind(
        deed=Deed.LEAVE,
        form=LeaveForm,
        permissions=(CHANGE_CHANNELS,),
        title=_("Leave a channel"),
        submit=_("Leave"),
        question=lambda number: ngettext(
            "Take %d session out of a channel?", "Take %d sessions out of a channel?", number
        ),
        note=_(
            "They stay connected, and may join again where the channel's rules let them. A ban keeps out."
        ),
        icon="logout",
        done=_("Left"),
        already=_("Was not there"),
    ),
    "disconnect": Kind(
        deed=Deed.DISCONNECT,
        form=GoodbyeForm,
        permissions=(DISCONNECT,),
        title=_("Disconnect"),
        submit=_("Disconnect"),
        question=lambda number: ngettext("Disconnect %d session?", "Disconnect %d sessions?", number),
        note=_("Their clients are closed with code 1000, and may connect again."),
        icon="link_off",
        done=_("Disconnected"),
        is_grave=True,
    ),
    "ban": Kind(
        deed=Deed.DISCONNECT,
        form=BanForm,
        permissions=(BAN, DISCONNECT),
        title=_("Disconnect and ban"),
        submit=_("Disconnect and ban"),
        question=lambda number: ngettext(
            "Disconnect %d session, and ban who is behind it?",
            "Disconnect %d sessions, and ban who is behind them?",
            number,
        ),
        note=_("Whoever is banned may not connect again, and is disconnected everywhere, not only here."),
        icon="gavel",
        done=_("Disconnected"),
        is_grave=True,
    ),
}


def may(kind: Kind, user: Any) -> bool:
    return bool(user.has_perms(kind.permissions))
