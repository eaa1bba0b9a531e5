"""One client's WebSocket from its handshake to its end, as an ASGI application sees it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine, MutableMapping
from typing import Any, Final, Protocol

from apigw_ws.emulator import frames, resolve
from apigw_ws.emulator.clock import Clock
from apigw_ws.emulator.connections import Connection, Registry
from apigw_ws.emulator.dataplane import Accepted, DataPlane, Refused
from apigw_ws.emulator.integration import Handshake
from apigw_ws.emulator.values import DeployedStage, HttpRequest

logger = logging.getLogger(__name__)

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_NO_CODE: Final = 1005
_NO_CODE_REASON: Final = "Client-side close frame status not set"


class Control(resolve.Control, Protocol):
    """The control plane, as far as a socket needs it."""

    def deployed(self, api_id: str, stage: str, /) -> DeployedStage | None: ...


class Sockets:
    """Opens sockets, hands their messages to the data plane and closes them."""

    def __init__(self, *, control: Control, plane: DataPlane, registry: Registry, clock: Clock) -> None:
        self._control = control
        self._plane = plane
        self._registry = registry
        self._clock = clock
        self._tasks: set[asyncio.Task[None]] = set()

    async def serve(self, request: HttpRequest, scope: Any, receive: Receive, send: Send) -> None:
        """One socket, from the handshake until the backend has been told of its end."""
        await receive()
        handshake = Handshake(
            headers=request.headers, raw_query=request.raw_query, source_ip=scope["client"][0]
        )
        stage = self._stage(request)
        outcome = (
            await self._plane.connect(stage, handshake, request)
            if stage
            else Refused.because(403, frames.FORBIDDEN)
        )
        if isinstance(outcome, Refused):
            await _refuse(send, outcome)
            return
        connection = self._connection(outcome, send, scope["state"]["abort"])
        code, reason = await self._converse(connection, outcome.subprotocol, receive, send)
        await asyncio.sleep(0)  # the last messages set out before the news of the end
        with contextlib.suppress(asyncio.CancelledError):  # the emulator stops and waits no longer
            await self._plane.disconnect(connection, code, reason)

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Do ``work`` beside everything else."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    async def close(self) -> None:
        """No work is under way any more."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            logger.error("The emulator failed", exc_info=error)

    def _stage(self, request: HttpRequest) -> DeployedStage | None:
        target = resolve.stage(request.header("host"), request.raw_path, self._control)
        if target is None or target.rest not in ("", "/"):
            return None
        stage = self._control.deployed(target.api_id, target.stage_name)
        if stage and stage.api.get("DisableExecuteApiEndpoint") and not target.by_domain:
            return None
        return stage

    def _connection(self, accepted: Accepted, send: Send, abort: Callable[[], None]) -> Connection:
        now = self._clock.time()
        return Connection(
            client=accepted.client,
            send=send,
            abort=abort,
            opened_at=now,
            active_at=now,
            last_active_at=accepted.client.connected_at / 1000,
        )

    async def _converse(
        self, connection: Connection, subprotocol: str, receive: Receive, send: Send
    ) -> tuple[int, str]:
        """The code and reason with which the socket was closed. Messages do not wait for one another."""
        try:
            await send({"type": "websocket.accept", "subprotocol": subprotocol or None})
        except OSError:
            return 1006, ""  # it left while $connect was answered; the backend believes that it is there
        self._registry.add(connection)
        try:
            while (event := await receive())["type"] == "websocket.receive":
                if event.get("text") is None:
                    await connection.close(1003)  # binary frames are not supported
                elif connection.is_open:
                    connection.active_at = self._clock.time()
                    connection.last_active_at = time.time()
                    self.spawn(self._plane.message(connection, event["text"]))
        finally:
            self._registry.remove(connection)
        code = event["code"]
        return code, event.get("reason") or (_NO_CODE_REASON if code == _NO_CODE else "")


async def _refuse(send: Send, refused: Refused) -> None:
    headers = [(b"content-type", refused.content_type.encode("latin-1", "replace"))]
    try:
        await send({"type": "websocket.http.response.start", "status": refused.status, "headers": headers})
        await send({"type": "websocket.http.response.body", "body": refused.body})
    except OSError:
        return  # it did not wait for the answer
