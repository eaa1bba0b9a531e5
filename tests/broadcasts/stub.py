"""An `@connections` that counts: fast enough for many workers, and answering as a test wants."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import unquote

REASONS = {
    200: "OK",
    403: "Forbidden",
    410: "Gone",
    413: "Too Large",
    429: "Too Many Requests",
    500: "Server Error",
}


@dataclass(slots=True, kw_only=True)
class Stub:
    port: int = 0
    #: The status for a connection ID; changed by a test at any time.
    answer: Callable[[str], int] = lambda connection_id: 200
    #: Seconds that an answer takes.
    latency: float = 0.0
    #: How often each connection was posted to, and when.
    posts: Counter[str] = field(default_factory=Counter)
    moments: list[float] = field(default_factory=list)
    transports: list[asyncio.Transport] = field(default_factory=list)
    bodies: set[bytes] = field(default_factory=set)

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"


class _Answering(asyncio.Protocol):
    def __init__(self, stub: Stub) -> None:
        self.stub, self.data = stub, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.stub.transports.append(transport)

    def data_received(self, data: bytes) -> None:
        self.data += data
        while b"\r\n\r\n" in self.data:
            head, _, rest = self.data.partition(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
            if len(rest) < length:
                return
            self.data = rest[length:]
            self.stub.bodies.add(rest[:length])
            self.asked(unquote(head.split(b" ", 2)[1].decode().rpartition("/")[2]))

    def asked(self, connection_id: str) -> None:
        self.stub.posts[connection_id] += 1
        self.stub.moments.append(time.monotonic())
        status = self.stub.answer(connection_id)
        answer = f"HTTP/1.1 {status} {REASONS[status]}\r\ncontent-length: 0\r\n\r\n".encode()
        if self.stub.latency:
            asyncio.get_running_loop().call_later(self.stub.latency, self.transport.write, answer)
        else:
            self.transport.write(answer)


@contextmanager
def running_stub() -> Iterator[Stub]:
    stub = Stub()
    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(loop.create_server(lambda: _Answering(stub), "127.0.0.1", 0))
    stub.port = server.sockets[0].getsockname()[1]
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield stub
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        server.close()
        for transport in stub.transports:
            transport.abort()
        loop.run_until_complete(asyncio.sleep(0.01))
        loop.close()
