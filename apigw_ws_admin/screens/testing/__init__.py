"""The test console: WebSockets from the operator's own browser to a gateway."""

from __future__ import annotations

from apigw_ws_admin.screens.testing.page import Testing

__all__ = ["Testing"]
