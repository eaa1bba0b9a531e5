"""Help on guards. ``hints`` says, here and on a refusal's page, what would have let a client in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.utils.translation import gettext_lazy as _

from apigw_ws_admin.help import documents
from apigw_ws_admin.help.values import Document, Entry, Family, Text
from apigw_ws_admin.hints import HINTS, OWN

PREFIX: Final = "guard."

#: What each guard checks, and the status with which it refuses.
_MEANS: Final[Mapping[str, Text]] = {
    "request": _("The call has no connection ID, or one that API Gateway never makes up. Refused with 400."),
    "headers": _("The call lacks a header that the view demands. Refused with 400."),
    "gateway": _(
        "The call names an API of which there is no gateway here, or one that the view does not serve. "
        "Refused with 403."
    ),
    "secret": _("The call lacks the secret that the gateway's integrations send along. Refused with 403."),
    "event_type": _("The call brings another event than the one that the URL is for. Refused with 400."),
    "ban": _(
        "A ban names the user, the address, the agent or the channel. Refused with 403; what is open is "
        "closed."
    ),
    "rate": _("One address tried more connects than CONNECT_RATE_LIMIT allows. Refused with 429."),
    "user_rate": _("One user tried more connects than USER_RATE_LIMIT allows. Refused with 429."),
    "message_rate": _(
        "One connection sent more messages than MESSAGE_RATE_LIMIT allows. Refused with 429; it stays open."
    ),
    "origin": _(
        "The page that opened the WebSocket is of a site that may not. API Gateway itself never checks "
        "this. Refused with 403."
    ),
    "token": _(
        "The view demands a connect token, and there is none that is good for this browser's session. "
        "Refused with 403."
    ),
    "permissions": _(
        "The user, or nobody signed in, lacks a permission that the view demands. Refused with 403."
    ),
    "channel": _(
        "The user may not be in that channel, or not send to it; or the name is none. Refused with 403 or "
        "400."
    ),
    "session": _("A message came on a connection of which we have no open session. Refused with 403."),
    "login": _(
        "The login under which the connection was opened no longer holds. Refused with 403, and closed."
    ),
    "size": _("The message is over 131,072 bytes. Refused with 413."),
}
_DOCUMENTS: Final[Mapping[str, tuple[Document, ...]]] = {
    "request": (documents.GONE, documents.DATA_MAPPING),
    "secret": (documents.DATA_MAPPING,),
    "rate": (documents.PROTECT,),
    "size": (documents.QUOTAS,),
}

ENTRIES: Final = tuple(
    Entry(
        codes=(f"{PREFIX}{name}",),
        family=Family.GUARD,
        title=hint.title,
        means=_MEANS[name],
        steps=(hint.sentence,),
        settings=hint.settings,
        places=("refusals", "bans") if name in ("ban", "rate") else ("refusals",),
        documents=_DOCUMENTS.get(name, (documents.CONNECT,)),
    )
    for name, hint in HINTS.items()
)


def of_the_project(code: str) -> Entry:
    """Return an entry for a guard of the project's own."""
    return Entry(
        codes=(code,),
        family=Family.GUARD,
        title=OWN.title,
        means=_("This guard is not one of ours: somebody added it to the guards of a view."),
        steps=(
            _("Look for the guard of this name in the project. Each refusal has its reason and its facts."),
        ),
        places=("refusals",),
    )
