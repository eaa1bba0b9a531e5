"""Integrations: what a route calls, and how its answer is read."""

from __future__ import annotations

import re

from apigw_ws.emulator.control.tables import Path, Record
from apigw_ws.emulator.control.world import World, bad_request, conflict

_NAME = r"[a-zA-Z0-9._$-]+"
_TARGET = re.compile(rf"integration\.request\.(header|querystring|path)\.{_NAME}")
_SOURCE = re.compile(
    rf"route\.request\.(multivalue)?(header|querystring)\.{_NAME}"
    rf"|route\.request\.body(\..+|\[.+)?|stageVariables\.{_NAME}|context\.{_NAME}|'[^']*'"
)
_HTTP_ADDRESS = re.compile(r"https?://[^/\s]+\S*|\$\{stageVariables\.\S+")
_RESPONSE_KEY = re.compile(r"\$default|/.+/")
_HTTP_API_ONLY = ("TlsConfig", "ResponseParameters", "IntegrationSubtype")
#: Proxies answer as they are, so they have no expression.
_RESPONSE_EXPRESSION = {
    "HTTP": "${integration.response.statuscode}",
    "MOCK": "${integration.response.statuscode}",
    "AWS": "${integration.response.body.errorMessage}",
}


def rule(world: World, path: Path, integration: Record, before: Record | None) -> None:
    kind = integration["IntegrationType"]
    for name in _HTTP_API_ONLY:
        if integration.get(name):
            raise bad_request(f"{name} is supported only for APIs with protocol HTTP")
    if integration["PayloadFormatVersion"] != "1.0":
        raise bad_request("Payload format version must be 1.0 for APIs with protocol WEBSOCKET")
    if not 50 <= integration["TimeoutInMillis"] <= 29_000:
        raise bad_request("Timeout should be between 50 ms and 29000 ms")
    if integration["ConnectionType"] == "VPC_LINK" and not integration.get("ConnectionId"):
        raise bad_request("ConnectionId is required for ConnectionType VPC_LINK")
    if kind != "MOCK":
        _check_address(integration)
    _check_mappings(integration.get("RequestParameters", {}))
    if expression := _RESPONSE_EXPRESSION.get(kind):
        integration["IntegrationResponseSelectionExpression"] = expression


def _check_address(integration: Record) -> None:
    kind = integration["IntegrationType"]
    if not integration.get("IntegrationUri"):
        raise bad_request(f"IntegrationUri is required for integrations of type {kind}")
    if kind not in ("HTTP", "HTTP_PROXY"):
        return
    if not _HTTP_ADDRESS.fullmatch(integration["IntegrationUri"]):
        raise bad_request("Invalid HTTP endpoint specified for URI")
    if not integration.get("IntegrationMethod"):
        raise bad_request(f"IntegrationMethod is required for integrations of type {kind}")


def _check_mappings(parameters: dict[str, str]) -> None:
    wrong = [key for key in parameters if not _TARGET.fullmatch(key)]
    wrong += [value for value in parameters.values() if not _SOURCE.fullmatch(value)]
    if wrong:
        errors = ", ".join(f"Invalid mapping expression specified: {text}" for text in wrong)
        raise bad_request(
            f"Invalid mapping expression specified: Validation Result: warnings : [], errors : [{errors}]"
        )


def removal(world: World, path: Path, integration: Record) -> None:
    target = f"integrations/{integration['IntegrationId']}"
    routes = world.tables.under("Route", path[0])
    users = [route["RouteId"] for route in routes if route.get("Target") == target]
    if users:
        raise conflict(
            "Cannot delete Integration because it is referenced by the following Routes with Ids: "
            f"[{', '.join(users)}]"
        )


def response_rule(world: World, path: Path, response: Record, before: Record | None) -> None:
    key = response.get("IntegrationResponseKey", "")
    if not _RESPONSE_KEY.fullmatch(key):
        raise bad_request(f"Invalid integration response key {key}: use $default or /a regular expression/")
    others = world.tables.items("IntegrationResponse", *path[:-1])
    if any(where != path and other["IntegrationResponseKey"] == key for where, other in others):
        raise conflict(f"IntegrationResponse with key {key} already exists for this Integration")
