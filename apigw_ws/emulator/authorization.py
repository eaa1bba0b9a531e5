"""Who may connect: what a ``$connect`` route demands before its integration is called.

https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-control-access-iam.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from apigw_ws.emulator import mapping
from apigw_ws.emulator.context import Event
from apigw_ws.emulator.values import AwsError, DeployedRoute, HttpRequest

Verify = Callable[[HttpRequest, str], Any]


def refusal(
    route: DeployedRoute, event: Event, request: HttpRequest, verify: Verify
) -> tuple[int, str] | None:
    """The status and message that refuse the handshake, or None if it may go on."""
    kind = route.route.get("AuthorizationType") or "NONE"
    if kind == "AWS_IAM":
        try:
            verify(request, "execute-api")
        except AwsError as exc:
            return exc.status, exc.message or exc.code
    elif kind != "NONE":
        return 500, "Internal server error"  # a Lambda authorizer, which cannot run here
    if route.route.get("ApiKeyRequired"):
        return 403, "Forbidden"  # keys belong to REST usage plans, so no key can be right
    if missing := mapping.missing(route.route.get("RequestParameters") or {}, event):
        return 400, f"Missing required request parameters: [{', '.join(missing)}]"
    return None
