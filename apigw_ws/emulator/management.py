"""``@connections``: post to a connection, look at it, close it.

https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-how-to-call-websocket-api-connections.html
"""

from __future__ import annotations

import json
import re
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from apigw_ws.emulator import ids
from apigw_ws.emulator.clock import Clock
from apigw_ws.emulator.connections import Connection, Gone, Registry, TooSlow
from apigw_ws.emulator.frames import MAX_MESSAGE
from apigw_ws.emulator.resolve import ManagedConnection
from apigw_ws.emulator.throttle import Throttle
from apigw_ws.emulator.values import AwsError, HttpRequest, HttpResponse

OPERATIONS: Final = {"POST": "PostToConnection", "GET": "GetConnection", "DELETE": "DeleteConnection"}

_JSON: Final = ("Content-Type", "application/json")
_ESCAPE = re.compile(r"%[0-9A-Fa-f]{2}")
#: UTF-8 of half a surrogate pair: one character to AWS, three to Python.
_SURROGATE = re.compile(rb"\xed[\xa0-\xbf][\x80-\xbf]")


class Management:
    """The management API of every stage. ``has_stage(api_id, stage)`` tells whether one is served."""

    def __init__(
        self,
        *,
        registry: Registry,
        throttle: Throttle,
        clock: Clock,
        has_stage: Callable[[str, str], bool],
        on_posted: Callable[[Connection], None],
        now: Callable[[], float] = time.time,
    ) -> None:
        self._registry = registry
        self._throttle = throttle
        self._clock = clock
        self._has_stage = has_stage
        self._on_posted = on_posted
        self._now = now

    async def handle(self, request: HttpRequest, target: ManagedConnection) -> HttpResponse:
        """The answer to a request whose signature is right. Raises AwsError."""
        served = self._has_stage(target.api_id, target.stage_name)
        if not served or request.method not in OPERATIONS or not target.connection_id:
            raise AwsError("ForbiddenException", 403, "Forbidden")
        if not self._throttle.callback():
            raise AwsError("LimitExceededException", 429)
        if _ESCAPE.search(target.connection_id):  # encoded twice
            raise AwsError("ForbiddenException", 403, "Forbidden")
        if not ids.is_connection_id(target.connection_id):
            raise AwsError("BadRequestException", 400, f"Invalid connectionId: {target.connection_id}")
        if request.method == "POST" and len(request.body) > MAX_MESSAGE:
            raise AwsError("PayloadTooLargeException", 413, "Message too long")
        connection = self._found(target)
        if request.method == "POST":
            return await self._post(connection, request.body)
        if request.method == "DELETE":
            connection.close(1000, "Connection Closed Normally")
            return answer(204)
        return answer(200, _layout(connection).encode())

    def _found(self, target: ManagedConnection) -> Connection:
        connection = self._registry.get(target.connection_id)
        if connection is None or (target.api_id or connection.client.api_id, target.stage_name) != (
            connection.client.api_id,
            connection.client.stage_name,
        ):
            raise AwsError("GoneException", 410)
        return connection

    async def _post(self, connection: Connection, body: bytes) -> HttpResponse:
        try:
            await connection.post(_SURROGATE.sub("\ufffd".encode(), body).decode("utf-8", "replace"))
        except Gone as exc:
            raise AwsError("GoneException", 410) from exc
        except TooSlow as exc:
            raise AwsError("LimitExceededException", 429) from exc
        connection.active_at = self._clock.time()
        connection.last_active_at = self._now()
        self._on_posted(connection)
        return answer(200)


def answer(status: int, body: bytes = b"") -> HttpResponse:
    """A success, with the headers that AWS sends."""
    kind = () if status == 204 else (_JSON,)
    trace = ("X-Amzn-Trace-Id", ids.trace_id(time.time()))
    return HttpResponse(status=status, headers=(*kind, *_request_ids(), trace), body=body)


def failure(error: AwsError) -> HttpResponse:
    """An error; 410 and 429 have no body, and only some have a trace."""
    trace = () if error.status == 400 else (("X-Amzn-Trace-Id", ids.trace_id(time.time())),)
    body = json.dumps({"message": error.message}, separators=(",", ":")).encode() if error.message else b""
    headers = (_JSON, ("x-amzn-ErrorType", error.code), *_request_ids(), *trace)
    return HttpResponse(status=error.status, headers=headers, body=body)


def _request_ids() -> tuple[tuple[str, str], ...]:
    return ("x-amzn-RequestId", str(uuid.uuid4())), ("x-amz-apigw-id", ids.request_id())


def _layout(connection: Connection) -> str:
    """GetConnection's body as AWS lays it out, its spaces included."""
    identity = [f'    "sourceIp" : {json.dumps(connection.client.source_ip)}']
    if connection.client.user_agent:
        identity.append(f'    "userAgent" : {json.dumps(connection.client.user_agent)}')
    return (
        '{\n  "identity" : {\n' + ",\n".join(identity) + "\n  },\n"
        f'  "connectedAt" : "{_iso(connection.client.connected_at / 1000)}",\n'
        f'  "lastActiveAt" : "{_iso(connection.last_active_at)}"\n}}'
    )


def _iso(seconds: float) -> str:
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
