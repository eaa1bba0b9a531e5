"""The demo from its start to its end, and started again."""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
from contextlib import closing
from pathlib import Path

from tests.demo.running import Demo, ask, eventually, processes_on, refused, running, spawn


def connected_sessions(state: Path) -> int:
    with closing(sqlite3.connect(state / "console.sqlite3")) as database:
        query = "SELECT count(*) FROM apigw_ws_websocketsession WHERE connected"
        return int(database.execute(query).fetchone()[0])


def ports(number: int) -> tuple[str, ...]:
    return "--port", str(number), "--gateway-port", str(number)


def test_a_demo_stops_within_two_seconds_and_finds_its_state_again(tmp_path: Path) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        running(tmp_path, *ports(taken.getsockname()[1]), "--visitors", "1") as first,
    ):
        # A taken port is passed over.
        assert f":{taken.getsockname()[1]}/" not in first.lines["Chat"] + first.gateway
        eventually(lambda: connected_sessions(tmp_path))
        code, seconds, errors = first.stop(signal.SIGTERM)
        assert (code, errors) == (0, "")
        assert seconds < 2
        assert processes_on(tmp_path) == set()

    # Elsewhere: both ports have moved, the gateway has not.
    with running(tmp_path) as second:
        assert second.gateway.split("/")[3:] == first.gateway.split("/")[3:]
        assert second.gateway != first.gateway
        assert "password" in first.lines["Operator"]
        assert "(shown only this once)" not in second.lines["Operator"]
        assert connected_sessions(tmp_path) == 0
        assert ask(second.gateway, {"action": "time"})["type"] == "time"
        assert ask(second.gateway, {"action": "who"})["type"] == "who"

        second.process.kill()
        second.process.wait()
        eventually(lambda: not processes_on(tmp_path), seconds=2)

    # A child that dies takes the rest with it, and is named.
    with running(tmp_path) as third:
        os.kill(third.child("worker"), signal.SIGKILL)
        _, errors = third.process.communicate(timeout=5)
        assert third.process.returncode == 1
        assert "The worker ended unexpectedly. The end of" in errors
        assert "Traceback" not in errors
        assert processes_on(tmp_path) == set()


def test_sigterm_in_the_middle_of_the_start_leaves_nothing(tmp_path: Path) -> None:
    demo = Demo(spawn(tmp_path, "--port", "0", "--gateway-port", "0"), tmp_path)
    eventually(demo.children)
    code, seconds, errors = demo.stop(signal.SIGTERM)

    assert (code, errors) == (0, "")
    assert seconds < 2
    # A child that was just being made ends by itself: its standard input is closed.
    eventually(lambda: not processes_on(tmp_path), seconds=5)


def test_what_an_emulator_cannot_read_is_told_in_its_words(tmp_path: Path) -> None:
    keys = {"django": "x" * 50, "access_key": "AKIADEMO", "secret_key": "secret"}
    (tmp_path / "keys.json").write_text(json.dumps(keys))
    (tmp_path / "emulator.json").write_text('{"half": ')

    errors = refused(tmp_path, "--port", "0", "--gateway-port", "0")

    assert "The emulator ended unexpectedly" in errors
    assert "emulator.json" in errors


def test_a_database_that_is_none_is_told(tmp_path: Path) -> None:
    keys = {"django": "x" * 50, "access_key": "AKIADEMO", "secret_key": "secret"}
    (tmp_path / "keys.json").write_text(json.dumps(keys))
    (tmp_path / "console.sqlite3").write_bytes(b"half of a database" * 100)

    errors = refused(tmp_path, "--port", "0", "--gateway-port", "0")

    assert "The demo's database cannot be used: file is not a database" in errors
