"""The views of a project: subclass one, mount the other."""

from __future__ import annotations

from apigw_ws.views.tokens import WebSocketTokenView
from apigw_ws.views.websocket import WebSocketView

__all__ = ["WebSocketTokenView", "WebSocketView"]
