"""How fast a message goes to many connections: ours, boto3 in ten threads, and the least that Python needs.

    python -m pytest tests/benchmarks/delivery.py -s
    RECIPIENTS=1000000 TEST_DATABASE_URL=… (the same)       the last one with that many rows, on PostgreSQL

Each engine is a process that sends over TLS to a stub written in C. They take turns, so that what else the
machine does hits all of them; figures are medians of the ratios of each turn.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, Final

import pytest
from django.db import connection

from apigw_ws.models import ApiGateway, WebSocketSession
from apigw_ws.services import endpoints
from tests.benchmarks.engines import endpoint
from tests.benchmarks.stubs import Stub, answering, building

pytestmark = pytest.mark.benchmark

ROOT: Final = Path(__file__).resolve().parent.parent.parent
TURNS: Final = int(os.environ.get("TURNS", 5))
RECIPIENTS: Final = int(os.environ.get("RECIPIENTS", 100_000))
POSTS: Final = {"ours": 30_000, "bare": 30_000, "boto3": 500}


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    #: Posts per second.
    speed: float
    #: Seconds of CPU for 10,000 posts.
    cpu: float


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with building() as folder:
        yield folder


def started(name: str, stub: Stub, concurrency: int) -> subprocess.Popen[str]:
    command = ["tests.benchmarks.engines", name, stub.url, stub.ca_bundle, str(POSTS[name]), str(concurrency)]
    return subprocess.Popen([sys.executable, "-m", *command], stdout=subprocess.PIPE, text=True, cwd=ROOT)


def figure(name: str, process: subprocess.Popen[str]) -> Figure:
    printed, _ = process.communicate(timeout=120)
    seconds, cpu, sent = (float(part) for part in printed.split())
    assert sent == POSTS[name] * 0.99
    return Figure(speed=POSTS[name] / seconds, cpu=cpu / POSTS[name] * 10_000)


def turns(stub: Stub, engines: dict[str, int]) -> list[dict[str, Figure]]:
    """The figures of each engine, by turn; they differ in how many calls are under way."""
    found = []
    for _ in range(TURNS):
        turn = {name: figure(name, started(name, stub, number)) for name, number in engines.items()}
        print("".join(f"{name:>8} {of.speed:>7,.0f}/s{of.cpu:>7.2f} s CPU" for name, of in turn.items()))
        found.append(turn)
    return found


def times(found: list[dict[str, Figure]], than: str) -> float:
    return median(turn["ours"].speed / turn[than].speed for turn in found)


def cpu_share(found: list[dict[str, Figure]]) -> float:
    return median(turn["ours"].cpu / turn["boto3"].cpu for turn in found)


def test_twenty_milliseconds_away(folder: Path) -> None:
    with answering(folder, 20) as stub:
        found = turns(stub, {"ours": 300, "bare": 300, "boto3": 10})

    assert times(found, "boto3") >= 20
    assert times(found, "bare") >= 0.7
    assert cpu_share(found) <= 0.1


def test_next_door(folder: Path) -> None:
    with answering(folder, 0) as stub:
        found = turns(stub, {"ours": 256, "boto3": 10})

    assert times(found, "boto3") >= 12
    assert cpu_share(found) <= 0.1


def test_two_processes_send_more_than_one(folder: Path) -> None:
    with answering(folder, 20) as stub:
        ratios = []
        for _ in range(TURNS):
            alone = figure("ours", started("ours", stub, 300)).speed
            both = [started("ours", stub, 300) for _ in range(2)]
            together = sum(figure("ours", process).speed for process in both)
            print(f"one {alone:,.0f}/s, two {together:,.0f}/s")
            ratios.append(together / alone)

    assert median(ratios) >= 1.4


@pytest.mark.django_db
def test_memory_does_not_grow_with_the_recipients(
    folder: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.APIGW_WS = {"SEND_RATE": 0}
    gateway = ApiGateway.objects.create(api_name="stub")
    fill(gateway, RECIPIENTS)

    with answering(folder, 0) as stub:
        monkeypatch.setattr(
            endpoints, "delivery_endpoint", lambda gateway: endpoint(stub.url, stub.ca_bundle)
        )
        WebSocketSession.objects.filter(connection_id__lt="c=0005").send_message("to warm up")
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        result = WebSocketSession.objects.send_message("to all")
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024

    print(f"{RECIPIENTS:,} recipients: {grown:.0f} MB more, on {connection.vendor}")
    assert result.sent == len(result) == RECIPIENTS
    assert grown < 60


def fill(gateway: ApiGateway, number: int) -> None:
    for start in range(0, number, 5_000):
        WebSocketSession.objects.bulk_create(
            WebSocketSession(connection_id=f"c={place:07d}", api_gateway=gateway)
            for place in range(start, min(start + 5_000, number))
        )
