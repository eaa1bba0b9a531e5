"""Real workers, on PostgreSQL, some of which are killed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def environment(self) -> dict[str, str]:
        return os.environ | {
            "DJANGO_SETTINGS_MODULE": "tests.broadcasts.worker_settings",
            "TEST_DATABASE_URL": self.url,
            "TEST_APIGW_WS": json.dumps(self.settings),
            "PYTHONPATH": str(ROOT),
            "COVERAGE_PROCESS_START": "",
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
        parts = urlsplit(self.url)
        where = {"host": parse_qs(parts.query)["host"][0], "user": parts.username, "dbname": parts.path[1:]}
        columns = ("state", "total", *COUNTS)
        with psycopg.connect(**where) as database:
            found = database.execute(
                f"SELECT {', '.join(columns)} FROM apigw_ws_broadcast WHERE id = %s", (pk,)
            ).fetchone()
        assert found
        return dict(zip(columns, found, strict=True))

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
    number, window = 20_000, 500 + 256
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
