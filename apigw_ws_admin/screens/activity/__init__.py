"""Everything that happened on one timeline, and an incident as a time of it that has a link."""

from __future__ import annotations

from apigw_ws_admin.screens.activity.page import Activity

__all__ = ["Activity"]
