"""What an expression may ask about an event: ``context``, handshake, body and stage variables.

https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-mapping-template-reference.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Literal

from apigw_ws.emulator import ids, jsonpath

EventType = Literal["CONNECT", "MESSAGE", "DISCONNECT"]
Pairs = tuple[tuple[str, str], ...]

#: Expressions that read the message; a JSONPath follows.
_BODY: Final = "request.body"


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """Who is at the other end of a connection, and where it came in."""

    connection_id: str
    api_id: str
    stage_name: str
    #: The ``Host`` by which the client came, with its port.
    domain_name: str
    source_ip: str
    #: Empty if the client sent none.
    user_agent: str
    #: Milliseconds since 1970.
    connected_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happened on a connection, as expressions see it."""

    #: Names without ``context.``; what is not known is not there.
    context: Mapping[str, str]
    stage_variables: Mapping[str, str] = field(default_factory=dict)
    #: Of the handshake, on ``$connect`` only. Names of headers are in lower case.
    headers: Pairs = ()
    query: Pairs = ()
    #: The message as JSON, or ``jsonpath.MISSING``.
    body: Any = jsonpath.MISSING

    def values(self, name: str) -> list[Any]:
        """The JSON values of ``name``, such as ``request.body.action``; empty if there is none."""
        if name.startswith(_BODY):
            found = jsonpath.find(self.body, name.removeprefix(_BODY))
            return [] if found is jsonpath.MISSING or found is None else [found]
        source, _, key = name.partition(".")
        if source == "request":
            return self._of_handshake(*key.partition(".")[::2])
        known = {"context": self.context, "stageVariables": self.stage_variables}.get(source, {})
        return [known[key]] if key in known else []

    def _of_handshake(self, kind: str, name: str) -> list[Any]:
        several = kind.startswith("multivalue")
        kind = kind.removeprefix("multivalue")
        if kind == "header":
            found = [value for key, value in self.headers if key == name.lower()]
        else:
            found = [value for key, value in self.query if key == name and kind == "querystring"]
        return list(found) if several else list(found[-1:])


def parsed(text: str) -> Any:
    """The message as JSON; ``jsonpath.MISSING`` where it is none."""
    try:
        return json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return jsonpath.MISSING


def described(
    client: Client,
    event_type: EventType,
    route_key: str,
    *,
    now: float,
    disconnect: tuple[int, str] | None = None,
) -> dict[str, str]:
    """Every ``context.*`` of one event. ``now`` is in seconds since 1970."""
    request_id = ids.request_id()
    known = {
        "apiId": client.api_id,
        "connectedAt": str(client.connected_at),
        "connectionId": client.connection_id,
        "domainName": client.domain_name,
        "eventType": event_type,
        "extendedRequestId": request_id,
        "identity.sourceIp": client.source_ip,
        "messageDirection": "IN",
        "requestId": request_id,
        "requestTime": datetime.fromtimestamp(now, UTC).strftime("%d/%b/%Y:%H:%M:%S %z"),
        "requestTimeEpoch": str(int(now * 1000)),
        "routeKey": route_key,
        "stage": client.stage_name,
    }
    if client.user_agent:
        known["identity.userAgent"] = client.user_agent
    if event_type == "MESSAGE":
        known["messageId"] = ids.request_id()
    if disconnect:
        known["disconnectStatusCode"], known["disconnectReason"] = str(disconnect[0]), disconnect[1]
    return known


def _refuse(constant: str) -> Any:
    raise ValueError(constant)  # NaN and Infinity are Python's, not JSON's
