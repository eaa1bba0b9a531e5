"""Simulated visitors: WebSocket clients that chat, wander between channels, drop and come back.

They come in by the gateway's URL like anybody else, signed in to the site as a browser with its cookie is.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from django.conf import settings
from django.contrib.auth import get_user_model, login
from django.contrib.auth.hashers import make_password
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException

NAMES: Final = ("ada", "grace", "linus", "hedy", "alan", "barbara", "donald", "radia", "ken", "frances")
CHANNELS: Final = ("lobby", "lobby", "kitchen", "garden")
BROWSERS: Final = (
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/18.5 Safari/605.1.15",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 "
    "(KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36",
)
OPENERS: Final = (
    "Is anybody else up?",
    "The coffee is ready.",
    "Who moved the deployment to Friday?",
    "I read that sockets need no server any more.",
    "It works on my machine, and my machine is the gateway.",
    "Has the build gone green yet?",
    "I closed my laptop and opened it again; here I am.",
)
ANSWERS: Final = (
    "Quite so, {}.",
    "{}, I was about to write that.",
    "Are you sure, {}?",
    "Tell me more, {}.",
    "Ha! Good one, {}.",
    "Not in this channel, {}.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """One person with one browser, among ``company``: the more there are, the less each says."""

    name: str
    company: frozenset[str]
    headers: dict[str, str] = field(repr=False)
    address: tuple[str, int] | None = None
    dice: random.Random = field(default_factory=random.Random, repr=False)

    async def live(self, gateway: str) -> None:
        """Visit, leave, come back, until cancelled; a gateway that does not answer is asked again later."""
        await asyncio.sleep(self.dice.uniform(0, 2))
        while True:
            pause = self.dice.uniform(2, 10)
            try:
                async with connect(
                    f"{gateway}?channel={self.dice.choice(CHANNELS)}",
                    additional_headers=self.headers,
                    user_agent_header=None,
                    local_addr=self.address,
                    proxy=None,
                ) as socket:
                    await self.visit(socket)
            except ConnectionClosed:
                pass
            except (OSError, TimeoutError, WebSocketException) as error:
                print(f"{self.name}: {error}", flush=True)  # noqa: T201
                pause *= 3
            await asyncio.sleep(pause)

    async def visit(self, socket: ClientConnection) -> None:
        """Listen and talk for a while, then leave: properly, or as one whose train enters a tunnel."""
        now = asyncio.get_running_loop().time
        leaves = now() + min(15 + self.dice.expovariate(1 / 90), 900)
        speaks, answers_to = now() + self.dice.uniform(0, 3), ""
        while speaks < leaves:
            try:
                async with asyncio.timeout_at(speaks):
                    speaker = who_says(await socket.recv())
            except TimeoutError:
                await socket.send(json.dumps(self.next_message(answers_to)))
                pause = self.dice.uniform(5, 25) * max(1, len(self.company) / 10)
                speaks, answers_to = now() + pause, ""
            else:
                if self.wants_to_answer(speaker):
                    speaks, answers_to = now() + self.dice.uniform(1, 4), speaker
        await asyncio.sleep(self.dice.uniform(0.5, 2))
        if self.dice.random() < 0.3:
            socket.transport.abort()
        else:
            await socket.close(self.dice.choice((1000, 1001)), "Bye")

    def next_message(self, answers_to: str) -> dict[str, Any]:
        if answers_to:
            return {"action": "say", "text": self.dice.choice(ANSWERS).format(answers_to)}
        say = {"action": "say", "text": self.dice.choice(OPENERS)}
        join = {"action": "join", "channel": self.dice.choice(CHANNELS)}
        return self.dice.choices((say, join, {"action": "who"}, {"action": "time"}), weights=(8, 2, 1, 1))[0]

    def wants_to_answer(self, speaker: str) -> bool:
        """Visitors answer each other now and then, so that a talk ends; a stranger hardly stays alone."""
        if speaker in {"", self.name}:
            return False
        eager = 0.6 if speaker in self.company else 2.0
        return self.dice.random() < eager / len(self.company)


def who_says(text: str | bytes) -> str:
    """Whoever said this in a channel; empty for all else, as operators may send what they like."""
    try:
        message = json.loads(text)
    except ValueError:
        return ""
    if not isinstance(message, dict) or message.get("type") != "said":
        return ""
    return str(message.get("from", ""))


def visitors(site: str, count: int) -> list[Visitor]:
    """``count`` visitors on pages of ``site``, their accounts made and signed in."""
    names = [
        NAMES[i % len(NAMES)] + (str(i // len(NAMES) + 1) if i >= len(NAMES) else "") for i in range(count)
    ]
    return [
        Visitor(
            name=name,
            company=frozenset(names),
            headers={"Origin": site, "User-Agent": BROWSERS[i % len(BROWSERS)], "Cookie": sign_in(name)},
            # On Linux all of 127.0.0.0/8 is this machine: each visitor has an address of their own.
            address=(f"127.0.{1 + i // 250}.{1 + i % 250}", 0) if sys.platform == "linux" else None,
        )
        for i, name in enumerate(names)
    ]


def sign_in(name: str) -> str:
    """The Cookie header of a browser in which the user ``name`` (made if need be) has just signed in."""
    user, _ = get_user_model().objects.get_or_create(
        username=name, defaults={"password": make_password(None)}
    )
    request = HttpRequest()
    request.session = SessionStore()
    login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    request.session.save()
    return f"{settings.SESSION_COOKIE_NAME}={request.session.session_key}"


async def _live(gateway: str, everybody: Sequence[Visitor]) -> None:
    async with asyncio.TaskGroup() as group:
        for visitor in everybody:
            group.create_task(visitor.live(gateway))


def main(arguments: Sequence[str]) -> int:
    """``GATEWAY SITE COUNT``: visit the gateway's URL from pages of the site, for ever."""
    gateway, site, count = arguments
    asyncio.run(_live(gateway, visitors(site, int(count))))
    return 0
