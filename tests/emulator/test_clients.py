"""wscat from npm, unmodified. The browser's own WebSocket: tests/browser/test_websocket.py."""

from __future__ import annotations

import os
import select
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.emulator.backend import Backend, Recorded, Reply
from tests.emulator.serving import Api, Served


def chat(request: Recorded) -> Reply:
    """Refuses ``?refuse``, echoes messages and agrees to a subprotocol."""
    if request.path.startswith("/connect"):
        agreed = (("Sec-WebSocket-Protocol", "chat"),) if request.header("Sec-WebSocket-Protocol") else ()
        return Reply(status=401 if "refuse" in request.path else 200, headers=agreed)
    return Reply(body=b"echo " + request.body)


@pytest.fixture
def api(aws: Served, backend: Backend) -> Api:
    backend.answer = chat
    return aws.create_api(backend.url, two_way=["$default"])


@pytest.fixture(scope="session")
def wscat(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Its command, installed from npm if the machine lacks it."""
    if found := shutil.which("wscat"):
        return found
    if not (npm := shutil.which("npm")) or not shutil.which("script"):
        pytest.skip("wscat needs npm and util-linux's script")
    folder = tmp_path_factory.mktemp("npm")
    command = [npm, "install", "--silent", "--no-fund", "--no-audit", "--prefix", str(folder), "wscat@6"]
    installed = subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)
    if installed.returncode:
        pytest.skip(f"npm could not install wscat: {installed.stderr.strip()[-200:]}")
    return str(folder / "node_modules" / ".bin" / "wscat")


class Terminal:
    """A command on a terminal of its own: what it shows, and keys for it."""

    def __init__(self, command: str) -> None:
        self.process = subprocess.Popen(
            ["script", "-qec", command, "/dev/null"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "TERM": "dumb"},
        )
        self.shown = ""

    def wait_for(self, text: str, seconds: float = 20) -> None:
        deadline = time.monotonic() + seconds
        output = self.process.stdout
        assert output is not None
        while text not in self.shown:
            left = deadline - time.monotonic()
            assert left > 0 and select.select([output], [], [], left)[0], f"no {text!r} in {self.shown!r}"
            data = os.read(output.fileno(), 4096)
            assert data, f"ended without {text!r}: {self.shown!r}"
            self.shown += data.decode(errors="replace")

    def type(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line.encode() + b"\r")
        self.process.stdin.flush()


@contextmanager
def terminal(command: str) -> Iterator[Terminal]:
    opened = Terminal(command)
    try:
        yield opened
    finally:
        opened.process.kill()
        opened.process.communicate()


@pytest.mark.clients
def test_wscat_talks_and_is_talked_to(aws: Served, api: Api, backend: Backend, wscat: str) -> None:
    with terminal(f"'{wscat}' --connect {api.socket_url}") as screen:
        screen.wait_for("Connected")
        screen.type("hello")
        screen.wait_for("< echo hello")
        connection_id = backend.requests[0].header("connectionId")
        api.management.post_to_connection(ConnectionId=connection_id, Data=b"from the server")
        screen.wait_for("< from the server")
        api.management.delete_connection(ConnectionId=connection_id)
        screen.wait_for('Disconnected (code: 1000, reason: "Connection Closed Normally")')

    assert str(backend.requests[0].header("User-Agent")).startswith("AmazonAPIGateway_")
    assert backend.wait(path="/disconnect")


@pytest.mark.clients
def test_wscat_shows_the_status_that_refuses_it(api: Api, wscat: str) -> None:
    with terminal(f"'{wscat}' --connect '{api.socket_url}?refuse'") as screen:
        screen.wait_for("Unexpected server response: 401")


@pytest.mark.clients
def test_wscat_gets_the_subprotocol_the_backend_chose(api: Api, wscat: str) -> None:
    with terminal(f"'{wscat}' --subprotocol chat --connect {api.socket_url}") as screen:
        screen.wait_for("Connected")
