"""A connection whose client misbehaves, without a network."""

from __future__ import annotations

import asyncio

import pytest

from apigw_ws.emulator import connections
from apigw_ws.emulator.connections import Connection, Gone, Registry, TooSlow
from apigw_ws.emulator.context import Client


class Socket:
    """A client that takes what it is sent, has left, or does not read."""

    def __init__(self, problem: str = "") -> None:
        self.problem = problem
        self.goodbyes: list[tuple[int, str]] = []

    async def send(self, text: str) -> None:
        if self.problem == "left":
            raise ConnectionResetError
        if self.problem == "does not read":
            await asyncio.sleep(60)

    def close(self, code: int, reason: str) -> None:
        self.goodbyes.append((code, reason))

    def abort(self) -> None: ...


def connection(socket: Socket) -> Connection:
    client = Client(
        connection_id="c=",
        api_id="a",
        stage_name="s",
        domain_name="h",
        source_ip="192.0.2.1",
        user_agent="",
        connected_at=0,
    )
    return Connection(client=client, socket=socket, opened_at=0, active_at=0, last_active_at=0)


def test_a_post_to_a_client_that_has_left_is_gone() -> None:
    with pytest.raises(Gone):
        asyncio.run(connection(Socket("left")).post("x"))


def test_a_post_to_a_client_that_does_not_read_is_too_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "_PATIENCE", 0.01)

    with pytest.raises(TooSlow):
        asyncio.run(connection(Socket("does not read")).post("x"))


def test_a_connection_says_goodbye_once_and_is_gone_then() -> None:
    socket = Socket()
    closed = connection(socket)
    closed.close(1000)
    closed.close(1001, "again")

    assert socket.goodbyes == [(1000, "")]
    with pytest.raises(Gone):
        asyncio.run(closed.post("x"))


def test_a_registry_knows_who_is_open_where() -> None:
    registry, first = Registry(), connection(Socket())
    registry.add(first)

    assert (len(registry), list(registry), registry.get("c="), registry.get("d=")) == (
        1,
        [first],
        first,
        None,
    )
    assert registry.of("a", None) == registry.of("a", "s") == [first]
    assert registry.of("a", "other") == registry.of("b", None) == []

    registry.remove(first)
    assert (len(registry), first.is_open) == (0, False)
