"""Clients that are not ours, unmodified: wscat from npm and the browser's own WebSocket."""

from __future__ import annotations

import http.server
import os
import select
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

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


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A page in Debian's Chromium, served over http as a socket's page must be."""
    api = pytest.importorskip("playwright.sync_api")
    if not (chromium := shutil.which("chromium")):
        pytest.skip("there is no chromium")
    folder = tmp_path_factory.mktemp("page")
    Path(folder, "index.html").write_text("<!doctype html><title>A page</title>")
    handler = partial(_Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        with api.sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=arguments)
            found = browser.new_page()
            found.goto(f"http://127.0.0.1:{server.server_port}/index.html")
            yield found
            browser.close()
        server.shutdown()
        thread.join()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        """Say nothing."""


#: Opens a socket, sends what it is given, and tells everything that happened until ``enough`` things have.
SCRIPT = """
([url, protocols, send, enough]) => new Promise(resolve => {
  const seen = [];
  const ws = new WebSocket(url, protocols);
  const note = (...what) => { seen.push(what); if (seen.length >= enough) { ws.close(); resolve(seen); } };
  ws.onopen = () => { note("open", ws.protocol, ws.extensions); send.forEach(data => ws.send(data)); };
  ws.onmessage = event => note("message", event.data);
  ws.onerror = () => note("error");
  ws.onclose = event => note("close", event.code, event.reason, event.wasClean);
})
"""


@pytest.mark.browser
def test_the_browser_s_websocket_talks(api: Api, backend: Backend, page: Any) -> None:
    seen = page.evaluate(SCRIPT, [api.socket_url + "?channel=a", ["chat"], ["hello", "Grüße 🎈"], 3])

    assert seen[0] == ["open", "chat", ""]
    assert sorted(seen[1:]) == [["message", "echo Grüße 🎈"], ["message", "echo hello"]]
    handshake = backend.requests[0]
    assert handshake.path == "/connect?channel=a"
    assert "Chrome" in str(handshake.header("User-Agent"))
    assert str(handshake.header("Origin")).startswith("http://127.0.0.1:")
    assert backend.wait(path="/disconnect")


@pytest.mark.browser
def test_the_browser_is_refused_without_being_told_why(api: Api, page: Any) -> None:
    seen = page.evaluate(SCRIPT, [api.socket_url + "?refuse", [], [], 2])

    assert seen == [["error"], ["close", 1006, "", False]]


@pytest.mark.browser
def test_the_browser_learns_that_its_frame_was_too_long(api: Api, page: Any) -> None:
    seen = page.evaluate(SCRIPT, [api.socket_url, [], ["x" * 40_000], 2])

    assert seen[1][:2] == ["close", 1009]
    assert seen[1][3] is True


@pytest.mark.browser
def test_the_browser_reaches_an_api_by_its_host_name(aws: Served, api: Api, page: Any) -> None:
    url = f"ws://{api.api_id}.execute-api.localhost:{aws.url.rpartition(':')[2]}/{api.stage}"

    assert page.evaluate(SCRIPT, [url, [], ["hi"], 2])[1] == ["message", "echo hi"]


@pytest.mark.browser
def test_a_page_can_neither_post_nor_create_nor_set_faults(aws: Served, api: Api, page: Any) -> None:
    script = """async urls => Promise.all(urls.map(url =>
        fetch(url, {method: "POST", mode: "no-cors", body: "{}"}).then(r => r.type, e => "failed")))"""
    urls = [f"{aws.url}/v2/apis", f"{aws.url}/_emulator/faults"]
    before = len(aws.client("apigatewayv2").get_apis()["Items"])

    assert page.evaluate(script, urls) == ["opaque", "opaque"]
    assert len(aws.client("apigatewayv2").get_apis()["Items"]) == before
    assert aws.backstage("GET", "faults") == (200, {})
