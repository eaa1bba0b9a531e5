"""For the tests of projects that use this package: ``from apigw_ws.testing import WebSocketTestClient``."""

from __future__ import annotations

from apigw_ws.testing.client import WebSocketTestClient

__all__ = ["WebSocketTestClient"]
