"""A connection whose client misbehaves, without a network."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from apigw_ws.emulator import connections
from apigw_ws.emulator.connections import Connection, Gone, Registry, TooSlow
from apigw_ws.emulator.context import Client


def connection(send: Callable[[Any], Any], abort: Callable[[], None] = lambda: None) -> Connection:
    client = Client(
        connection_id="c=",
        api_id="a",
        stage_name="s",
        domain_name="h",
        source_ip="192.0.2.1",
        user_agent="",
        connected_at=0,
    )
    return Connection(client=client, send=send, abort=abort, opened_at=0, active_at=0, last_active_at=0)


async def leave(event: Any) -> None:
    raise ConnectionResetError


async def hang(event: Any) -> None:
    await asyncio.sleep(60)


async def accept(event: Any) -> None:
    return None


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "_PATIENCE", 0.01)


def test_a_post_to_a_client_that_has_left_is_gone() -> None:
    with pytest.raises(Gone):
        asyncio.run(connection(leave).post("x"))


def test_a_post_to_a_client_that_does_not_read_is_too_slow(impatient: None) -> None:
    with pytest.raises(TooSlow):
        asyncio.run(connection(hang).post("x"))


def test_a_post_after_a_close_is_gone_and_a_second_close_is_nothing() -> None:
    closed = connection(accept)
    asyncio.run(closed.close(1000))
    closed.send = leave
    asyncio.run(closed.close(1000))

    with pytest.raises(Gone):
        asyncio.run(closed.post("x"))


def test_a_client_that_does_not_take_a_goodbye_is_cut(impatient: None) -> None:
    cut: list[bool] = []
    asyncio.run(connection(hang, lambda: cut.append(True)).close(1001))

    assert cut == [True]


def test_a_registry_knows_who_is_open_where() -> None:
    registry, first = Registry(), connection(accept)
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
