"""Functions that let an event pass or raise ``Refused``. The tuples at the end are the policy, in order.

A project adds its own to a view:
``guards = {**GUARDS, Phase.CONNECT: (*GUARDS[Phase.CONNECT], office_hours)}``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, cast
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.utils.translation import gettext_noop

from apigw_ws.conf import conf
from apigw_ws.events import Event, Phase
from apigw_ws.exceptions import Refused
from apigw_ws.guarded import Guard, GuardedRequest, client_address
from apigw_ws.models import ChannelVerb, is_channel_name
from apigw_ws.services import (
    access,
    bans,
    gateways,
    limits,
    logins,
    origins,
    rules,
    secrets,
    sessions,
    tokens,
)


def headers_present(request: GuardedRequest, event: Event) -> None:
    """The headers that the view requires are there. By default it requires none."""
    wanted = [*request.demands.headers]
    if event.phase is Phase.CONNECT:
        wanted += request.demands.connection_headers
    if missing := [name for name in wanted if name not in request.headers]:
        raise Refused("headers", 400, "Headers that the view requires are missing.", {"missing": missing})


def gateway_known(request: GuardedRequest, event: Event) -> None:
    """The request names a gateway that we have and that the view serves."""
    gateway = gateways.by_api_id(event.api_id)
    if gateway is None:
        raise Refused("gateway", 403, "No gateway has this API ID.", {"api_id": event.api_id})
    if request.demands.api_id and request.demands.api_id != event.api_id:
        facts = {"api_id": event.api_id, "served": request.demands.api_id}
        raise Refused("gateway", 403, "The view serves another gateway.", facts)
    request.api_gateway = gateway


def gateway_secret(request: GuardedRequest, event: Event) -> None:
    """The request proves that it comes from our integrations; only then is what they map believed.

    A gateway without a secret (version 0) proves nothing: its requests pass, but their claims do not count.
    """
    version = secrets.version_of(request.api_gateway, event.secret)
    if version is None:
        # The secret may have been rotated since this process read the gateway.
        request.api_gateway = (
            gateways.by_api_id(event.api_id, max_age=gateways.MIN_AGE) or request.api_gateway
        )
        version = secrets.version_of(request.api_gateway, event.secret)
    if version is None:
        facts = {"presented": bool(event.secret), "secret_version": request.api_gateway.secret_version}
        raise Refused("secret", 403, "The gateway's secret is missing or wrong.", facts)
    if version:
        request.secret_version, request.mapped = version, event.claimed


def event_type(request: GuardedRequest, event: Event) -> None:
    """The event came to the URL of its kind; mixed up, a message could pass as a connect."""
    said = request.mapped.event_type
    if said and said != event.phase.upper():
        facts = {"event_type": said, "route_key": request.mapped.route_key, "path": request.path}
        raise Refused("event_type", 400, "The event does not belong to this URL.", facts)


def not_banned(request: GuardedRequest, event: Event) -> None:
    """No ban keeps the client out. A session that was open before the ban is closed."""
    try:
        _let_in(request)
    except Refused:
        session = getattr(request, "websocket_session", None)
        if session is not None:
            sessions.close(session, by=sessions.ClosedBy.OPERATOR, reason="Banned", at_aws=True)
        raise


def _let_in(request: GuardedRequest, channel: str = "") -> None:
    """Raise Refused if a ban keeps the client out of ``channel``, or of everything if that is empty."""
    event, session = request.event, getattr(request, "websocket_session", None)
    found = bans.find(
        user=request.user,
        ip_address=session.ip_address if session else client_address(request, event),
        user_agent=session.user_agent if session else request.mapped.user_agent or event.user_agent,
        channel=channel,
    )
    if found:
        # Without the ban's subject: it may be an address, which not everybody who reads refusals may see.
        facts = {"ban": found.pk, "because": found.reason} | ({"channel": channel} if channel else {})
        raise Refused("ban", 403, "A ban keeps the client out.", facts)


def rate(request: GuardedRequest, event: Event) -> None:
    """The address has not connected too often. An unknown address is not limited."""
    ip_address, limit = client_address(request, event), conf.connect_rate_limit
    if ip_address and limit:
        count = limits.connects_from(ip_address, conf.connect_rate_window, limit)
        facts = {"attempts": count, "limit": limit, "seconds": conf.connect_rate_window}
        _within(limit, count, Refused("rate", 429, "Too many connects from this address.", facts))


def user_rate(request: GuardedRequest, event: Event) -> None:
    """The user has not connected too often, from whatever address."""
    if (limit := conf.user_rate_limit) and request.user.is_authenticated:
        count = limits.connects_of(request.user.pk, conf.connect_rate_window, limit)
        facts = {"attempts": count, "limit": limit, "seconds": conf.connect_rate_window}
        _within(limit, count, Refused("user_rate", 429, "Too many connects of this user.", facts))


def message_rate(request: GuardedRequest, event: Event) -> None:
    """The connection has not sent too many messages. Refusing one costs only the refusal's query."""
    if limit := conf.message_rate_limit:
        count = limits.messages_of(event.connection_id, conf.message_rate_window, limit)
        facts = {"messages": count, "limit": limit, "seconds": conf.message_rate_window}
        _within(limit, count, Refused("message_rate", 429, "Too many messages from this connection.", facts))


