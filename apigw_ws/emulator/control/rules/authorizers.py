"""Lambda authorizers, the only kind that a WebSocket API has."""

from __future__ import annotations

import re

from apigw_ws.emulator.control.tables import Path, Record
from apigw_ws.emulator.control.world import World, bad_request, conflict

_SOURCE = re.compile(r"(route\.request\.(header|querystring)|stageVariables|context)\.[a-zA-Z0-9._$-]+")


def rule(world: World, path: Path, authorizer: Record, before: Record | None) -> None:
    name = authorizer["Name"]
    if authorizer["AuthorizerType"] != "REQUEST":
        raise bad_request("Authorizers of type JWT are supported only for APIs with protocol HTTP")
    if not authorizer.get("AuthorizerUri"):
        raise bad_request("AuthorizerUri is required for authorizers of type REQUEST")
    if authorizer.get("AuthorizerPayloadFormatVersion"):
        raise bad_request("AuthorizerPayloadFormatVersion is supported only for APIs with protocol HTTP")
    for source in authorizer["IdentitySource"]:
        if not _SOURCE.fullmatch(source):
            raise bad_request(f"Invalid mapping expression specified: {source}")
    others = world.tables.items("Authorizer", path[0])
    if any(where != path and other["Name"] == name for where, other in others):
        raise conflict(f"Authorizer name must be unique. Authorizer {name} already exists in this API.")


def removal(world: World, path: Path, authorizer: Record) -> None:
    for route in world.tables.under("Route", path[0]):
        if route.get("AuthorizerId") == authorizer["AuthorizerId"]:
            name = authorizer["Name"]
            raise conflict(f"Cannot delete authorizer {name}, is referenced in route: {route['RouteKey']}")
