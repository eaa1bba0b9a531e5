from __future__ import annotations

from typing import Any

from django.db import connections
from django.http import HttpRequest

from apigw_ws.views import WebSocketView


class Chat(WebSocketView):
    def say(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Says what it was told, who said it, and in which databases it is within a transaction."""
        inside = [each.alias for each in connections.all() if each.in_atomic_block]
        return {"said": self.body["text"], "by": str(request.user), "inside": inside}
