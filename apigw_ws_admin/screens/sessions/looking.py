"""How the list of sessions is read: as little of a row as it shows, and not to the end of a large table."""

from __future__ import annotations

from typing import Any, Final

from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.paginator import InfinitePaginator
from unfold.views import ChangeList

from apigw_ws.models import WebSocketSession
from apigw_ws_admin.screens.sessions.counting import LIMIT

#: Long, secret, or both: no cell shows them.
_UNREAD: Final = ("recent", "session_key_hash", "auth_hash")


class Pages(InfinitePaginator):
    """As many as LIMIT rows fill: the database reads all that come before a page, too."""

    count = LIMIT


class SessionChangeList(ChangeList):
    def get_queryset(self, request: HttpRequest, *args: Any, **more: Any) -> QuerySet[WebSocketSession]:
        """With what cells show of other tables, read after the page is known.

        To sort by what no index holds, PostgreSQL would join every row before it picks twenty-five.
        """
        sessions: QuerySet[WebSocketSession] = super().get_queryset(request, *args, **more)
        return sessions.defer(*_UNREAD).prefetch_related("user", "api_gateway", "memberships")

    def get_ordering_field(self, field_name: Any) -> Any:
        """None where the column's head is no link: Django alone would sort by it nevertheless."""
        return super().get_ordering_field(field_name) if field_name in self.sortable_by else None
