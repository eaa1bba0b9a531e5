"""What the timeline's note costs in the UPDATE that counts a message, and what a trace costs that runs.

    python -m pytest tests/benchmarks/timeline.py -s                 on SQLite
    TEST_DATABASE_URL=… python -m pytest tests/benchmarks/timeline.py -s    on PostgreSQL

Each figure is the best of five rounds, with the rounds in turn, so that a busy machine hits all alike.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import pytest
from django.test import override_settings

from apigw_ws.models import Trace, WebSocketSession
from apigw_ws.services import sessions, traces
from apigw_ws.services.timeline import Handled

pytestmark = [pytest.mark.benchmark, pytest.mark.django_db(transaction=True)]

SESSIONS: Final = 300
ROUNDS: Final = 5
SAID: Final = Handled(handler="chat.send", status=200, duration_ms=12)
#: What a note may add to the UPDATE of a message, and to the one of a batch of SESSIONS.
MOST: Final = (1.6, 2.5)


@contextmanager
def tracing() -> Iterator[None]:
    trace = traces.start(Trace(channel_name="elsewhere", reason="Benchmark"), minutes=10)
    yield
    traces.delete(trace, by=None)


def seconds(work: Callable[[], Any]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def test_a_note_costs_little() -> None:
    rows = [WebSocketSession(connection_id=f"connection-{n}=") for n in range(SESSIONS)]
    rows = WebSocketSession.objects.bulk_create(rows)
    ids = [row.connection_id for row in rows]

    def one_by_one() -> None:
        for row in rows:
            sessions.touch(row, received=60, sent=80, handled=SAID)
            traces.exchanged(row, b"{}", b"{}", SAID)

    def at_once() -> None:
        sessions.count_sent(ids, b"{}")

    best: dict[tuple[str, int], float] = {}
    for _ in range(ROUNDS):
        for kept in (0, 20, 100):
            with override_settings(APIGW_WS={"TIMELINE_MESSAGES": kept}):
                for name, work in (("one by one", one_by_one), ("at once", at_once)):
                    best[name, kept] = min(best.get((name, kept), 9.0), seconds(work))
        with tracing():
            best["elsewhere", 20] = min(best.get(("elsewhere", 20), 9.0), seconds(one_by_one))

    for (name, kept), took in best.items():
        per = 1e6 * took / SESSIONS
        base = best.get((name, 0), best["one by one", 20])
        print(f"{name:<12}{kept:>4} kept{per:>8.0f} µs a message{took / base:>6.2f} x")
    assert best["one by one", 20] < MOST[0] * best["one by one", 0]
    assert best["at once", 20] < MOST[1] * best["at once", 0]
    assert best["elsewhere", 20] < 1.5 * best["one by one", 20]
