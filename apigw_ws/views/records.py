"""What an event says about its connection, in the words of our record."""

from __future__ import annotations

from typing import Any, Final, cast

from django.utils import timezone

from apigw_ws.events import Mapped, storable
from apigw_ws.guarded import GuardedRequest, address
from apigw_ws.models import WebSocketSession
from apigw_ws.services import access, logins
from apigw_ws.services.sessions import ClosedBy
from apigw_ws.services.tokens import digest

#: What $disconnect says when AWS cut an idle or old connection, and when somebody called DeleteConnection.
_AWS_CLOSES: Final = ((1001, "Going away"), (1000, "Connection Closed Normally"))


def new_session(request: GuardedRequest) -> WebSocketSession:
    """The session that a $connect opens; it is not stored."""
    event, mapped = request.event, request.mapped
    user = request.user if request.user.is_authenticated else None
    ip_address = address(request, event)
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
    """AWS's own words tell its closes from those of clients, which use the same codes."""
    if mapped.close_code is None:
        return ""
    return ClosedBy.AWS if (mapped.close_code, mapped.close_reason) in _AWS_CLOSES else ClosedBy.CLIENT
