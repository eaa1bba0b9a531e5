from __future__ import annotations

import socket
import subprocess
from pathlib import Path

import pytest

from apigw_ws_admin import cli
from apigw_ws_admin.demo.state import DemoError
from apigw_ws_admin.demo.supervisor import HOST, free_ports
from tests.demo.running import COMMAND


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, timeout=30)


def test_a_missing_extra_is_told_with_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cli, "EXTRA", ("websockets", "no_such_module"))

    assert cli.main(["demo"]) == 1
    assert capsys.readouterr().err == (
        "apigw-ws demo needs no_such_module. Install: pip install 'apigw-ws[demo]'\n"
    )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "the following arguments are required: COMMAND"),
        (["demo", "--port", "http"], "'http' is not a port: write a number from 0 to 65535"),
        (["demo", "--port", "65536"], "is not a port"),
        (["demo", "--visitors", "-1"], "'-1' is not a number of visitors"),
        (["demo", "--nope"], "unrecognized arguments: --nope"),
    ],
)
def test_a_wrong_argument_is_told(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        cli.main(arguments)

    assert sentence in capsys.readouterr().err


def test_it_knows_its_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        cli.main(["--version"])

    assert capsys.readouterr().out.startswith("0.")


def test_the_emulator_gets_its_arguments_as_they_are() -> None:
    result = command("emulator", "--help")

    assert result.returncode == 0
    assert "apigw-ws emulator" in result.stdout
    assert "--access-key" in result.stdout


def test_manage_needs_a_state(tmp_path: Path) -> None:
    result = command("manage", "--state", str(tmp_path), "check")

    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr == (
        f"apigw-ws manage: {tmp_path}/keys.json cannot be read: No such file or directory. "
        "Start apigw-ws demo first, or pass its --state.\n"
    )


def test_manage_runs_a_command_of_django_on_the_state(tmp_path: Path) -> None:
    (tmp_path / "keys.json").write_text('{"django": "x", "access_key": "a", "secret_key": "s"}')

    result = command("manage", "--state", str(tmp_path), "migrate", "--verbosity", "0")

    assert (result.returncode, result.stderr) == (0, "")
    assert (tmp_path / "console.sqlite3").exists()


def test_a_port_that_is_taken_is_passed_over() -> None:
    with socket.create_server((HOST, 0)) as taken:
        wanted = taken.getsockname()[1]
        first, second = free_ports(wanted, wanted)

    assert wanted < first < second < wanted + 100


def test_no_port_at_all_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(socket.socket, "bind", refuse)

    with pytest.raises(
        DemoError, match=r"No port from 80 to 179 can be used on 127\.0\.0\.1: Permission denied"
    ):
        free_ports(80)
