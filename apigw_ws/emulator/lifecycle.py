"""Ends connections that API Gateway would end: ten minutes without a message, two hours in all.

https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Final

from apigw_ws.emulator.clock import Clock
from apigw_ws.emulator.connections import Connection, Registry
from apigw_ws.emulator.options import Options

#: Seconds of the clock between two looks; AWS too is seconds late.
_EVERY: Final = 5.0
_AT_MOST_EVERY: Final = 0.05


def overdue(registry: Registry, clock: Clock, options: Options) -> list[Connection]:
    """The connections that have been silent or open for too long."""
    now = clock.time()
    return [
        connection
        for connection in registry
        if now - connection.active_at >= options.idle_timeout or now - connection.opened_at >= options.max_age
    ]


def close(connections: Iterable[Connection]) -> None:
    """Tell these clients that the gateway is going away."""
    for connection in connections:
        connection.close(1001, "Going away")


async def sweep(registry: Registry, clock: Clock, options: Options) -> None:
    """Look again and again, until cancelled."""
    while True:
        await asyncio.sleep(max(_EVERY / clock.speed, _AT_MOST_EVERY))
        close(overdue(registry, clock, options))
