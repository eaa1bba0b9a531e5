"""Lets an operator ask AWS about one connection, and send to it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from apigw_ws.aws import connections
from apigw_ws.exceptions import ConnectionGone, NotProvisioned
from apigw_ws.models import AuditEvent, WebSocketSession
from apigw_ws.services import audit, endpoints, messages

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What AWS says of an open connection."""

    connected_at: datetime
    last_active_at: datetime
    source_ip: str
    user_agent: str


def ask(session: WebSocketSession) -> Known | None:
    """Return what AWS knows of the session's connection, None if nothing. Our record stays as it is.

    Raises NotProvisioned, ConfigurationError and AwsError.
    """
    if session.api_gateway is None:
        raise NotProvisioned(_("The session belongs to no gateway, so AWS cannot be asked."))
    try:
        answer = connections.get(endpoints.connections_client(session.api_gateway), session.connection_id)
    except ConnectionGone:
        return None
    identity = answer.get("Identity", {})
    return Known(
        connected_at=answer["ConnectedAt"],
        last_active_at=answer["LastActiveAt"],
        source_ip=identity.get("SourceIp", ""),
        user_agent=identity.get("UserAgent", ""),
    )


def send(session: WebSocketSession, data: Any, *, by: AbstractBaseUser | None, ip: str | None = None) -> bool:
    """As ``messages.send``, for an operator; an AuditEvent holds size and result, not the message."""
    size = len(messages.encode(data))
    with audit.recorded(
        AuditEvent.Verb.SEND, session.api_gateway, what=session.connection_id, by=by, ip=ip
    ) as record:
        sent = messages.send(session, data)
        record.after = {"bytes": size, "sent": sent}
    return sent
