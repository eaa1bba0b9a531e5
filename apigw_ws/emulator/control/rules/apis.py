"""WebSocket APIs themselves."""

from __future__ import annotations

from apigw_ws.emulator.control.tables import Path, Record
from apigw_ws.emulator.control.world import Values, World, bad_request
from apigw_ws.emulator.values import AwsError

KEY_SOURCES = ("$request.header.x-api-key", "$context.authorizer.usageIdentifierKey")


def check_protocol(asked: Values) -> None:
    if asked.get("ProtocolType", "HTTP") not in ("HTTP", "WEBSOCKET"):
        raise bad_request("Invalid protocol specified. Must be one of [HTTP, WEBSOCKET]")


def rule(world: World, path: Path, api: Record, before: Record | None) -> None:
    if api["ProtocolType"] == "HTTP":
        raise AwsError("NotImplementedException", 501, "The emulator does not build HTTP APIs.")
    if not api.get("RouteSelectionExpression"):
        raise bad_request("Route selection expression is required for APIs with protocol WEBSOCKET")
    if api["ApiKeySelectionExpression"] not in KEY_SOURCES:
        raise bad_request(f"Invalid API key selection expression. Must be one of [{', '.join(KEY_SOURCES)}]")
    if "CorsConfiguration" in api:
        raise bad_request("CORS configuration is supported only for APIs with protocol HTTP")


def removal(world: World, path: Path, api: Record) -> None:
    mapped = [where[0] for where, m in world.tables.items("ApiMapping") if m["ApiId"] == api["ApiId"]]
    if mapped:
        raise bad_request(
            "Deleting API failed. Please remove all base path mappings related to the API in your domains: "
            + ", ".join(sorted(set(mapped)))
        )
