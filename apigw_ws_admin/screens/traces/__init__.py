"""Traces: the messages of a user, channel, connection or address for a while."""

from __future__ import annotations

from apigw_ws_admin.screens.traces.page import TracePage
from apigw_ws_admin.screens.traces.rows import TraceList

__all__ = ["TraceAdmin"]


class TraceAdmin(TracePage, TraceList):
    """The list, with the form that starts a trace, and a trace's page."""
