"""The console's first page: what needs somebody now, then how much happens, where, and with whom."""

from __future__ import annotations

from apigw_ws_admin.screens.home.views import Home, dashboard

__all__ = ["Home", "dashboard"]
