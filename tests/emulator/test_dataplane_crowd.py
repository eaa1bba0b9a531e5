"""Many clients at once, polite and rude: nothing is lost, and nothing stays behind."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from tests.emulator.backend import Backend, Recorded, Reply
from tests.emulator.serving import Api, Served

CLIENTS = 60


def echo(request: Recorded) -> Reply:
    return Reply(body=request.body)


async def visit(api: Api, number: int) -> None:
    """Say a few things, hear them all, and leave in one of four ways."""
    async with connect(api.socket_url) as ws:
        words = [f"{number}-{n}" for n in range(5)]
        for word in words:
            await ws.send(word)
        assert {await ws.recv() for _ in words} == set(words)
        way = number % 4
        if way == 1:
            ws.transport.abort()
        elif way == 2:
            await ws.send(b"rude")
        elif way == 3:
            await ws.send("x" * 33_000)
        if way:
            try:
                await ws.recv()
            except ConnectionClosed:
                return


async def crowd(api: Api) -> None:
    numbers = list(range(CLIENTS))
    random.shuffle(numbers)
    await asyncio.gather(*(visit(api, number) for number in numbers))


def test_a_crowd_comes_talks_and_goes(aws: Served, backend: Backend) -> None:
    backend.answer = echo
    api = aws.create_api(
        backend.url,
        two_way=["$default"],
        parameters={"integration.request.header.code": "context.disconnectStatusCode"},
    )
    asyncio.run(crowd(api))
    backend.wait(CLIENTS, path="/disconnect", seconds=20)
    time.sleep(0.05)
    by_path = Counter(request.path for request in backend.requests)
    came, went = (
        sorted(str(r.header("connectionId")) for r in backend.requests if r.path == path)
        for path in ("/connect", "/disconnect")
    )

    assert by_path == {"/connect": CLIENTS, "/default": CLIENTS * 5, "/disconnect": CLIENTS}
    assert came == went
    assert Counter(r.header("code") for r in backend.wait(path="/disconnect")) == {
        "1000": CLIENTS // 4,
        "1006": CLIENTS // 4,
        "1003": CLIENTS // 4,
        "1009": CLIENTS // 4,
    }
    assert aws.emulator is not None
    assert len(aws.emulator.registry) == 0
