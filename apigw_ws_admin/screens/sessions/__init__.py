"""Who is connected: the list that refreshes itself, and a session's page."""

from __future__ import annotations

from apigw_ws_admin.screens.sessions.page import SessionPage
from apigw_ws_admin.screens.sessions.rows import SessionList

__all__ = ["WebSocketSessionAdmin"]


class WebSocketSessionAdmin(SessionPage, SessionList):
    """Screens know nothing of each other; here they meet."""
