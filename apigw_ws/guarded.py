"""The request as guards see it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest

from apigw_ws.conf import conf
from apigw_ws.events import Event, Mapped
from apigw_ws.models import ApiGateway, WebSocketSession


@dataclass(frozen=True, slots=True, kw_only=True)
class Demands:
    """What a view asks for."""

    headers: Sequence[str]
    connection_headers: Sequence[str]
    api_id: str | None
    token: bool
    any_permission: Sequence[str]
    all_permissions: Sequence[str]
    #: In how many a connection may be.
    channels: int


class GuardedRequest(HttpRequest):
    """With the view's demands, and what the guards before found."""

    demands: Demands
    event: Event
    api_gateway: ApiGateway
    #: What our integrations map, once the secret proved that it was ours; empty otherwise.
    mapped: Mapped
    #: Which of the gateway's secrets that was; 0: none.
    secret_version: int
    websocket_session: WebSocketSession
    #: The channel that a connect leads to, and further ones.
    channel_name: str
    further_channels: Sequence[str]
    user: AbstractBaseUser | AnonymousUser  # type: ignore[assignment]


Guard = Callable[[GuardedRequest, Event], None]


def address(request: GuardedRequest, event: Event) -> str | None:
    """Return the client's address: as mapped, else by TRUSTED_PROXIES; None where neither says it."""
    return request.mapped.source_ip or event.forwarded_address(conf.trusted_proxies)


def disbelieve_impossible_session(request: HttpRequest) -> None:
    """A session cookie with NUL is nobody's: PostgreSQL does not look for it, and Django knows no better."""
    if "\0" in request.COOKIES.get(settings.SESSION_COOKIE_NAME, "") and hasattr(request, "session"):
        request.session, request.user = type(request.session)(), AnonymousUser()
