"""For the tests of projects that use us: ``from apigw_ws.testing import WebSocketTestClient``."""

from __future__ import annotations

from apigw_ws.testing.client import WebSocketTestClient

__all__ = ["WebSocketTestClient"]
