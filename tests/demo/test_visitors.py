from __future__ import annotations

import asyncio
import json
import random
from contextlib import suppress
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.sessions.models import Session
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosedError

from apigw_ws_admin.demo.visitors import NAMES, Visitor, visitors, who_says


class Hasty(random.Random):
    """Dice that waste no time: pauses of ten milliseconds, visits of a tenth of a second."""

    def uniform(self, a: float, b: float) -> float:
        return 0.01

    def expovariate(self, lambd: float = 1.0) -> float:
        return -14.9


def visitor(dice: random.Random) -> Visitor:
    return Visitor(name="ada", company=frozenset({"ada", "grace"}), headers={"Cookie": "a=b"}, dice=dice)


def test_a_visitor_talks_answers_leaves_and_comes_back() -> None:
    paths: list[str] = []
    heard: list[dict[str, Any]] = []
    closes: list[int | None] = []

    async def gateway(socket: ServerConnection) -> None:
        assert socket.request
        assert socket.request.headers["Cookie"] == "a=b"
        paths.append(socket.request.path)
        await socket.send('{"type": "said", "from": "stranger"}')
        with suppress(ConnectionClosedError):
            async for message in socket:
                heard.append(json.loads(message))
        closes.append(socket.close_code)

    async def a_second() -> None:
        async with serve(gateway, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            living = asyncio.create_task(visitor(Hasty(4)).live(f"ws://127.0.0.1:{port}/api/production"))
            await asyncio.sleep(1)
            living.cancel()
            await asyncio.wait([living])

    asyncio.run(a_second())

    assert {path.split("=")[0] for path in paths} == {"/api/production?channel"}
    assert {"say", "join"} <= {message["action"] for message in heard}
    assert any("stranger" in message.get("text", "") for message in heard)
    assert {1006} < set(closes) <= {1000, 1001, 1006, 1011}  # 1011: the test was over


def test_a_gateway_that_is_away_is_asked_again(capsys: pytest.CaptureFixture[str]) -> None:
    async def a_while() -> None:
        async with asyncio.timeout(0.3):
            await visitor(Hasty(1)).live("ws://127.0.0.1:1/api/production")

    with pytest.raises(TimeoutError):
        asyncio.run(a_while())

    assert capsys.readouterr().out.count("ada: ") > 1


@pytest.mark.parametrize(
    "text",
    [
        '{"type": "said", "from": "ada"}',
        '{"type": "said"}',
        '{"type": "joined", "channel": "lobby"}',
        '{"message": "Internal server error"}',
        "bye",
        "[1]",
        "7",
    ],
)
def test_a_visitor_answers_neither_itself_nor_what_nobody_said(text: str) -> None:
    speaker = who_says(text)

    assert not any(visitor(random.Random(seed)).wants_to_answer(speaker) for seed in range(50))


def test_a_talk_among_visitors_ends() -> None:
    speaker = who_says('{"type": "said", "from": "grace"}')

    assert 0 < sum(visitor(random.Random(seed)).wants_to_answer(speaker) for seed in range(500)) < 250


@pytest.mark.django_db
def test_visitors_are_signed_in_under_names_and_addresses_of_their_own() -> None:
    crowd = visitors("http://127.0.0.1:8000", 2 * len(NAMES))

    assert len({visitor.name for visitor in crowd}) == len(crowd)
    assert len({visitor.address for visitor in crowd}) in (1, len(crowd))
    assert {visitor.headers["Origin"] for visitor in crowd} == {"http://127.0.0.1:8000"}
    assert Session.objects.count() == len(crowd)
    assert not any(user.has_usable_password() or user.is_staff for user in get_user_model().objects.all())


@pytest.mark.django_db
def test_a_visitor_who_came_before_keeps_the_account() -> None:
    visitors("http://127.0.0.1:8000", 1)
    visitors("http://127.0.0.1:8000", 1)

    assert get_user_model().objects.count() == 1
