"""From the client's side to the backend's: connects, messages and disconnects become HTTP requests.

https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-routes-integrations.html
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from apigw_ws.emulator import authorization, context, frames, ids, selection
from apigw_ws.emulator.calling import Caller, CallFailed
from apigw_ws.emulator.connections import Connection, Gone, TooSlow
from apigw_ws.emulator.context import Client, Event
from apigw_ws.emulator.integration import Handshake
from apigw_ws.emulator.options import Options
from apigw_ws.emulator.throttle import Throttle
from apigw_ws.emulator.values import DeployedRoute, DeployedStage, HttpRequest

Deployed = Callable[[str, str], DeployedStage | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The handshake may be completed."""

    client: Client
    subprotocol: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The handshake is answered with this instead of 101."""

    status: int
    body: bytes
    content_type: str = "application/json"

    @classmethod
    def because(cls, status: int, message: str) -> Refused:
        return cls(status=status, body=json.dumps({"message": message}, separators=(",", ":")).encode())


class DataPlane:
    """Serves the stages that ``deployed`` finds."""

    def __init__(
        self,
        *,
        options: Options,
        deployed: Deployed,
        throttle: Throttle,
        caller: Caller,
        verify: authorization.Verify,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._options = options
        self._deployed = deployed
        self._throttle = throttle
        self._caller = caller
        self._verify = verify
        self._now = now

    async def connect(
        self, stage: DeployedStage, handshake: Handshake, request: HttpRequest
    ) -> Accepted | Refused:
        """The outcome of a handshake, decided by the ``$connect`` route's integration if there is one."""
        client = self._client(stage, handshake)
        described = context.described(client, "CONNECT", "$connect", now=self._now())
        event = replace(self._event(stage, described), headers=handshake.headers, query=handshake.pairs())
        route = stage.routes.get("$connect")
        refusal = None
        if not self._throttle.connect(stage):
            refusal = 429, self._options.throttle_text
        elif route:
            refusal = authorization.refusal(route, event, request, self._verify)
        if refusal:
            self._caller.count(event, "ClientError")
            return Refused.because(*refusal)
        return await self._admitted(client, route, event, handshake) if route else Accepted(client=client)

    async def message(self, connection: Connection, text: str) -> None:
        """Afterwards the route's integration has answered, and the client was sent what it may see."""
        stage = self._deployed(connection.client.api_id, connection.client.stage_name)
        if stage is None:
            return
        described = context.described(connection.client, "MESSAGE", "$default", now=self._now())
        event = replace(self._event(stage, described), body=context.parsed(text))
        described["routeKey"] = selection.route_key(
            stage.api["RouteSelectionExpression"], event, stage.routes
        )
        self._caller.count(event, "MessageCount")
        if reply := await self._reply(stage, event, text):
            with contextlib.suppress(Gone, TooSlow):
                await connection.post(reply)
                self._caller.count(event, "MessageCount")

    async def disconnect(self, connection: Connection, code: int, reason: str) -> None:
        """Tell the backend, at best effort, that a connection is gone."""
        stage = self._deployed(connection.client.api_id, connection.client.stage_name)
        route = stage.routes.get("$disconnect") if stage else None
        if stage and route and not connection.is_forgotten:
            described = context.described(
                connection.client, "DISCONNECT", "$disconnect", now=self._now(), disconnect=(code, reason)
            )
            with contextlib.suppress(CallFailed):
                await self._caller.call(route, self._event(stage, described))

    async def _admitted(
        self, client: Client, route: DeployedRoute, event: Event, handshake: Handshake
    ) -> Accepted | Refused:
        self._caller.count(event, "ConnectCount")
        try:
            answer = await self._caller.call(route, event, handshake=handshake)
        except CallFailed as exc:
            return Refused.because(exc.status, exc.message)
        if 200 <= answer.status < 300:
            return Accepted(client=client, subprotocol=answer.header("sec-websocket-protocol"))
        if not 300 <= answer.status < 600:
            return Refused.because(500, frames.INTERNAL_ERROR)  # no status that could be passed on
        kind = answer.header("content-type") or "text/plain"
        return Refused(status=answer.status, body=answer.body, content_type=kind)

    async def _reply(self, stage: DeployedStage, event: Event, text: str) -> str:
        """What the client is sent in answer to its message; empty for nothing."""
        key = event.context["routeKey"]
        route = stage.routes.get(key)
        if route is None or not self._throttle.route(stage, key):
            self._caller.count(event, "ClientError")
            return frames.error(self._options.throttle_text if route else frames.FORBIDDEN, event.context)
        try:
            answer = await self._caller.call(route, event, body=text.encode())
        except CallFailed as exc:
            return frames.error(exc.message, event.context)
        if not route.two_way:
            return ""
        hidden = answer.status >= 400 and self._options.two_way_errors == "frame"
        if hidden or len(answer.body) > frames.MAX_MESSAGE:
            return frames.error(frames.INTERNAL_ERROR, event.context)
        return answer.body.decode("utf-8", "replace")

    def _client(self, stage: DeployedStage, handshake: Handshake) -> Client:
        return Client(
            connection_id=ids.connection_id(),
            api_id=stage.api_id,
            stage_name=stage.stage_name,
            domain_name=handshake.header("host"),
            source_ip=handshake.source_ip,
            user_agent=handshake.header("user-agent"),
            connected_at=int(self._now() * 1000),
        )

    @staticmethod
    def _event(stage: DeployedStage, described: dict[str, str]) -> Event:
        variables: Any = stage.stage.get("StageVariables") or {}
        return Event(context=described, stage_variables=variables)
