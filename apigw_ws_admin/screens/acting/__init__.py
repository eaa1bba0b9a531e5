"""What operators do to one or many sessions: message, join, leave, disconnect, disconnect and ban."""

from __future__ import annotations

from typing import Any, Final

from django.forms import Media
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from apigw_ws.models import SessionState, WebSocketSession
from apigw_ws_admin.pages import number
from apigw_ws_admin.screens.acting.dialogs import Dialogs
from apigw_ws_admin.screens.acting.links import DisconnectsHere
from apigw_ws_admin.screens.acting.pages import Pages
from apigw_ws_admin.screens.acting.reply import Reply

__all__ = ["Acting", "DisconnectsHere"]


#: Acts that need an open session. Banning does not: it also keeps out those who come later.
_TO_THE_LIVING: Final = frozenset({"message", "join", "leave", "disconnect"})


class Acting(Dialogs, Pages, Reply):
    """For the sessions' admin. Each act has its own permission, and most need open sessions."""

    actions_row = ("message", "join", "leave", "disconnect", "ban")
    actions_detail = (
        {"title": _("Channels"), "icon": "forum", "items": ("join", "leave")},
        "disconnect",
        "ban",
    )

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        actions: list[Any] = super().get_actions_detail(request, object_id)
        is_open = WebSocketSession.objects.filter(pk=number(str(object_id)), connected=True).exists()
        return actions if is_open else [each for each in actions if each.path not in _TO_THE_LIVING]

    def get_actions_row(self, request: HttpRequest) -> list[Any]:
        actions: list[Any] = super().get_actions_row(request)
        lists_closed = request.GET.get("state") == SessionState.CLOSED
        return [each for each in actions if not (lists_closed and each.path in _TO_THE_LIVING)]

    @property
    def media(self) -> Media:
        ours = Media(css={"all": ("apigw_ws_admin/acting.css",)}, js=("apigw_ws_admin/acting.js",))
        together: Media = super().media + ours
        return together
