"""The command: what it prints, how it stops, and what it says when it cannot start."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from apigw_ws.emulator.main import main
from tests.emulator.backend import Backend, Recorded, Reply
from tests.emulator.serving import Served, emulator_process

COMMAND = [sys.executable, "-m", "apigw_ws.emulator"]


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments],
        capture_output=True,
        text=True,
        timeout=20,
        env={**os.environ, **environment},
        check=False,
    )


def two_seconds() -> float:
    """More where others are using the machine."""
    return 2 * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


@pytest.fixture(scope="module")
def european() -> Iterator[Served]:
    with emulator_process("--region", "eu-central-1") as aws:
        yield aws


def test_it_prints_a_line_for_each_thing_to_know(european: Served) -> None:
    assert european.url.startswith("http://127.0.0.1:")
    assert european.region == "eu-central-1"
    assert european.client("sts").get_caller_identity()["Account"] == "123456789012"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_it_within_two_seconds_with_goodbyes(backend: Backend, number: signal.Signals) -> None:
    with emulator_process() as aws:
        api = aws.create_api(backend.url)
        assert aws.process is not None
        with connect(api.socket_url) as ws:
            started = time.monotonic()
            aws.process.send_signal(number)
            with pytest.raises(ConnectionClosed) as caught:
                ws.recv(timeout=5)
            assert caught.value.rcvd is not None
            assert (caught.value.rcvd.code, caught.value.rcvd.reason) == (1001, "Going away")
            assert aws.process.wait(15) == 0
            took = time.monotonic() - started
    assert took < two_seconds()
    assert backend.wait(path="/disconnect")


def test_a_signal_while_it_starts_is_not_lost() -> None:
    """At whatever moment it comes, the process ends at once and says nothing alarming."""
    for delay in (0.0, 0.1, 0.3, 0.5, 0.7):
        process = subprocess.Popen(
            [*COMMAND, "--port", "0"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        time.sleep(delay)
        process.terminate()
        _, errors = process.communicate(timeout=15)

        assert process.returncode in (0, -signal.SIGTERM)
        assert errors == ""


def test_a_client_that_does_not_answer_cannot_hold_it_up(backend: Backend) -> None:
    with emulator_process() as aws:
        api = aws.create_api(backend.url, ["$connect"])
        assert aws.process is not None
        port = int(aws.url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(
                f"GET {api.socket_url.partition(str(port))[2]} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
                "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                "Sec-WebSocket-Version: 13\r\n\r\n".encode()
            )
            assert client.recv(4096).startswith(b"HTTP/1.1 101")
            started = time.monotonic()
            aws.process.terminate()
            assert aws.process.wait(15) == 0
            took = time.monotonic() - started
    assert took < two_seconds()


def test_a_backend_that_does_not_answer_cannot_hold_it_up(
    backend: Backend, capfd: pytest.CaptureFixture[str]
) -> None:
    release = threading.Event()

    def hang(request: Recorded) -> Reply:
        if request.path == "/disconnect":
            release.wait(10)
        return Reply()

    backend.answer = hang
    with emulator_process() as aws:
        api = aws.create_api(backend.url)
        assert aws.process is not None
        with connect(api.socket_url):
            started = time.monotonic()
            aws.process.terminate()
            assert aws.process.wait(15) == 0
            took = time.monotonic() - started
    release.set()

    assert took < two_seconds()
    assert "Traceback" not in capfd.readouterr().err


def test_it_runs_in_the_process_that_calls_it(backend: Backend, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]

    def stop() -> None:
        served = Served(url=f"http://127.0.0.1:{port}", secret_key="s")
        for _ in range(100):
            with contextlib.suppress(OSError):
                served.backstage("GET", "connections")
                break
            time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGTERM)

    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    stopper = threading.Thread(target=stop)
    stopper.start()
    try:
        assert main(["--port", str(port), "--access-key", "k", "--secret-key", "s", "--no-verify"]) == 0
    finally:
        stopper.join()
        for number, handler in before.items():
            signal.signal(number, handler)

    assert capsys.readouterr().out == (
        f"Emulator: http://127.0.0.1:{port}\nRegion: us-east-1\nAccess key: k\n"
        "Secret key: as given\nSignatures: not verified\n"
    )


def test_a_missing_dependency_gets_a_sentence_in_any_process(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "apigw_ws.emulator.server", None)

    assert main(["--port", "0"]) == 1
    assert "pip install 'apigw-ws[demo]'" in capsys.readouterr().err


def test_everything_is_there_after_a_kill_and_after_a_restart(tmp_path: Path, backend: Backend) -> None:
    state = str(tmp_path / "folder" / "state.json")
    with emulator_process("--state", state) as aws:
        api = aws.create_api(backend.url)
        assert aws.process is not None
        aws.process.kill()
        aws.process.wait()

    with emulator_process("--state", state) as aws:
        control = aws.client("apigatewayv2")
        assert control.get_stages(ApiId=api.api_id)["Items"][0]["StageName"] == "test"
        control.update_api(ApiId=api.api_id, Name="renamed")

    with emulator_process("--state", state) as aws:
        path = api.socket_url.partition("/_aws")[2]
        with connect(f"{aws.url.replace('http', 'ws')}/_aws{path}"):
            pass
        found = aws.client("apigatewayv2").get_api(ApiId=api.api_id)
        assert found["Name"] == "renamed"
        assert found["ApiEndpoint"].startswith(aws.url.replace("http", "ws"))


def test_keys_are_made_once_and_kept(tmp_path: Path) -> None:
    pairs = []
    for _ in range(2):
        process = subprocess.Popen(
            [*COMMAND, "--port", "0", "--state", str(tmp_path / "s.json")], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        with process.stdout as output:
            lines = dict(output.readline().strip().split(": ", 1) for _ in range(5))
            process.terminate()
            process.wait(10)
        pairs.append((lines["Access key"], lines["Secret key"]))
        served = Served(url=lines["Emulator"], access_key=pairs[0][0], secret_key=pairs[0][1])
        assert served.environment["AWS_ACCESS_KEY_ID"] == lines["Access key"]

    assert pairs[0] == pairs[1]
    assert len(pairs[0][0]) == 20


def test_a_port_in_use_gets_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["--port", str(port)]) == 1

    captured = capsys.readouterr()
    assert captured.err == (
        f"Cannot listen on 127.0.0.1:{port}: Address already in use. Name another port with --port.\n"
    )
    assert captured.out == ""


def test_an_impossible_port_gets_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--port", "123456"]) == 1
    complaint = capsys.readouterr().err
    assert complaint.startswith("Cannot listen on 127.0.0.1:123456: ")
    assert ".." not in complaint


def test_a_damaged_state_file_gets_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    state = tmp_path / "state.json"
    state.write_text('{"half": ')

    assert main(["--port", "0", "--state", str(state)]) == 1
    assert str(state) in capsys.readouterr().err
    assert state.read_text() == '{"half": '


def test_a_state_file_that_cannot_be_written_gets_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()

    assert main(["--port", "0", "--state", str(tmp_path / "file" / "state.json")]) == 1
    assert "Cannot write the emulator's state" in capsys.readouterr().err


def test_a_missing_dependency_gets_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "uvicorn.py").write_text(
        "raise ModuleNotFoundError(\"No module named 'uvicorn'\", name='uvicorn')"
    )
    found = run("--port", "0", PYTHONPATH=f"{tmp_path}:{os.getcwd()}")

    assert found.returncode == 1
    assert found.stderr == "The emulator needs uvicorn: pip install 'apigw-ws[demo]'\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ["--access-key", "alone"],
        ["--port", "x"],
        ["--clock-speed", "0"],
        ["--clock-speed", "nan"],
        ["--connect-rate", "x"],
        ["--fault", "{"],
        ["--fault", '{"operation": "x", "effect": "y"}'],
        ["--unknown"],
    ],
)
def test_wrong_arguments_get_a_sentence(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)

    assert caught.value.code == 2
    assert "apigw-ws emulator: error: " in capsys.readouterr().err


def test_the_manual_has_every_option(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--help"])
    options = set(re.findall(r"--[a-z-]+", capsys.readouterr().out)) - {"--help"}
    manual = Path(__file__).parents[2].joinpath("docs/emulator.md").read_text()

    assert caught.value.code == 0
    assert options
    assert options <= set(re.findall(r"--[a-z-]+", manual))


def test_flags_reach_the_emulator(backend: Backend) -> None:
    fault = json.dumps({"operation": "sts:*", "effect": "throttle"})
    more = ("--message-content-type", "text/x-message", "--two-way-errors", "frame")
    with emulator_process(
        "--front-proxy", "--no-verify", "--fault", fault, "--clock-speed", "2000", *more
    ) as aws:
        with pytest.raises(Exception, match="Too Many Requests"):
            aws.client("sts").get_caller_identity()
        backend.answer = lambda request: Reply(status=500 if request.path == "/default" else 200)
        api = aws.create_api(backend.url, two_way=["$default"])
        with connect(api.socket_url) as ws:
            ws.send("hello")
            assert '"message": "Internal server error"' in str(ws.recv(timeout=5))
            with pytest.raises(ConnectionClosed):
                ws.recv(timeout=5)
        assert backend.wait(path="/default")[0].header("Content-Type") == "text/x-message"
        assert backend.wait(path="/disconnect")[0].header("X-Real-Ip") == "203.0.113.1"


def test_it_listens_on_loopback_only(european: Served) -> None:
    port = int(european.url.rpartition(":")[2])
    found = [
        line.split()[1]
        for line in Path("/proc/net/tcp").read_text().splitlines()[1:]
        if line.split()[1].endswith(f":{port:04X}") and line.split()[3] == "0A"
    ]
    assert found == [f"0100007F:{port:04X}"]


def test_no_django_and_no_boto3_are_loaded() -> None:
    code = (
        "import sys, apigw_ws.emulator.server, apigw_ws.emulator.main\n"
        "print(sorted({m.split('.')[0] for m in sys.modules} & {'django', 'boto3', 'moto'}))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert found.stdout == "[]\n"