def _within(limit: int, count: int, otherwise: Refused) -> None:
    if count >= limit:
        raise otherwise


def origin(request: GuardedRequest, event: Event) -> None:
    """The page's origin may connect.

    Browsers always send an Origin, so a client without one is no browser, and no page can misuse its
    cookies. A session cookie without an Origin is refused: something in between may have removed the header.
    """
    facts = {"origin": event.origin, "host": request.get_host()}
    if event.origin is None:
        if settings.SESSION_COOKIE_NAME in request.COOKIES:
            raise Refused("origin", 403, "A session cookie came without an Origin header.", facts)
    elif not origins.is_allowed(event.origin, scheme=_scheme(request), host=request.get_host()):
        raise Refused("origin", 403, "Pages of this origin may not connect.", facts)


def _scheme(request: GuardedRequest) -> str:
    """The scheme that API Gateway called; behind a load balancer that ends TLS, Django may not know it."""
    return urlsplit(request.api_gateway.target_base_endpoint).scheme or request.scheme or ""


def token(request: GuardedRequest, event: Event) -> None:
    """The token, if one is demanded, was issued to this browser session and has not been used."""
    if not request.demands.token:
        return
    session_key = getattr(getattr(request, "session", None), "session_key", None)
    facts = {"token": bool(event.token), "session": bool(session_key)}
    if not event.token or not session_key:
        raise Refused("token", 403, "The connect token or the session cookie is missing.", facts)
    if not tokens.consume(event.token, session_key, event.connection_id):
        raise Refused("token", 403, "The token is unknown, used, too old or of another session.", facts)


def permissions(request: GuardedRequest, event: Event) -> None:
    """The user has any of ``permissions_required`` and all of ``all_permissions_required``."""
    any_of, all_of = request.demands.any_permission, request.demands.all_permissions
    if (any_of or all_of) and not access.has_permissions(request.user, any_of, all_of):
        raise Refused("permissions", 403, "The user lacks permissions.", {"any": [*any_of], "all": [*all_of]})


def channel(request: GuardedRequest, event: Event) -> None:
    """The user may be in each channel that the URL names, or in the gateway's default one."""
    most = request.demands.channels
    # A view with one channel may read request.GET["channel"], which is the last of several.
    names = event.channels if most > 1 else (event.channel,)
    if len(names) > most:
        facts = {"channels": len(names), "limit": most}
        raise Refused("channel", 400, "The URL names too many channels.", facts)
    first, *request.further_channels = names or ("",)
    request.channel_name = first or request.api_gateway.default_channel_name
    for name in filter(None, (request.channel_name, *request.further_channels)):
        may_join(request, name)


def named(name: object) -> str:
    """Return ``name`` if it can name a channel, else raise Refused."""
    if not is_channel_name(name):
        raise Refused("channel", 400, "This is no channel name.", {"channel": str(name)[:128]})
    return str(name)


def may_join(request: HttpRequest, name: object) -> str:
    """Return ``name``; raise Refused if it is no channel name or the user may not join that channel."""
    return _allowed(request, name, ChannelVerb.JOIN, gettext_noop("The user may not join this channel."))


def may_send(request: HttpRequest, name: object) -> str:
    """As ``may_join``, for sending to the channel. For handlers."""
    return _allowed(request, name, ChannelVerb.SEND, gettext_noop("The user may not send to this channel."))


def _allowed(request: HttpRequest, name: object, verb: ChannelVerb, otherwise: str) -> str:
    channel_name = named(name)
    if not rules.may(cast(GuardedRequest, request).user, channel_name, verb):
        facts = {"channel": channel_name, "channel permission": rules.deciding(channel_name)}
        raise Refused("channel", 403, otherwise, facts)
    _let_in(cast(GuardedRequest, request), channel_name)
    return channel_name


def session_open(request: GuardedRequest, event: Event) -> None:
    """The connection has an open session on this gateway, whose user becomes the request's."""
    session = sessions.find(request.api_gateway, event.connection_id)
    if session is None or not session.connected:
        known = session is not None
        raise Refused("session", 403, "The connection has no open session.", {"known": known})
    request.websocket_session = session
    request.user = session.user or AnonymousUser()


def login_valid(request: GuardedRequest, event: Event) -> None:
    """The login under which the connection was opened still holds; otherwise its session is closed."""
    session = request.websocket_session
    if not logins.holds(session):
        sessions.close(
            session, by=sessions.ClosedBy.SIGN_OUT, reason=gettext_noop("Login ended"), at_aws=True
        )
        raise Refused("login", 403, "The user was deactivated or the password changed.")


ARRIVAL: Final[tuple[Guard, ...]] = (headers_present, gateway_known, gateway_secret, event_type)

GUARDS: Final[Mapping[Phase, tuple[Guard, ...]]] = {
    Phase.CONNECT: (*ARRIVAL, not_banned, origin, user_rate, rate, token, permissions, channel),
    Phase.MESSAGE: (*ARRIVAL, message_rate, session_open, login_valid, not_banned, permissions),
    Phase.DISCONNECT: ARRIVAL,
}
