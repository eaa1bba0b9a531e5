"""Everything that happened on one timeline; an incident is a time range with a link."""

from __future__ import annotations

from apigw_ws_admin.screens.activity.page import Activity

__all__ = ["Activity"]
