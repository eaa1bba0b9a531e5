"""Clients that break the handshake, leave at the wrong moment or flood, and an application that fails."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import os
import random
import socket
import threading
import time
from typing import Any
from urllib.parse import urlsplit

import pytest
from websockets.exceptions import InvalidMessage
from websockets.sync.client import connect

from apigw_ws.emulator.frames import fragments
from apigw_ws.emulator.protocols import SocketProtocol, _text
from tests.emulator.backend import Backend, Recorded, Reply
from tests.emulator.serving import Api, Served


def opened(api: Api, version: int = 13, behind: bytes = b"") -> socket.socket:
    """A client that has sent its handshake, and ``behind`` with it, and has not read the answer."""
    parts = urlsplit(api.socket_url)
    client = socket.create_connection((str(parts.hostname), int(parts.port or 0)), timeout=5)
    key = base64.b64encode(os.urandom(16)).decode()
    client.sendall(
        f"GET {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: {version}\r\n\r\n".encode()
        + behind
    )
    return client


def test_an_old_version_of_the_protocol_is_refused_without_asking_the_backend(
    aws: Served, backend: Backend
) -> None:
    with opened(aws.create_api(backend.url), version=8) as client:
        answer = client.recv(4096).decode()

    assert answer.startswith("HTTP/1.1 400 ")
    assert "invalid Sec-WebSocket-Version" in answer
    assert backend.requests == []


def test_a_client_that_leaves_before_it_is_refused_troubles_nobody(
    aws: Served, backend: Backend, caplog: pytest.LogCaptureFixture
) -> None:
    left = threading.Event()

    def refuse(request: Recorded) -> Reply:
        left.wait(5)
        return Reply(status=403)

    backend.answer = refuse
    opened(aws.create_api(backend.url)).close()
    backend.wait(path="/connect")
    time.sleep(0.05)
    left.set()
    time.sleep(0.1)

    assert [request.path for request in backend.requests] == ["/connect"]
    assert not [record for record in caplog.records if record.exc_info]


def test_what_comes_behind_the_handshake_in_one_piece_is_read_after_the_101(
    aws: Served, backend: Backend
) -> None:
    api = aws.create_api(backend.url, ["$connect", "$default"], two_way=["$default"])
    backend.answer = lambda request: Reply(body=request.body)
    ping, text = (bytes([opcode, 0x82]) + bytes(4) + b"hi" for opcode in (0x89, 0x81))
    with opened(api, behind=ping + text) as client:
        answer = b""
        while not answer.endswith(b"\x81\x02hi"):
            more = client.recv(4096)
            assert more
            answer += more

    assert answer.startswith(b"HTTP/1.1 101 ")
    assert answer.partition(b"\r\n\r\n")[2] == b"\x8a\x02hi\x81\x02hi"


def test_a_client_that_talks_before_it_is_refused_gets_its_refusal(aws: Served, backend: Backend) -> None:
    backend.answer = lambda request: Reply(status=403)
    with opened(aws.create_api(backend.url), behind=b"\x81\x82\x00\x00\x00\x00hi" * 50_000) as client:
        assert client.recv(4096).startswith(b"HTTP/1.1 403 ")


def test_a_flood_of_messages_is_read_to_the_last(aws: Served, backend: Backend) -> None:
    api = aws.create_api(backend.url, ["$connect", "$default"])
    flood = b"".join(
        bytes([0x81, 0x80 | len(word)]) + bytes(4) + word for word in (b"%d" % n for n in range(200))
    )
    with opened(api) as client:
        assert client.recv(4096).startswith(b"HTTP/1.1 101 ")
        client.sendall(flood)
        bodies = [request.body for request in backend.wait(200, path="/default", seconds=20)]

    assert sorted(map(int, bodies)) == list(range(200))


def test_a_failure_of_the_emulator_cuts_the_client_and_is_logged(
    aws: Served, backend: Backend, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(*arguments: Any) -> None:
        raise LookupError("for a test")

    api = aws.create_api(backend.url)
    assert aws.emulator is not None
    with monkeypatch.context() as patched:
        patched.setattr(aws.emulator, "serve_socket", fail)
        with pytest.raises((InvalidMessage, OSError, EOFError)), connect(api.socket_url):
            pass
    assert [str(r.exc_info[1]) for r in caplog.records if r.exc_info] == ["for a test"]


def test_a_failure_while_a_message_is_answered_is_logged_and_the_client_stays(
    aws: Served, backend: Backend, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    from apigw_ws.emulator.dataplane import DataPlane

    async def fail(*arguments: Any) -> None:
        raise LookupError("for a test")

    api = aws.create_api(backend.url)
    with connect(api.socket_url) as ws:
        with monkeypatch.context() as patched:
            patched.setattr(DataPlane, "message", fail)
            ws.send("x")
            deadline = time.monotonic() + 5
            while not caplog.records and time.monotonic() < deadline:
                time.sleep(0.01)
        ws.send("y")
        assert backend.wait(path="/default")[0].body == b"y"
    assert "for a test" in caplog.text


def test_a_header_keeps_its_bytes_whichever_way_websockets_decodes_them() -> None:
    sent = "Grüße".encode()

    assert _text(sent.decode("latin-1")) == "Grüße"
    assert _text(sent.decode("ascii", "surrogateescape")) == "Grüße"
    assert _text("\xff") == "\xff"


def test_what_is_sent_to_a_socket_that_is_not_open_is_refused(aws: Served) -> None:
    class Config:
        app = aws.emulator

    async def send() -> None:
        await SocketProtocol(Config, None, {}).send("x")

    with pytest.raises(ConnectionResetError):
        asyncio.run(send())


@pytest.mark.parametrize(("size", "pieces"), [(0, [0]), (1, [1]), (32768, [32768]), (32769, [32768, 1])])
def test_a_message_is_cut_where_a_frame_is_full(size: int, pieces: list[int]) -> None:
    found = list(fragments(b"x" * size))

    assert [len(data) for data, _ in found] == pieces
    assert [is_last for _, is_last in found] == [False] * (len(pieces) - 1) + [True]


def noise(source: random.Random) -> bytes:
    """Something like a few frames."""
    starts = (0x81, 0x82, 0x88, 0x89, 0x8A, 0x01, 0x00, 0x80, 0xFF)
    lengths = (0x80, 0x85, 0xFE, 0xFF)
    return b"".join(
        bytes([source.choice(starts), source.choice(lengths)]) + source.randbytes(source.randrange(40))
        for _ in range(source.randrange(1, 6))
    )


def test_no_noise_of_a_client_leaves_anything_behind(
    aws: Served, backend: Backend, caplog: pytest.LogCaptureFixture
) -> None:
    source = random.Random(20)
    api = aws.create_api(backend.url, two_way=["$default"])
    for _ in range(100):
        with opened(api) as client, contextlib.suppress(OSError):
            client.recv(4096)
            client.sendall(noise(source))
    backend.wait(100, path="/disconnect")

    assert len(backend.wait(path="/connect")) == len(backend.wait(path="/disconnect")) == 100
    assert aws.emulator is not None
    assert len(aws.emulator.registry) == 0
    assert not [record for record in caplog.records if record.exc_info]
