"""The emulator's parts, put together: an ASGI application for HTTP, and a handler of sockets beside it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

from apigw_ws.emulator import lifecycle
from apigw_ws.emulator.backstage import Backstage
from apigw_ws.emulator.calling import Caller
from apigw_ws.emulator.clock import Clock
from apigw_ws.emulator.connections import Connection, Registry
from apigw_ws.emulator.control.plane import ControlPlane
from apigw_ws.emulator.dataplane import DataPlane
from apigw_ws.emulator.faults import Faults
from apigw_ws.emulator.forward import Forwarder
from apigw_ws.emulator.front import Front, Reset
from apigw_ws.emulator.keys import access_keys, account_id
from apigw_ws.emulator.management import Management
from apigw_ws.emulator.metrics import Metrics
from apigw_ws.emulator.options import Options
from apigw_ws.emulator.roles import Roles
from apigw_ws.emulator.sigv4 import Verifier
from apigw_ws.emulator.sockets import Socket, Sockets
from apigw_ws.emulator.state import State
from apigw_ws.emulator.throttle import Throttle
from apigw_ws.emulator.values import HttpRequest, HttpResponse

Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]

#: More than any request of AWS's clients; what is longer is not read.
_MAX_BODY: Final = 10 * 1024 * 1024


class Emulator:
    """API Gateway's WebSocket APIs and what belongs to them. ``url`` is set once the port is known."""

    def __init__(self, options: Options, state: State) -> None:
        self.options = options
        self.url = ""
        self.keys = access_keys(state, options.access_key, options.secret_key)
        self.clock = Clock(options.clock_speed)
        self.faults = Faults(options.faults)
        self.registry = Registry()
        self.metrics = Metrics()
        account = account_id(state, options.account_id)
        secret_key = next(iter(self.keys.values()))
        roles = Roles(dict(options.roles) or {f"arn:aws:iam::{account}:role/gateways": ""}, secret_key)
        self.control = ControlPlane(
            region=options.region,
            account_id=account,
            state=state,
            metrics=self.metrics,
            endpoint=lambda: self.url,
            roles=roles,
        )
        self.control.on_removed.append(self._on_removed)
        self._throttle = Throttle(connect_rate=options.connect_rate, request_rate=options.request_rate)
        self._verifier = Verifier(self.keys, region=options.region, temporary=roles.secret_key)
        self._front = self._build_front()

    async def start(self) -> None:
        """Ready for requests, inside the running event loop."""
        self._forwarder = Forwarder()
        caller = Caller(
            options=self.options, forwarder=self._forwarder, faults=self.faults, metrics=self.metrics
        )
        plane = DataPlane(
            options=self.options,
            deployed=self.control.deployed,
            throttle=self._throttle,
            caller=caller,
            verify=self._verifier.verify,
        )
        self._sockets = Sockets(control=self.control, plane=plane, registry=self.registry, clock=self.clock)
        self._sockets.spawn(lifecycle.sweep(self.registry, self.clock, self.options))

    async def stop(self) -> None:
        """Nothing is under way any longer."""
        await self._sockets.close()
        await self._forwarder.close()

    async def serve_socket(self, socket: Socket, request: HttpRequest) -> None:
        """A WebSocket, from its handshake to its end."""
        await self._sockets.serve(socket, request)

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        body = await _body(receive)
        try:
            response = await self._front.answer(_request(scope, body))
        except Reset:
            await _cut(scope, receive)
        else:
            await _respond(send, response)

    def _build_front(self) -> Front:
        management = Management(
            registry=self.registry,
            throttle=self._throttle,
            clock=self.clock,
            has_stage=self._has_stage,
            on_posted=self._on_posted,
        )
        backstage = Backstage(
            secrets=self.keys,
            faults=self.faults,
            clock=self.clock,
            registry=self.registry,
            advanced=lambda: lifecycle.close(lifecycle.overdue(self.registry, self.clock, self.options)),
        )
        return Front(
            control=self.control,
            management=management,
            backstage=backstage,
            faults=self.faults,
            verify=self._verifier.verify if self.options.verify else None,
        )

    def _has_stage(self, api_id: str, stage: str) -> bool:
        apis = [api_id] if api_id else self.control.stages_named(stage)
        return any(self.control.deployed(api, stage) for api in apis)

    def _on_posted(self, connection: Connection) -> None:
        client = connection.client
        self.metrics.count(client.api_id, client.stage_name, "", "MessageCount")

    def _on_removed(self, api_id: str, stage: str | None) -> None:
        lifecycle.close(self.registry.of(api_id, stage))


def _request(scope: Any, body: bytes) -> HttpRequest:
    return HttpRequest(
        method=scope["method"],
        raw_path=scope["raw_path"].decode("latin-1"),
        raw_query=scope["query_string"].decode("latin-1"),
        headers=tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]),
        body=body,
    )


async def _body(receive: Receive) -> bytes:
    body = bytearray()
    while (event := await receive())["type"] == "http.request":
        if len(body) <= _MAX_BODY:
            body += event.get("body", b"")
        if not event.get("more_body"):
            break
    return bytes(body)


async def _respond(send: Send, response: HttpResponse) -> None:
    headers = [
        (name.encode("latin-1"), value.encode("latin-1", "replace")) for name, value in response.headers
    ]
    if response.status != 204:
        headers.append((b"content-length", str(len(response.body)).encode()))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": response.body})


async def _cut(scope: Any, receive: Receive) -> None:
    """Close the connection without an answer, and wait until uvicorn has noticed."""
    scope["state"]["abort"]()
    while (await receive())["type"] != "http.disconnect":
        pass
