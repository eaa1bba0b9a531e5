"""Ways from page to page: to a channel, and to what can be done to all sessions of a channel or a user."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apigw_ws_admin.permissions import BAN, DISCONNECT, SEND_BROADCAST, SEND_MESSAGE


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    label: str | Promise
    href: str
    variant: str = "default"


#: Each leads to a page that asks first: its label, name, permissions and colour.
_ACTS: Final = (
    (_("Send a message"), "websocketsession_message_many", (SEND_MESSAGE,), "default"),
    (_("Broadcast"), "broadcast_compose", (SEND_BROADCAST,), "default"),
    (_("Disconnect all"), "websocketsession_disconnect_many", (DISCONNECT,), "danger"),
)


def channel_page(name: str) -> str:
    """In the query, as the names of channels may have slashes, colons and dots."""
    return reverse("admin:apigw_ws_channel_page", query={"channel": name})


def acts_on(request: HttpRequest, **whom: Any) -> list[Way]:
    """What this person may do to the open sessions of a ``channel`` or a ``user``."""
    return [
        Way(label=label, href=reverse(f"admin:apigw_ws_{page}", query=whom), variant=variant)
        for label, page, permissions, variant in _ACTS
        if request.user.has_perms(permissions)
    ]


def ban(request: HttpRequest, label: str | Promise, **whom: str) -> list[Way]:
    """To the form for a ban, filled in."""
    if not request.user.has_perm(BAN):
        return []
    return [Way(label=label, href=reverse("admin:apigw_ws_ban_add", query=whom), variant="danger")]
