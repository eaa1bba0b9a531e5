"""One client's WebSocket from its handshake to its end."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Coroutine
from typing import Any, Final, Protocol

from apigw_ws.emulator import connections, frames, resolve
from apigw_ws.emulator.clock import Clock
from apigw_ws.emulator.connections import Connection, Ended, Registry
from apigw_ws.emulator.dataplane import Accepted, DataPlane, Refused
from apigw_ws.emulator.integration import Handshake
from apigw_ws.emulator.values import DeployedStage, HttpRequest

logger = logging.getLogger(__name__)

#: Characters, https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
_MAX_URL: Final = 4096
_NO_CODE: Final = 1005
_NO_CODE_REASON: Final = "Client-side close frame status not set"


class Socket(connections.Socket, Protocol):
    """A client's socket from the first, when it is still to be accepted or refused."""

    @property
    def peer(self) -> str: ...
    def accept(self, subprotocol: str) -> None: ...
    def refuse(self, status: int, body: bytes, content_type: str) -> None: ...
    async def receive(self) -> str | bytes | Ended: ...


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

    async def serve(self, socket: Socket, request: HttpRequest) -> None:
        """One socket, from the handshake until the backend has been told of its end."""
        handshake = Handshake(headers=request.headers, raw_query=request.raw_query, source_ip=socket.peer)
        outcome = await self._outcome(handshake, request)
        if isinstance(outcome, Refused):
            socket.refuse(outcome.status, outcome.body, outcome.content_type)
            return
        connection = self._connection(outcome, socket)
        socket.accept(outcome.subprotocol)
        ended = await self._converse(connection, socket)
        await asyncio.sleep(0)  # the last messages set out before the news of the end
        with contextlib.suppress(asyncio.CancelledError):  # the emulator stops and waits no longer
            reason = ended.reason or (_NO_CODE_REASON if ended.code == _NO_CODE else "")
            await self._plane.disconnect(connection, ended.code, reason)

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Do ``work`` beside everything else."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    async def close(self) -> None:
        """No work is under way any longer."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            logger.error("The emulator failed", exc_info=error)

    async def _outcome(self, handshake: Handshake, request: HttpRequest) -> Accepted | Refused:
        if len(f"{request.raw_path}?{request.raw_query}") > _MAX_URL:
            return Refused.because(414, "Request URI too long")
        stage = self._stage(request)
        if stage is None:
            return Refused.because(403, frames.FORBIDDEN)
        return await self._plane.connect(stage, handshake, request)

    def _stage(self, request: HttpRequest) -> DeployedStage | None:
        target = resolve.stage(request.header("host"), request.raw_path, self._control)
        if target is None or target.rest not in ("", "/"):
            return None
        stage = self._control.deployed(target.api_id, target.stage_name)
        if stage and stage.api.get("DisableExecuteApiEndpoint") and not target.by_domain:
            return None
        return stage

    def _connection(self, accepted: Accepted, socket: Socket) -> Connection:
        now = self._clock.time()
        return Connection(
            client=accepted.client,
            socket=socket,
            opened_at=now,
            active_at=now,
            last_active_at=accepted.client.connected_at / 1000,
        )

    async def _converse(self, connection: Connection, socket: Socket) -> Ended:
        """How the connection ended. Messages do not wait for one another."""
        self._registry.add(connection)
        try:
            while not isinstance(received := await socket.receive(), Ended):
                if isinstance(received, bytes):
                    connection.close(1003)  # binary frames are not supported
                elif connection.is_open:
                    connection.active_at = self._clock.time()
                    connection.last_active_at = time.time()
                    self.spawn(self._plane.message(connection, received))
        finally:
            self._registry.remove(connection)
        return received
