from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from apigw_ws_admin.demo.child import emulator
from apigw_ws_admin.demo.children import Children
from apigw_ws_admin.demo.state import DemoError
from tests.demo.running import eventually


def test_a_child_that_hangs_is_killed(tmp_path: Path) -> None:
    with Children(logs=tmp_path, environment=dict(os.environ)) as children:
        children.start("worker")
        process = children.running["worker"]
        process.send_signal(signal.SIGSTOP)
        eventually(lambda: ") T " in Path(f"/proc/{process.pid}/stat").read_text())

    assert process.returncode == -signal.SIGKILL


def test_a_child_that_ends_is_told_with_the_end_of_its_log(tmp_path: Path) -> None:
    with Children(logs=tmp_path, environment=dict(os.environ)) as children:
        children.start("no-such-role")
        eventually(lambda: children.running["no-such-role"].poll() is not None)

        with pytest.raises(
            DemoError, match=r"The no-such-role ended unexpectedly(.|\n)*KeyError: 'no-such-role'"
        ):
            children.check()


def test_a_child_dies_when_nobody_holds_its_input(tmp_path: Path) -> None:
    with Children(logs=tmp_path, environment=dict(os.environ)) as children:
        children.environment = {**os.environ, "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "s"}
        children.start("emulator", "--port", "0")
        process = children.running["emulator"]
        eventually(lambda: "Emulator:" in (tmp_path / "emulator.log").read_text())
        assert process.stdin
        process.stdin.close()

        assert process.wait(5) == 1


def test_the_emulators_secret_may_begin_with_a_hyphen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIADEMO")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "-secret")
    state = tmp_path / "emulator.json"
    state.write_text("{")

    assert emulator(["--port", "0", "--state", str(state)]) == 1
    assert "emulator.json" in capsys.readouterr().err
