"""Checks how fast messages to many connections are sent."""

from __future__ import annotations

from typing import Any

from django.core.checks import CheckMessage, Tags, Warning, register

from apigw_ws import delivery
from apigw_ws.checks.mounted import websocket_views


@register(Tags.compatibility, deploy=True)
def check_pycurl(**_: Any) -> list[CheckMessage]:
    if delivery.is_fast() or not websocket_views():
        return []
    hint = "Install apigw-ws[fast]. Where pycurl has no wheel, as on Alpine, silence this check."
    says = "There is no pycurl: messages to many connections go out a twentieth as fast, through boto3."
    return [Warning(says, hint=hint, id="apigw_ws.W016")]
