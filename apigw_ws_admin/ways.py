"""Links from page to page: to a channel, to a user, and to acts on all of their sessions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from django.contrib.auth import get_permission_codename, get_user_model
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from apigw_ws.models import WebSocketSession
from apigw_ws_admin.permissions import BAN, DISCONNECT, SEND_BROADCAST, SEND_MESSAGE
from apigw_ws_admin.sites import admin_of, has, reverse


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    label: str | Promise
    href: str
    variant: str = "default"


#: The lookup of a record's username, for any user model.
USERNAME: Final = f"user__{get_user_model().USERNAME_FIELD}"
#: Acts, each with a page that asks first: label, name, permissions and colour.
_ACTS: Final = (
    (_("Send a message"), "websocketsession_message_many", (SEND_MESSAGE,), "default"),
    (_("Broadcast"), "broadcast_compose", (SEND_BROADCAST,), "default"),
    (_("Disconnect all"), "websocketsession_disconnect_many", (DISCONNECT,), "danger"),
)


def channel_page(name: str) -> str:
    """Return the channel's page. The name is in the query: it may contain slashes, colons and dots."""
    return reverse("admin:apigw_ws_channel_page", query={"channel": name})


def user_with(key: str) -> Any:
    """Return the user with this primary key, of any type; None if there is none."""
    try:
        return get_user_model()._default_manager.filter(pk=key).first()
    except (ValueError, ValidationError):  # not a key of this type
        return None


def may_see(request: HttpRequest, user: Any = None) -> bool:
    """Return whether one may view sessions and users, or this user if given."""
    model = get_user_model()
    if not admin_of(WebSocketSession).has_view_permission(request):
        return False
    if has(model):
        return bool(admin_of(model).has_view_permission(request, user))
    names = (get_permission_codename(verb, model._meta) for verb in ("view", "change"))
    return any(request.user.has_perm(f"{model._meta.app_label}.{name}") for name in names)


def user_page(request: HttpRequest, pk: Any) -> str:
    """Return the URL of the page about a user; empty for those who may not see it, and without a user."""
    if pk is None or not may_see(request):
        return ""
    return reverse("admin:apigw_ws_websocketsession_user", args=[pk])


def user_link(request: HttpRequest, user: Any) -> str:
    """Return the username, as a link for those who may see the page; empty without a user."""
    page = user_page(request, user.pk) if user else ""
    return format_html('<a class="underline" href="{}">{}</a>', page, user) if page else str(user or "")


def channel_links(names: Iterable[str]) -> SafeString:
    return format_html_join(
        ", ", '<a class="underline" href="{}">{}</a>', ((channel_page(name), name) for name in names)
    )


def acts_on(request: HttpRequest, **whom: Any) -> list[Way]:
    """Return the acts that one may do to the open sessions of a ``channel`` or a ``user``."""
    return [
        Way(label=label, href=reverse(f"admin:apigw_ws_{page}", query=whom), variant=variant)
        for label, page, permissions, variant in _ACTS
        if request.user.has_perms(permissions)
    ]


def ban(request: HttpRequest, label: str | Promise, **whom: str) -> list[Way]:
    """Return the URL of the form for a ban, filled in."""
    if not request.user.has_perm(BAN):
        return []
    return [Way(label=label, href=reverse("admin:apigw_ws_ban_add", query=whom))]
