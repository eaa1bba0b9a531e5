"""The routes of a gateway: on its form, and on a page of their own."""

from __future__ import annotations

from apigw_ws_admin.screens.routes.page import Routes

__all__ = ["Routes"]
