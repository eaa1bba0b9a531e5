"""The tests that touch the database, once more on a PostgreSQL of their own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
BINARIES = [*Path("/usr/lib/postgresql").glob("*/bin"), Path("/usr/bin"), Path("/usr/local/bin")]
pytestmark = pytest.mark.postgres


def binary(name: str) -> str:
    """The path of a PostgreSQL program; the test is skipped where there is none."""
    found = next((folder / name for folder in BINARIES if (folder / name).exists()), shutil.which(name))
    if not found:
        pytest.skip(f"PostgreSQL's {name} is not installed")
    return str(found)


def as_postgres(*command: str) -> None:
    """Run a program of PostgreSQL, which refuses to run as root, as its own user."""
    prefix = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    done = subprocess.run([*prefix, *command], capture_output=True, text=True, cwd="/")
    assert done.returncode == 0, done.stdout + done.stderr


@contextmanager
def running_postgres() -> Iterator[str]:
    """The URL of a PostgreSQL that listens on a socket in a folder of its own, without fsync."""
    initdb, pg_ctl = binary("initdb"), binary("pg_ctl")
    # Not below pytest's own folder: every run of pytest closes that to other users.
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres")
        data = str(folder / "data")
        as_postgres(initdb, "-D", data, "-A", "trust", "-U", "tests", "--no-sync", "-E", "UTF8")
        options = f"-c listen_addresses='' -k {folder} -c fsync=off -c max_connections=60"
        as_postgres(pg_ctl, "-D", data, "-l", str(folder / "log"), "-w", "-o", options, "start")
        try:
            yield f"postgresql://tests@/postgres?host={folder}"
        finally:
            as_postgres(pg_ctl, "-D", data, "-m", "immediate", "stop")


@pytest.fixture
def database_url() -> Iterator[str]:
    with running_postgres() as url:
        yield url


def test_the_database_suites_pass_on_postgresql(database_url: str) -> None:
    # Walks take minutes, which are about AWS, words and the costs of pages, not about the database.
    unmarked = "not (postgres or browser or benchmark or clients or packaging or walk)"
    command = [sys.executable, "-m", "pytest", "-q", "--only-db", "-m", unmarked, "-p", "no:cacheprovider"]

    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "TEST_DATABASE_URL": database_url},
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
