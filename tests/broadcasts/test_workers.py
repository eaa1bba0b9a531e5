"""Real workers, on PostgreSQL, some of which are killed."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest

from tests.broadcasts.stub import Stub, running_stub
from tests.test_postgres import ROOT, running_postgres

pytestmark = pytest.mark.postgres

COUNTS = ("sent", "gone", "forbidden", "throttled", "too_large", "failed", "cancelled")


@dataclass(kw_only=True)
class Site:
    """A database and a stub of AWS, for processes to share."""

    url: str
    stub: Stub
    settings: dict[str, Any] = field(default_factory=dict)
    redis_port: int | None = None
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def environment(self) -> dict[str, str]:
        return os.environ | {
            "DJANGO_SETTINGS_MODULE": "tests.broadcasts.worker_settings",
            "TEST_DATABASE_URL": self.url,
            "TEST_APIGW_WS": json.dumps(self.settings),
            "PYTHONPATH": str(ROOT),
            **({"TEST_REDIS_PORT": str(self.redis_port)} if self.redis_port else {}),
        }

    def broadcast_to(self, number: int) -> int:
        command = [sys.executable, "-m", "tests.broadcasts.scene", self.stub.url, str(number)]
        done = subprocess.run(command, cwd=ROOT, env=self.environment(), capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[-3000:]
        return int(done.stdout)

    def start_worker(self) -> subprocess.Popen[bytes]:
        worker = subprocess.Popen(
            [sys.executable, "-m", "tests.broadcasts.worker"], cwd=ROOT, env=self.environment()
        )
        self.workers.append(worker)
        return worker

    def row(self, pk: int) -> dict[str, Any]:
        columns = ("state", "total", *COUNTS)
        with self.connected() as database:
            found = database.execute(
                f"SELECT {', '.join(columns)} FROM apigw_ws_broadcast WHERE id = %s", (pk,)
            ).fetchone()
        assert found
        return dict(zip(columns, found, strict=True))

    def connected(self) -> psycopg.Connection[Any]:
        parts = urlsplit(self.url)
        where = {"host": parse_qs(parts.query)["host"][0], "user": parts.username, "dbname": parts.path[1:]}
        return psycopg.connect(**where)

    def wait(self, pk: int, until: Callable[[dict[str, Any]], bool], seconds: float = 60) -> dict[str, Any]:
        deadline = time.monotonic() + seconds
        while not until(row := self.row(pk)):
            assert time.monotonic() < deadline, row
            time.sleep(0.1)
        return row


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    with running_postgres() as url:
        yield url


@pytest.fixture
def site(database: str) -> Iterator[Site]:
    with running_stub() as stub, stopped_at_the_end(Site(url=database, stub=stub)) as site:
        yield site


@contextmanager
def stopped_at_the_end(site: Site) -> Iterator[Site]:
    try:
        yield site
    finally:
        for worker in site.workers:
            worker.kill()
            worker.wait()


def done(row: dict[str, Any]) -> int:
    return sum(row[name] for name in COUNTS)


def test_killed_workers_cost_nobody_the_message(site: Site) -> None:
    number, window = 12_000, 500 + 256
    site.settings = {"BROADCAST_SHARD": 1_000, "BROADCAST_RATE": 2_000}
    site.stub.latency = 0.02
    pk = site.broadcast_to(number)
    first, second = site.start_worker(), site.start_worker()

    for worker, share in ((first, 0.2), (second, 0.4)):
        row = site.wait(pk, lambda row, share=share: done(row) > share * number)
        assert row["state"] == "sending"
        worker.kill()
        worker.wait()
        site.start_worker()
    row = site.wait(pk, lambda row: row["state"] == "done")

    assert (row["total"], row["sent"]) == (number, number)
    assert len(site.stub.posts) == number
    assert site.stub.posts.total() - number <= 2 * window
    assert max(site.stub.posts.values()) <= 3


def test_a_lost_database_connection_costs_nobody_the_message(site: Site) -> None:
    number = 3_000
    site.settings = {"BROADCAST_SHARD": 500, "BROADCAST_RATE": 1_000}
    pk = site.broadcast_to(number)
    site.start_worker()
    site.wait(pk, lambda row: done(row) > 500)

    with site.connected() as database:
        database.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )

    def is_done(row: dict[str, Any]) -> bool:
        if site.workers[-1].poll() is not None:  # django-tasks-db may end: what runs workers starts another
            site.start_worker()
        return bool(row["state"] == "done")

    row = site.wait(pk, is_done)

    assert (row["total"], row["sent"]) == (number, number)
    assert len(site.stub.posts) == number


@contextmanager
def running_redis() -> Iterator[int]:
    """The port of a Redis that keeps nothing; the test is skipped where there is none."""
    pytest.importorskip("django_tasks_rq", reason="django-tasks-rq is not installed")
    program = shutil.which("redis-server") or pytest.skip("redis-server is not installed")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    redis = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        yield port
    finally:
        redis.terminate()
        redis.wait()


def speed(site: Site, workers: int, number: int) -> float:
    """Messages per second with so many workers, from the first tenth to the last."""
    pk = site.broadcast_to(number)
    site.stub.moments.clear()
    while len(site.workers) < workers:
        site.start_worker()
    row = site.wait(pk, lambda row: row["state"] == "done")
    assert (row["total"], row["sent"]) == (number, number)
    tenth = number // 10
    return 8 * tenth / (site.stub.moments[9 * tenth] - site.stub.moments[tenth])


@pytest.mark.parametrize("queue", ["database", "redis"])
def test_workers_add_up_until_the_ceiling_which_they_hold_together(site: Site, queue: str) -> None:
    with ExitStack() as stack:
        site.redis_port = stack.enter_context(running_redis()) if queue == "redis" else None
        # What a worker can is bound by the latency, not by a machine that others use, too.
        site.settings = {"BROADCAST_SHARD": 50, "BROADCAST_CONCURRENCY": 8, "BROADCAST_RATE": 300}
        site.stub.latency = 0.06

        alone = speed(site, 1, 500)
        together = speed(site, 3, 1500)

    assert alone < 150
    assert together > 1.5 * alone
    assert together < 330
