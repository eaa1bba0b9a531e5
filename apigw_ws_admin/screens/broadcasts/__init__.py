"""Broadcasts: composing, confirming, watching and looking them up."""

from __future__ import annotations

from apigw_ws_admin.screens.broadcasts.compose import Composing
from apigw_ws_admin.screens.broadcasts.history import BroadcastList
from apigw_ws_admin.screens.broadcasts.links import FromGateway, FromSessions
from apigw_ws_admin.screens.broadcasts.progress import Progressing
from apigw_ws_admin.screens.broadcasts.recipients import BroadcastRecipientAdmin
from apigw_ws_admin.screens.broadcasts.sending import Sending
from apigw_ws_admin.screens.broadcasts.templates import BroadcastTemplateAdmin

__all__ = [
    "BroadcastAdmin",
    "BroadcastRecipientAdmin",
    "BroadcastTemplateAdmin",
    "FromGateway",
    "FromSessions",
]


class BroadcastAdmin(Composing, Sending, Progressing, BroadcastList):
    """Composed of the screen's modules."""
