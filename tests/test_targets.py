"""What the check of a target URL finds, against real servers of every kind."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from apigw_ws.services import targets


class Handler(BaseHTTPRequestHandler):
    """Answers the paths that are named, and nothing else."""

    statuses: dict[str, int]
    seen: list[str]

    def do_GET(self) -> None:
        self.seen.append(self.path)
        status = self.statuses.get(self.path, 404)
        self.send_response(status)
        self.send_header("Content-Length", "6")
        if status == 405:
            self.send_header("Allow", "POST")
        if status == 302:
            self.send_header("Location", "http://127.0.0.1:1/elsewhere")
        self.end_headers()
        self.wfile.write(b"secret")

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[type[Handler]]:
    handler: Any = type("Serving", (Handler,), {"statuses": {}, "seen": []})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        handler.server = server
        handler.url = f"http://127.0.0.1:{server.server_port}/ws/"
        yield handler
        server.shutdown()
        thread.join()


def views(*paths: str, status: int = 405) -> dict[str, int]:
    return dict.fromkeys(paths or ("/ws/connect", "/ws/default", "/ws/disconnect"), status)


def said(url: str, *, local: bool = True) -> list[tuple[str, str]]:
    return [(finding.state, finding.text) for finding in targets.check(url, local=local)]


def test_a_view_is_recognised(server: Any) -> None:
    server.statuses = views()

    assert said(server.url) == [("ok", "A WebSocketView answers there.")]
    assert server.seen == ["/ws/connect", "/ws/default", "/ws/disconnect"]


@pytest.mark.django_db
def test_our_own_view_is_recognised_and_keeps_no_record(live_server: Any) -> None:
    from apigw_ws.models import Refusal

    url = f"{live_server.url}/ws/".replace("localhost", "127.0.0.1")

    assert said(url)[-1] == ("ok", "A WebSocketView answers there.")
    assert not Refusal.objects.exists()


@pytest.mark.parametrize(
    ("statuses", "text"),
    [
        ({}, "finds nothing there (404)"),
        (views("/ws/"), "The view answers without a route"),
        (views("/ws/connect"), "Not every route leads to the view"),
        (views(status=302), "The server redirects"),
        (views(status=200), "it is no WebSocketView (200)"),
        (views(status=500), "it is no WebSocketView (500)"),
    ],
)
def test_what_is_no_view_is_told_apart(server: Any, statuses: dict[str, int], text: str) -> None:
    server.statuses = statuses

    state, found = said(server.url)[-1]

    assert state == "bad"
    assert text in found
    assert "secret" not in found
    assert "/elsewhere" not in server.seen


def test_from_aws_a_private_address_and_plain_http_are_seen_otherwise(server: Any) -> None:
    server.statuses = views()

    texts = [text for state, text in said(server.url, local=False) if state == "warn"]

    assert texts == [
        "127.0.0.1 is a private address: AWS cannot reach it from the internet.",
        "Without https, messages and the gateway's secret travel unencrypted.",
    ]


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("ftp://www.example.com/", "Enter a URL that begins with http:// or https://."),
        ("file:///etc/passwd", "Enter a URL that begins with http:// or https://."),
        ("http://nowhere.invalid/ws/", "The name nowhere.invalid does not resolve."),
        ("http://" + "a" * 70 + ".example.com/", "does not resolve"),
        ("http://169.254.169.254/latest/", "is no address of a web server"),
        ("http://[::ffff:169.254.169.254]/", "is no address of a web server"),
        ("http://0.0.0.0/", "is no address of a web server"),
        ("http://127.0.0.1:1/ws/", "does not answer on port 1: Connection refused."),
        ("https://127.0.0.1:1/ws/", "does not answer on port 1: Connection refused."),
        ("http://127.0.0.1/\u00e9/", "does not answer on port 80"),
    ],
)
def test_what_cannot_be_asked_is_a_sentence(url: str, text: str) -> None:
    state, found = said(url)[-1]

    assert state == "bad"
    assert text in found


def test_a_server_that_speaks_no_tls_is_a_sentence(server: Any) -> None:
    state, text = said(server.url.replace("http", "https"))[-1]

    assert state == "bad"
    assert "does not answer on port" in text


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 that nobody but its maker trusts, with its key."""
    if (openssl := shutil.which("openssl")) is None:
        pytest.skip("openssl is not installed")
    pem = tmp_path_factory.mktemp("tls") / "both.pem"
    command = f"{openssl} req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=test -keyout {pem} -out {pem}"
    subprocess.run(
        [*command.split(), "-addext", "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True
    )
    return pem


@pytest.fixture
def encrypted(server: Any, certificate: Path) -> str:
    """The server's URL, with TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.server.socket = context.wrap_socket(server.server.socket, server_side=True)
    server.statuses = views()
    return str(server.url).replace("http", "https")


def test_a_certificate_that_nobody_trusts_is_told(encrypted: str) -> None:
    state, text = said(encrypted)[-1]

    assert state == "bad"
    assert "The TLS certificate is not valid: self" in text


def test_a_valid_certificate_is_told(
    encrypted: str, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))

    assert said(encrypted) == [
        ("ok", "The TLS certificate is valid."),
        ("ok", "A WebSocketView answers there."),
    ]


@pytest.fixture
def silent(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A server that accepts and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"


def test_a_server_that_says_nothing_is_given_up(silent: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(targets, "PATIENCE", 0.2)

    assert "no answer in" in said(silent)[-1][1]


def test_nobody_waits_longer_than_the_deadline(silent: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(targets, "PATIENCE", 0.4)
    monkeypatch.setattr(targets, "DEADLINE", 0.1)

    assert "There was no full answer" in said(silent)[-1][1]


def test_a_name_is_told_with_its_address(server: Any) -> None:
    server.statuses = views()

    state, text = said(server.url.replace("127.0.0.1", "localhost"))[0]

    assert (state, text.startswith("localhost resolves to ")) == ("ok", True)
