"""What users, channels, connections and addresses say, word by word, for a while."""

from __future__ import annotations

from apigw_ws_admin.screens.traces.page import TracePage
from apigw_ws_admin.screens.traces.rows import TraceList

__all__ = ["TraceAdmin"]


class TraceAdmin(TracePage, TraceList):
    """The list, with the form that starts a trace, and a trace's page."""
