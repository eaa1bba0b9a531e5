"""Routes and their one response."""

from __future__ import annotations

import re

from apigw_ws.emulator.control.tables import Path, Record
from apigw_ws.emulator.control.world import World, bad_request, conflict

RESERVED = ("$connect", "$disconnect", "$default")
_REQUEST_PARAMETER = re.compile(r"route\.request\.(header|querystring)\.[a-zA-Z0-9._$-]+")


def rule(world: World, path: Path, route: Record, before: Record | None) -> None:
    key = route.get("RouteKey", "")
    if not key or (key.startswith("$") and key not in RESERVED):
        raise bad_request(
            f"The provided route key '{key}' is not formatted properly for WEBSOCKET protocol: "
            f"$ begins only {', '.join(RESERVED)}"
        )
    others = world.tables.items("Route", path[0])
    if any(where != path and other["RouteKey"] == key for where, other in others):
        raise conflict(f"Route with key {key} already exists for this API")
    if route.get("RouteResponseSelectionExpression", "$default") != "$default":
        raise bad_request("RouteResponseSelectionExpression must be $default")
    _check_target(world, path[0], route.get("Target"))
    _check_authorization(world, path[0], route)
    for name in route.get("RequestParameters", {}):
        if not _REQUEST_PARAMETER.fullmatch(name):
            raise bad_request(f"Invalid request parameter specified: {name}")


def _check_target(world: World, api_id: str, target: str | None) -> None:
    if target is None:
        return
    collection, _, integration_id = target.partition("/")
    if collection != "integrations" or world.tables.get("Integration", api_id, integration_id) is None:
        raise bad_request(
            f"Invalid target specified {target}: it must be integrations/ and an integration's id"
        )


def _check_authorization(world: World, api_id: str, route: Record) -> None:
    kind = route["AuthorizationType"]
    if kind != "NONE" and route["RouteKey"] != "$connect":
        raise bad_request("Currently, authorization is restricted to the $connect route only")
    if kind == "JWT" or route.get("AuthorizationScopes"):
        raise bad_request("JWT authorization is supported only for APIs with protocol HTTP")
    known = world.tables.get("Authorizer", api_id, route.get("AuthorizerId", ""))
    if kind == "CUSTOM" and known is None:
        raise bad_request("A valid AuthorizerId is required for AuthorizationType CUSTOM")


def response_rule(world: World, path: Path, response: Record, before: Record | None) -> None:
    key = response.get("RouteResponseKey")
    if key != "$default":
        raise bad_request("RouteResponseKey must be $default")
    if before is None and world.tables.under("RouteResponse", *path[:-1]):
        raise conflict(f"RouteResponse with key {key} already exists for this Route")
