"""Sizes, kinds of frames, idle time, age, and what the backend hears when a connection ends."""

from __future__ import annotations

import base64
import os
import socket
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.emulator.backend import Backend, Recorded
from tests.emulator.serving import Api, Served, running_emulator

KB = 1024
ENDING = {
    "integration.request.header.code": "context.disconnectStatusCode",
    "integration.request.header.reason": "context.disconnectReason",
}


@pytest.fixture
def api(aws: Served, backend: Backend) -> Api:
    return aws.create_api(backend.url, parameters=ENDING)


def closed(ws: ClientConnection) -> tuple[int, str]:
    """The code and reason with which the server ends the connection."""
    with pytest.raises(ConnectionClosed) as caught:
        ws.recv(timeout=5)
    frame = caught.value.rcvd
    assert frame is not None
    return frame.code, frame.reason


def ending(backend: Backend) -> tuple[str | None, str | None]:
    seen: Recorded = backend.wait(path="/disconnect")[0]
    assert seen.body == b""
    return seen.header("code"), seen.header("reason")


@contextmanager
def raw_socket(api: Api) -> Iterator[socket.socket]:
    """A client that can break every rule, after its handshake."""
    parts = urlsplit(api.socket_url)
    with socket.create_connection((str(parts.hostname), int(parts.port or 0)), timeout=5) as client:
        key = base64.b64encode(os.urandom(16)).decode()
        client.sendall(
            f"GET {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += client.recv(4096)
        assert answer.startswith(b"HTTP/1.1 101 ")
        yield client


def frame(opcode: int, payload: bytes, *, fin: bool = True) -> bytes:
    """A masked frame, the mask being zero."""
    length = struct.pack("!BH", 0x80 | 126, len(payload))
    return bytes([(0x80 if fin else 0) | opcode]) + length + bytes(4) + payload


def close_code(client: socket.socket) -> int:
    received = b""
    while len(received) < 4:
        received += client.recv(4096)
    assert received[0] == 0x88
    return int.from_bytes(received[2:4], "big")


def test_a_frame_of_32_kb_passes_and_a_byte_more_closes_with_1009(api: Api, backend: Backend) -> None:
    with connect(api.socket_url) as ws:
        ws.send("x" * 32 * KB)
        assert len(backend.wait(path="/default")[0].body) == 32 * KB
        ws.send("x" * (32 * KB + 1))
        assert closed(ws)[0] == 1009
    assert ending(backend)[0] == "1009"


def test_a_message_of_128_kb_passes_in_frames_and_a_byte_more_closes_with_1009(
    api: Api, backend: Backend
) -> None:
    with connect(api.socket_url) as ws:
        ws.send(["x" * 32 * KB] * 4)
        assert len(backend.wait(path="/default")[0].body) == 128 * KB
        with pytest.raises(ConnectionClosed):
            ws.send([*["x" * 32 * KB] * 4, "x"])
            ws.recv(timeout=5)
        assert ws.close_code == 1009


def test_a_client_that_goes_on_sending_still_learns_why_it_is_closed(api: Api, backend: Backend) -> None:
    with connect(api.socket_url) as ws:
        with pytest.raises(ConnectionClosed):
            for _ in range(50):
                ws.send("x" * 300 * KB)
        assert ws.close_code == 1009
    assert ending(backend)[0] == "1009"


def test_a_binary_frame_closes_with_1003(api: Api, backend: Backend) -> None:
    with connect(api.socket_url) as ws:
        ws.send(b"binary")
        assert closed(ws)[0] == 1003
    assert ending(backend)[0] == "1003"
    assert not [request for request in backend.requests if request.path == "/default"]


def test_invalid_utf_8_closes_with_1007(api: Api, backend: Backend) -> None:
    with raw_socket(api) as client:
        client.sendall(frame(1, b"\xff\xfe" * 100))
        assert close_code(client) == 1007
    assert ending(backend)[0] == "1007"


def test_a_character_may_be_cut_by_a_frame(api: Api, backend: Backend) -> None:
    text = ("é" * 100).encode()
    with raw_socket(api) as client:
        client.sendall(frame(1, text[:99], fin=False) + frame(0, text[99:]) + frame(1, b"next"))
        assert sorted(len(r.body) for r in backend.wait(2, path="/default")) == [4, 200]


def test_a_frame_without_a_mask_closes_with_1002(api: Api, backend: Backend) -> None:
    with raw_socket(api) as client:
        client.sendall(b"\x81\x05hello" + b"\x81\x05again" * 100)
        assert close_code(client) == 1002


def test_a_client_s_ping_is_answered(api: Api) -> None:
    with connect(api.socket_url) as ws:
        assert ws.ping().wait(3)


def test_a_close_without_a_code_is_1005_to_the_backend(api: Api, backend: Backend) -> None:
    with raw_socket(api) as client:
        client.sendall(b"\x88\x80\0\0\0\0")
        assert client.recv(100)[:1] == b"\x88"
    assert ending(backend) == ("1005", "Client-side close frame status not set")


def test_a_close_with_a_code_and_reason_is_told_to_the_backend(api: Api, backend: Backend) -> None:
    with connect(api.socket_url) as ws:
        ws.close(4001, "bored")
    assert ending(backend) == ("4001", "bored")


def test_a_reason_cannot_add_a_header(api: Api, backend: Backend) -> None:
    with connect(api.socket_url) as ws:
        ws.close(4001, "a\r\nX-Injected: 1")
    assert ending(backend) == ("4001", "a X-Injected: 1")


def test_a_lost_connection_is_1006_to_the_backend(api: Api, backend: Backend) -> None:
    with raw_socket(api):
        pass
    assert ending(backend)[0] == "1006"


def test_a_backend_that_fails_on_disconnect_changes_nothing(aws: Served) -> None:
    api = aws.create_api("http://127.0.0.1:1", ["$disconnect"])

    for _ in range(2):
        with connect(api.socket_url):
            pass


def test_ten_minutes_of_silence_close_the_connection(aws: Served, api: Api, backend: Backend) -> None:
    with connect(api.socket_url) as ws:
        aws.backstage("POST", "clock", {"advance": 599})
        ws.send("still here")
        backend.wait(path="/default")
        aws.backstage("POST", "clock", {"advance": 599})
        api.management.post_to_connection(
            ConnectionId=backend.requests[0].header("connectionId"), Data=b"me too"
        )
        assert ws.recv(timeout=10) == "me too"
        aws.backstage("POST", "clock", {"advance": 599})
        ws.ping().wait(3)
        aws.backstage("POST", "clock", {"advance": 2})

        assert closed(ws) == (1001, "Going away")
    assert ending(backend) == ("1001", "Going away")


def test_two_hours_close_the_connection_whatever_it_does(aws: Served, api: Api, backend: Backend) -> None:
    with connect(api.socket_url) as ws:
        for number in range(1, 13):
            aws.backstage("POST", "clock", {"advance": 599})
            ws.send("busy")
            backend.wait(number, path="/default")
        aws.backstage("POST", "clock", {"advance": 20})

        assert closed(ws) == (1001, "Going away")


def test_the_clock_can_run_fast(backend: Backend) -> None:
    with running_emulator(clock_speed=3000) as aws:
        api = aws.create_api(backend.url)
        started = time.monotonic()
        with connect(api.socket_url) as ws:
            assert closed(ws) == (1001, "Going away")
    assert time.monotonic() - started < 60


def test_deleting_a_stage_or_an_api_closes_its_connections(aws: Served, backend: Backend) -> None:
    control = aws.client("apigatewayv2")
    first, second = aws.create_api(backend.url), aws.create_api(backend.url)

    with connect(first.socket_url) as one, connect(second.socket_url) as two:
        control.delete_stage(ApiId=first.api_id, StageName=first.stage)
        assert closed(one) == (1001, "Going away")
        control.delete_api(ApiId=second.api_id)
        assert closed(two) == (1001, "Going away")


def test_stopping_says_goodbye_and_tells_the_backend(backend: Backend) -> None:
    with running_emulator() as aws:
        api = aws.create_api(backend.url, parameters=ENDING)
        with connect(api.socket_url) as ws:
            started = time.monotonic()
            assert aws.server is not None
            aws.server.stop()
            assert closed(ws) == (1001, "Going away")
    assert ending(backend) == ("1001", "Going away")
    assert time.monotonic() - started < 10
