from __future__ import annotations

from apigw_ws.models.access import (
    ChannelPermission,
    ChannelPermissionRule,
    ConnectionAttempt,
    Refusal,
    WebSocketToken,
)
from apigw_ws.models.gateways import ApiGateway, ApiGatewayAdditionalRoute
from apigw_ws.models.runs import Run, Step
from apigw_ws.models.sessions import WebSocketSession

__all__ = [
    "ApiGateway",
    "ApiGatewayAdditionalRoute",
    "ChannelPermission",
    "ChannelPermissionRule",
    "ConnectionAttempt",
    "Refusal",
    "Run",
    "Step",
    "WebSocketSession",
    "WebSocketToken",
]
