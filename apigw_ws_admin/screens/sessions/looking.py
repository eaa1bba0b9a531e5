"""Reads the list of sessions: only the columns that it shows, and not a large table to its end."""

from __future__ import annotations

from typing import Any, Final

from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.paginator import InfinitePaginator
from unfold.views import ChangeList

from apigw_ws.models import WebSocketSession
from apigw_ws_admin.screens.sessions.counting import LIMIT

#: Columns that no cell shows because they are long, secret, or both.
_UNREAD: Final = ("recent", "session_key_hash", "auth_hash")


class Pages(InfinitePaginator):
    """Limits the pages to LIMIT rows, because the database reads all rows before a page, too."""

    count = LIMIT

    def page(self, number: Any) -> Any:
        """Read first the keys, then the rows: sorting without an index is twice as fast like that."""
        page = super().page(number)
        keys = list(page.object_list.prefetch_related(None).values_list("pk", flat=True))
        rows = self.object_list.order_by().in_bulk(keys)
        page.object_list = [rows[key] for key in keys if key in rows]
        return page


class SessionChangeList(ChangeList):
    def get_queryset(self, request: HttpRequest, *args: Any, **more: Any) -> QuerySet[WebSocketSession]:
        """Without what no cell shows; with what cells show of other tables, read for the page's rows only."""
        sessions: QuerySet[WebSocketSession] = super().get_queryset(request, *args, **more)
        return sessions.defer(*_UNREAD).select_related("user", "api_gateway").prefetch_related("memberships")

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.full_result_count = self.result_count  # the bar says how many there are, not the page's head

    def get_ordering_field(self, field_name: Any) -> Any:
        """None if the column's head is not a link: Django would sort by it nevertheless."""
        return super().get_ordering_field(field_name) if field_name in self.sortable_by else None
