"""Serves the emulator on 127.0.0.1: the only place that binds a port."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable
from typing import Final

import uvicorn

from apigw_ws.emulator.app import Emulator
from apigw_ws.emulator.protocols import HttpProtocol, SocketProtocol

#: Never another: whoever reaches the port can hold connections.
HOST: Final = "127.0.0.1"
#: Seconds within which open connections and calls to backends must end; two are promised for everything.
_GRACE: Final = 0.7


def bind(port: int) -> socket.socket:
    """A socket that listens on the port, on any free one for 0. Raises OSError or OverflowError."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
        listener.listen(2048)
    except (OSError, OverflowError):
        listener.close()
        raise
    return listener


def allow_connections() -> None:
    """This process may have as many open files as the system lets it have."""
    with contextlib.suppress(ImportError, OSError, ValueError):  # not on Windows; macOS has limits of its own
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


class Server(uvicorn.Server):
    """Runs one emulator on a listening socket until it is told to stop."""

    def __init__(self, emulator: Emulator, listener: socket.socket, on_ready: Callable[[], None]) -> None:
        super().__init__(_config(emulator))
        emulator.url = f"http://{HOST}:{listener.getsockname()[1]}"
        self._emulator = emulator
        self._listener = listener
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await self._emulator.start()
        await super().startup(sockets)
        self._on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await super().shutdown(sockets)
        await self._emulator.stop()

    def stop(self) -> None:
        """Tell it to exit."""
        self.should_exit = True

    def serve_forever(self) -> None:
        """Returns once the server has been told to exit and everything is closed."""
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(self.serve(sockets=[self._listener]))


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:  # it exists for CPython on Unix only
        return None
    return uvloop.new_event_loop


def _config(emulator: Emulator) -> uvicorn.Config:
    return uvicorn.Config(
        emulator,
        http=HttpProtocol,
        ws=SocketProtocol,
        lifespan="off",
        interface="asgi3",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=_GRACE,  # type: ignore[arg-type]  # any number will do
        timeout_keep_alive=75,
    )
