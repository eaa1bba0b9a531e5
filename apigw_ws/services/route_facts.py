"""What a route does, as facts that can be stored and compared. They hold no secret."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from apigw_ws import headers
from apigw_ws.aws.spec import GatewaySpec, IntegrationState, RouteState, Snapshot, digest

#: "url", "method", "timeout" (milliseconds), "two_way", and digests: "headers", "secret".
Facts = Mapping[str, Any]
#: Route key -> what the route does.
Routes = Mapping[str, Facts]


def wanted(spec: GatewaySpec) -> dict[str, dict[str, Any]]:
    """Return what the routes should do."""
    return {
        route.key: {
            "url": route.integration.url,
            "method": route.integration.method,
            "timeout": route.integration.timeout,
            "two_way": route.two_way,
            **_digests(route.integration.parameters),
        }
        for route in spec.routes
    }


def held(snapshot: Snapshot) -> dict[str, dict[str, Any]]:
    """What those routes do in AWS that are ours, deployed or not."""
    return {route.key: _held(route) for route in snapshot.routes if route.managed}


def _held(route: RouteState) -> dict[str, Any]:
    there = route.integration or IntegrationState(id="")
    read = {value for value in there.parameters.values() if value.startswith("route.request.")}
    replies = {bool(route.response_ids), bool(route.response_expression)}
    return {
        "url": there.url,
        "method": there.method,
        "timeout": there.timeout,
        "two_way": replies.pop() if len(replies) == 1 else None,  # half a two-way route is neither
        **_digests(there.parameters if read <= route.declared else {}),
    }


def _digests(parameters: Mapping[str, str]) -> dict[str, str]:
    secret = parameters.get(f"integration.request.header.{headers.SECRET}", "")
    return {"headers": digest(dict(parameters)), "secret": digest(secret.strip("'"))}
