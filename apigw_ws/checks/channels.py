"""Checks that somebody has decided on unlisted channels."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register

from apigw_ws.checks.configured import check_settings
from apigw_ws.checks.mounted import websocket_views


@register(Tags.security, deploy=True)
def check_unlisted_channels(**_: Any) -> list[CheckMessage]:
    """They are open by default, as projects from elsewhere may rely on it; a site should decide."""
    name = "ALLOW_UNLISTED_CHANNELS"
    if check_settings() or name in getattr(settings, "APIGW_WS", {}) or not websocket_views():
        return []
    hint = f"Set APIGW_WS['{name}'] to False and write channel permissions, or to True if that is meant."
    says = "Anybody who may connect may join, and send to, a channel that no channel permission names."
    return [Warning(says, hint=hint, id="apigw_ws.W015")]
