"""What operators do to sessions: message, join, leave, disconnect, disconnect and ban; one or many."""

from __future__ import annotations

from django.forms import Media
from django.utils.translation import gettext_lazy as _

from apigw_ws_admin.screens.acting.dialogs import Dialogs
from apigw_ws_admin.screens.acting.links import DisconnectsHere
from apigw_ws_admin.screens.acting.pages import Pages
from apigw_ws_admin.screens.acting.reply import Reply

__all__ = ["Acting", "DisconnectsHere"]


class Acting(Dialogs, Pages, Reply):
    """For the sessions' admin. Each act has its own permission."""

    actions_row = ("message", "join", "leave", "disconnect", "ban")
    actions_detail = (
        {"title": _("Channels"), "icon": "forum", "items": ("join", "leave")},
        "disconnect",
        "ban",
    )

    @property
    def media(self) -> Media:
        ours = Media(css={"all": ("apigw_ws_admin/acting.css",)}, js=("apigw_ws_admin/acting.js",))
        together: Media = super().media + ours
        return together
