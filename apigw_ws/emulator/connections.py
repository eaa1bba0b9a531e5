"""The sockets that are open, and what each of them may still be sent."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Protocol

from apigw_ws.emulator.context import Client

#: Seconds after which a client that does not read is told to be too slow.
_PATIENCE: Final = 1.0


class Gone(Exception):
    """The connection is closed."""


class TooSlow(Exception):
    """The client does not take what it is sent: its buffer is full."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """With which code and reason a connection ended: the client's, ours, or 1006 if it was lost."""

    code: int
    reason: str


class Socket(Protocol):
    """The client's end of a connection."""

    async def send(self, text: str) -> None:
        """Raises OSError if the client has gone."""
        ...

    def close(self, code: int, reason: str) -> None: ...
    def abort(self) -> None: ...


@dataclass(slots=True, kw_only=True)
class Connection:
    """An open socket. ``opened_at`` and ``active_at`` are times of the emulator's clock."""

    client: Client
    socket: Socket
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
                await self.socket.send(text)
        except TimeoutError as exc:
            raise TooSlow from exc
        except OSError as exc:
            raise Gone from exc

    def close(self, code: int, reason: str = "") -> None:
        """Say goodbye; afterwards nothing can be posted."""
        if self.is_open:
            self.is_open = False
            self.socket.close(code, reason)


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
