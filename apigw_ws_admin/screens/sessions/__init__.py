"""Who is connected: the list that refreshes itself, and a session's page."""

from __future__ import annotations

from apigw_ws_admin.screens.sessions.rows import SessionList
from apigw_ws_admin.screens.sessions.timeline import Timeline

__all__ = ["WebSocketSessionAdmin"]


class WebSocketSessionAdmin(Timeline, SessionList):
    """Composed of the screen's modules."""
