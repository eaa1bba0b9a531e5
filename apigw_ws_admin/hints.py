"""Hints on what would have let a refused client in: for each guard a sentence, and links."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from django.contrib.auth import get_user_model
from django.db.models import Model
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apigw_ws.models import Ban, ChannelPermission, Refusal, WebSocketSession
from apigw_ws_admin.sites import admin_of, has, reverse


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    label: str | Promise
    href: str


Finder = Callable[[HttpRequest, Refusal], Way | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hint:
    #: What the guard checks, in a word or two.
    title: str | Promise
    sentence: str | Promise
    #: Keys of APIGW_WS that decide.
    settings: tuple[str, ...] = ()
    ways: tuple[Finder, ...] = ()


def hint_for(refusal: Refusal) -> Hint:
    """Return the hint for the refusal's guard; for a guard of the project's own, where to look for it."""
    return HINTS.get(refusal.guard, OWN)


def ways_of(request: HttpRequest, refusal: Refusal) -> Iterator[Way]:
    """The ways that this person may go."""
    yield from filter(None, (find(request, refusal) for find in hint_for(refusal).ways))


def _security(request: HttpRequest, refusal: Refusal) -> Way | None:
    if refusal.api_gateway_id is None or not request.user.has_perm("apigw_ws.view_apigateway"):
        return None
    href = reverse("admin:apigw_ws_apigateway_security", args=[refusal.api_gateway_id])
    return Way(label=_("Security of the gateway"), href=href)


def _gateways(request: HttpRequest, refusal: Refusal) -> Way | None:
    if not request.user.has_perm("apigw_ws.view_apigateway"):
        return None
    return Way(label=_("The gateways"), href=reverse("admin:apigw_ws_apigateway_changelist"))


def _channel(request: HttpRequest, refusal: Refusal) -> Way | None:
    name = refusal.facts.get("channel permission") or ""
    return _listed(request, ChannelPermission, str(name), _("Who may be in the channel"))


def _session(request: HttpRequest, refusal: Refusal) -> Way | None:
    query = refusal.connection_id
    return _listed(request, WebSocketSession, query, _("Its session")) if query else None


def _user(request: HttpRequest, refusal: Refusal) -> Way | None:
    return _changed(request, get_user_model(), refusal.user_id, _("The user"))


def _ban(request: HttpRequest, refusal: Refusal) -> Way | None:
    return _changed(request, Ban, refusal.facts.get("ban"), _("The ban"))


def _listed(request: HttpRequest, model: type[Model], query: str, label: str | Promise) -> Way | None:
    if not _may_look(request, model):
        return None
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"
    return Way(label=label, href=reverse(name, query={"q": query} if query else None))


def _changed(request: HttpRequest, model: type[Model], pk: object, label: str | Promise) -> Way | None:
    if pk is None or not _may_look(request, model):
        return None
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}_change"
    return Way(label=label, href=reverse(name, args=[pk]))


def _may_look(request: HttpRequest, model: type[Model]) -> bool:
    return has(model) and admin_of(model).has_view_permission(request)


HINTS: Final[Mapping[str, Hint]] = {
    "request": Hint(
        title=_("Request"),
        sentence=_(
            "API Gateway sends the connection's ID with every call. This one had none: its integration "
            "maps none, or somebody else called the URL. Apply the gateway, should it be yours."
        ),
        ways=(_gateways,),
    ),
    "headers": Hint(
        title=_("Headers"),
        sentence=_(
            "The view demands these headers. Have the client or the gateway send them, or take them out "
            "of the view's required_headers, additional_required_headers or required_connection_headers."
        ),
        ways=(_security,),
    ),
    "gateway": Hint(
        title=_("Gateway"),
        sentence=_(
            "Adopt the API if it is yours. Where the view serves another one, its aws_api_gateway_id "
            "says so; a gateway that was deleted a moment ago is no reason to worry."
        ),
        ways=(_gateways,),
    ),
    "secret": Hint(
        title=_("Secret"),
        sentence=_(
            "The call did not prove that it came through the gateway. Should real clients be refused, "
            "AWS sends an old secret: apply the gateway. Anybody else who finds the URL is refused "
            "rightly."
        ),
        ways=(_security,),
    ),
    "event_type": Hint(
        title=_("Event"),
        sentence=_(
            "A route of the gateway calls the URL of another event. Apply the gateway: that puts its "
            "integrations right."
        ),
        ways=(_security,),
    ),
    "ban": Hint(
        title=pgettext_lazy("a reason", "Ban"),
        sentence=_("A ban keeps this client out. Lift the ban to let them in before it expires."),
        ways=(_ban,),
    ),
    "rate": Hint(
        title=_("Rate"),
        sentence=_(
            "Too many connects came in too short a time. Raise the limit if these are people behind one "
            "address; ban the address if they are not. Refusals for the rate do not prolong it."
        ),
        settings=("CONNECT_RATE_LIMIT", "CONNECT_RATE_WINDOW"),
    ),
    "user_rate": Hint(
        title=_("Rate of the user"),
        sentence=_(
            "The user connects over and over, from many tabs or from a program that does not wait. "
            "Raise the limit, or look at what their client does when it is refused."
        ),
        settings=("USER_RATE_LIMIT", "CONNECT_RATE_WINDOW"),
        ways=(_user,),
    ),
    "message_rate": Hint(
        title=_("Rate of messages"),
        sentence=_(
            "The connection sends more than it may. Raise the limit if your client needs that many "
            "messages; what it sent beyond was dropped."
        ),
        settings=("MESSAGE_RATE_LIMIT", "MESSAGE_RATE_WINDOW"),
        ways=(_session,),
    ),
    "origin": Hint(
        title=_("Origin"),
        sentence=_(
            "Add the page's origin to the setting, or to CSRF_TRUSTED_ORIGINS, if it is one of yours; "
            "otherwise the refusal is right. A session cookie without an Origin comes from a program "
            "that has to send one, or something on the way removes the header."
        ),
        settings=("ALLOWED_ORIGINS",),
        ways=(_security,),
    ),
    "token": Hint(
        title=_("Token"),
        sentence=_(
            "The page fetches a token from WebSocketTokenView just before each connect, and the "
            "session's cookie has to reach the gateway's domain. A token is good once, and only for a "
            "while."
        ),
        settings=("USE_WS_TOKEN", "TOKEN_MAX_AGE"),
        ways=(_security,),
    ),
    "permissions": Hint(
        title=_("Permissions"),
        sentence=_(
            "Give the user what the facts name, or change the view's permissions_required or "
            "all_permissions_required. Nobody was signed in where no user is named."
        ),
        ways=(_user,),
    ),
    "channel": Hint(
        title=_("Channel"),
        sentence=_(
            "Change who may be in the channel. One that no channel permission fits is open only if the "
            "setting says so; a name has letters, digits and characters of “_.:/-”."
        ),
        settings=("ALLOW_UNLISTED_CHANNELS", "CHANNELS_PER_CONNECTION"),
        ways=(_channel, _user),
    ),
    "session": Hint(
        title=_("Session"),
        sentence=_(
            "Its connection was closed here, or was opened before the gateway was known. The client has "
            "to connect again, which the JavaScript client does by itself."
        ),
        ways=(_session,),
    ),
    "login": Hint(
        title=_("Login"),
        sentence=_("The user has to sign in and connect again; one who was deactivated has to be activated."),
        ways=(_user,),
    ),
    "size": Hint(
        title=_("Size"),
        sentence=_("AWS takes 128 KB at most. Have the client send less at a time."),
    ),
}
OWN: Final = Hint(
    title=_("A guard of this project"),
    sentence=_("Look for the guard of this name in the project: its reason and facts are on this page."),
)
