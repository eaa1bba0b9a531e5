"""The only writer of ``WebSocketSession``: open, touch, close."""

from __future__ import annotations

from collections.abc import Collection

from django.utils import timezone

from apigw_ws.models import WebSocketSession
from apigw_ws.signals import disconnected


def mark_gone(connection_ids: Collection[str]) -> int:
    """Record that AWS no longer knows these connections; return how many sessions were open until now."""
    gone = WebSocketSession.objects.filter(connection_id__in=connection_ids, connected=True)
    told = list(gone.select_related("user")) if disconnected.has_listeners(WebSocketSession) else []
    now = timezone.now()
    count = gone.update(connected=False, disconnected_on=now, updated_on=now)
    for session in told:
        session.connected, session.disconnected_on = False, now
        disconnected.send_robust(WebSocketSession, session=session)
    return count
