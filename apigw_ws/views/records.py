"""Turns what an event says into rows: the session that it opens, the refusal that it meets."""

from __future__ import annotations

from typing import Any, Final, cast

from django.utils import timezone

from apigw_ws.events import Event, Mapped, storable
from apigw_ws.exceptions import Refused
from apigw_ws.guarded import GuardedRequest, client_address
from apigw_ws.models import WebSocketSession
from apigw_ws.services import access, logins, refusals
from apigw_ws.services.sessions import ClosedBy
from apigw_ws.services.tokens import digest

#: What $disconnect says if AWS cut an idle or old connection, and if somebody called DeleteConnection.
_AWS_CLOSES: Final = ((1001, "Going away"), (1000, "Connection Closed Normally"))


def new_session(request: GuardedRequest) -> WebSocketSession:
    """Return the session that a $connect opens, unsaved."""
    event, mapped = request.event, request.mapped
    user = request.user if request.user.is_authenticated else None
    ip_address = client_address(request, event)
    session_key = getattr(getattr(request, "session", None), "session_key", None)
    return WebSocketSession(
        connection_id=event.connection_id,
        api_gateway=request.api_gateway,
        stage_name=mapped.stage,
        secret_version=request.secret_version,
        channel_name=request.channel_name,
        user=cast(Any, user),  # the project's user model, which only its settings know
        ip_address=ip_address,
        address_block=access.block_of(ip_address),
        user_agent=mapped.user_agent or event.user_agent,
        origin=storable(event.origin or "", 255),
        connected_on=mapped.connected_on or timezone.now(),
        session_key_hash=digest(session_key) if session_key else "",
        auth_hash=logins.auth_hash(user) if user else "",
    )


def closed_by(mapped: Mapped) -> str:
    """Return who closed a connection, "" if unknown: AWS is told from clients by its own reasons."""
    if mapped.close_code is None:
        return ""
    return ClosedBy.AWS if (mapped.close_code, mapped.close_reason) in _AWS_CLOSES else ClosedBy.CLIENT


def record_refusal(request: GuardedRequest, refused: Refused) -> None:
    """Store a Refusal with all that is known of the client by then."""
    event: Event | None = getattr(request, "event", None)
    refusals.record(
        refused,
        phase=event.phase if event else "",
        connection_id=event.connection_id if event else "",
        gateway=getattr(request, "api_gateway", None) if refused.guard != "gateway" else None,
        user=request.user,
        ip_address=client_address(request, event) if event else None,
        origin=storable(event.origin or "", 255) if event else "",
        host=storable(request.headers.get("Host", ""), 255),
        user_agent=request.mapped.user_agent or storable(request.headers.get("User-Agent", ""), 512),
    )
