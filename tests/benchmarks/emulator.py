"""How much the emulator carries: idle connections and their memory, and messages to a trivial backend.

Run it as a script (``python -m tests.benchmarks.emulator``) or with ``pytest tests/benchmarks/emulator.py``.
Client, emulator and backend are processes of their own: each may have only so many open files.
"""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import os
import resource
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from websockets.asyncio.client import ClientConnection, connect

from tests.emulator.serving import Served, emulator_process

CONNECTIONS = 10_000
CLIENTS = 40
SECONDS = 5.0
#: Far more than AWS allows an account, so that the limit is the machine's.
UNLIMITED = ("--connect-rate", "1000000")


@dataclass(frozen=True, slots=True, kw_only=True)
class Idle:
    """Many connections that do nothing."""

    connections: int
    connects_per_second: float
    kilobytes_each: float
    resident_megabytes: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundTrips:
    """Messages that each went to a backend and whose answer came back."""

    per_second: float
    #: Processor time of the emulator, in microseconds.
    cpu_each: float


def resident(pid: int) -> int:
    """The kilobytes of memory that a process holds."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))


def cpu(pid: int) -> float:
    """The seconds of processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def pid_of(aws: Served) -> int:
    assert aws.process is not None
    return aws.process.pid


def measure_idle(count: int = CONNECTIONS) -> Idle:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with emulator_process(*UNLIMITED) as aws:
        api = aws.create_api("http://127.0.0.1:1", ["$default"])
        before = resident(pid_of(aws))
        started = time.perf_counter()
        return asyncio.run(_hold(aws, api.socket_url, count, before, started))


async def _hold(aws: Served, url: str, count: int, before: int, started: float) -> Idle:
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(0, count, 100):
            await asyncio.gather(*(stack.enter_async_context(_idle(url)) for _ in range(100)))
        seconds = time.perf_counter() - started
        status, listed = await asyncio.to_thread(aws.backstage, "GET", "connections")
        assert (status, len(listed)) == (200, count)
        after = resident(pid_of(aws))
    return Idle(
        connections=count,
        connects_per_second=count / seconds,
        kilobytes_each=(after - before) / count,
        resident_megabytes=after / 1024,
    )


@contextlib.asynccontextmanager
async def _idle(url: str) -> AsyncIterator[None]:
    """A client that costs its own process next to nothing."""
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port, limit=2048)
    writer.write(
        f"GET {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101 ")
    yield
    writer.close()


class Echo(asyncio.Protocol):
    """The least that HTTP allows: answers each request with its body."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._received = b""

    def data_received(self, data: bytes) -> None:
        self._received += data
        while b"\r\n\r\n" in self._received:
            head, _, rest = self._received.partition(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
            if len(rest) < length:
                return
            body, self._received = rest[:length], rest[length:]
            self._transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (length, body))


def _serve_echo(pipe: Connection) -> None:
    async def serve() -> None:
        server = await asyncio.get_running_loop().create_server(Echo, "127.0.0.1", 0)
        pipe.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(serve())


@contextmanager
def trivial_backend() -> Iterator[str]:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve_echo, args=(theirs,), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{ours.recv()}"
    finally:
        process.terminate()
        process.join()
        ours.close()
        theirs.close()


def measure_round_trips(clients: int = CLIENTS, seconds: float = SECONDS) -> RoundTrips:
    with trivial_backend() as backend, emulator_process(*UNLIMITED, "--request-rate", "1000000") as aws:
        api = aws.create_api(backend, ["$connect", "$default"], two_way=["$default"])
        before = cpu(pid_of(aws))
        started = time.perf_counter()
        count = asyncio.run(_talk(api.socket_url, clients, seconds))
        elapsed = time.perf_counter() - started
        return RoundTrips(
            per_second=count / elapsed, cpu_each=(cpu(pid_of(aws)) - before) / count * 1_000_000
        )


async def _talk(url: str, clients: int, seconds: float) -> int:
    async with contextlib.AsyncExitStack() as stack:
        sockets = [await stack.enter_async_context(connect(url, compression=None)) for _ in range(clients)]
        deadline = time.perf_counter() + seconds
        return sum(await asyncio.gather(*(_ping_pong(ws, deadline) for ws in sockets)))


async def _ping_pong(ws: ClientConnection, deadline: float) -> int:
    message = '{"action": "x", "text": "%s"}' % ("a" * 64)
    count = 0
    while time.perf_counter() < deadline:
        await ws.send(message)
        assert await ws.recv() == message
        count += 1
    return count


@pytest.mark.benchmark
def test_ten_thousand_connections_wait_in_one_process() -> None:
    found = measure_idle()
    print(f"\n{found}")

    assert found.kilobytes_each < 40


@pytest.mark.benchmark
def test_messages_go_round_faster_than_a_web_application_answers() -> None:
    found = measure_round_trips()
    print(f"\n{found}")

    assert found.cpu_each < 1500


if __name__ == "__main__":
    print(measure_idle())
    print(measure_round_trips())
