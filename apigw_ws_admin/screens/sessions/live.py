"""Makes the list of sessions refresh itself."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from apigw_ws.models import WebSocketSession
from apigw_ws_admin import live
from apigw_ws_admin.screens.sessions.counting import figure
from apigw_ws_admin.screens.sessions.page import channels_of


class LiveList(live.LiveList):
    nobody_template = "apigw_ws_admin/sessions/_nobody.html"

    def figure_of(self, rows: QuerySet[WebSocketSession]) -> str:
        return figure(rows)

    def shown_of(self, row: WebSocketSession) -> tuple[Any, ...]:
        return (
            row.pk,
            row.state,
            str(row.user),
            channels_of(row),
            str(row.api_gateway),
            row.active_on,
            row.updated_on,
            row.request_count,
            row.messages_out,
        )
