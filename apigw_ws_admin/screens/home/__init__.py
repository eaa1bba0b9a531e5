"""The console's first page: what needs attention, then numbers, charts, gateways and channels."""

from __future__ import annotations

from apigw_ws_admin.screens.home.views import Home, dashboard

__all__ = ["Home", "dashboard"]
