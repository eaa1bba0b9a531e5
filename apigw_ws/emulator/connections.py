"""The sockets that are open, and what each of them may still be sent."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from apigw_ws.emulator.context import Client

Send = Callable[[dict[str, Any]], Awaitable[None]]

#: Seconds after which a client that does not read is told to be too slow.
_PATIENCE: Final = 1.0


class Gone(Exception):
    """The connection is closed."""


class TooSlow(Exception):
    """The client does not take what it is sent: its buffer is full."""


@dataclass(slots=True, kw_only=True)
class Connection:
    """An open socket. ``opened_at`` and ``active_at`` are times of the emulator's clock."""

    client: Client
    send: Send
    #: Cuts the socket without a word.
    abort: Callable[[], None]
    opened_at: float
    active_at: float
    #: Seconds since 1970.
    last_active_at: float
    is_open: bool = True
    #: Its $disconnect will not be delivered.
    is_forgotten: bool = False

    async def post(self, text: str) -> None:
        """Send one message. Raises Gone or TooSlow."""
        if not self.is_open:
            raise Gone
        try:
            async with asyncio.timeout(_PATIENCE):
                await self.send({"type": "websocket.send", "text": text})
        except TimeoutError as exc:
            raise TooSlow from exc
        except OSError as exc:  # what uvicorn raises when the client has left
            raise Gone from exc

    async def close(self, code: int, reason: str = "") -> None:
        """Say goodbye; afterwards nothing can be posted."""
        if self.is_open:
            self.is_open = False
            try:
                async with asyncio.timeout(_PATIENCE):
                    await self.send({"type": "websocket.close", "code": code, "reason": reason})
            except OSError:  # also a time-out: it does not read, so it is cut
                self.abort()


class Registry:
    """Open connections by id."""

    def __init__(self) -> None:
        self._open: dict[str, Connection] = {}

    def __len__(self) -> int:
        return len(self._open)

    def __iter__(self) -> Iterator[Connection]:
        return iter(tuple(self._open.values()))

    def add(self, connection: Connection) -> None:
        self._open[connection.client.connection_id] = connection

    def get(self, connection_id: str) -> Connection | None:
        """The connection, unless it is closing."""
        found = self._open.get(connection_id)
        return found if found and found.is_open else None

    def remove(self, connection: Connection) -> None:
        connection.is_open = False
        self._open.pop(connection.client.connection_id, None)

    def of(self, api_id: str, stage_name: str | None) -> list[Connection]:
        """Those of a stage, or of the whole API if ``stage_name`` is None."""
        return [
            connection
            for connection in self
            if connection.client.api_id == api_id and stage_name in (None, connection.client.stage_name)
        ]
