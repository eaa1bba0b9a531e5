"""The request as the guards see it, and what a view demands of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest

from apigw_ws.conf import conf
from apigw_ws.events import Event, Mapped
from apigw_ws.models import ApiGateway, WebSocketSession


@dataclass(frozen=True, slots=True, kw_only=True)
class Demands:
    """What a view demands; see the attributes of ``WebSocketView``."""

    headers: Sequence[str]
    connection_headers: Sequence[str]
    api_id: str | None
    token: bool
    any_permission: Sequence[str]
    all_permissions: Sequence[str]
    #: How many a connection may be in.
    channels: int


class GuardedRequest(HttpRequest):
    """A request with the view's demands and what earlier guards found."""

    demands: Demands
    event: Event
    api_gateway: ApiGateway
    #: What the integration maps, once the secret has proved that it is ours; empty before.
    mapped: Mapped
    #: The version of the secret that came with it; 0: none.
    secret_version: int
    websocket_session: WebSocketSession
    #: The channel that a connect joins first, and further ones.
    channel_name: str
    further_channels: Sequence[str]
    user: AbstractBaseUser | AnonymousUser  # type: ignore[assignment]


Guard = Callable[[GuardedRequest, Event], None]


def guarded(request: HttpRequest, demands: Demands) -> GuardedRequest:
    """Return ``request`` itself, ready for the guards: nothing is found yet, and there is a user."""
    request = cast(GuardedRequest, request)
    request.demands, request.mapped, request.secret_version = demands, Mapped(), 0
    request.channel_name, request.further_channels = "", ()
    drop_impossible_session(request)
    if not hasattr(request, "user"):  # no AuthenticationMiddleware
        request.user = AnonymousUser()
    return request


def client_address(request: GuardedRequest, event: Event) -> str | None:
    """Return the client's IP address: as mapped, else by TRUSTED_PROXIES; None if neither tells it."""
    return request.mapped.source_ip or event.forwarded_address(conf.trusted_proxies)


def drop_impossible_session(request: HttpRequest) -> None:
    """Replace a session whose cookie contains NUL: PostgreSQL would fail to look it up."""
    if "\0" in request.COOKIES.get(settings.SESSION_COOKIE_NAME, "") and hasattr(request, "session"):
        request.session, request.user = type(request.session)(), AnonymousUser()
