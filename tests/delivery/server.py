"""A server that does to each request what a test says. One thread, so that a test knows the order."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import unquote


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    #: How many came before.
    number: int
    #: How many came before for the same connection ID.
    earlier: int
    connection_id: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    status: int = 200
    code: str = ""
    body: bytes = b""
    #: Seconds before it.
    after: float = 0.0
    #: Say nothing and close the connection, after so many bytes of the answer.
    cut: int | None = None


SENT = Reply()
GONE = Reply(status=410, code="GoneException")
THROTTLED = Reply(status=429, code="LimitExceededException")
FORBIDDEN = Reply(status=403, code="ForbiddenException", body=b'{"message":"Forbidden"}')
BROKEN = Reply(status=503, code="ServiceUnavailableException", body=b"{}")
RESET = Reply(cut=0)

Script = Callable[[Request], Reply]


@dataclass(slots=True)
class Server:
    script: Script
    scheme: str = "http"
    port: int = 0
    #: The connection IDs, in the order in which they were asked for.
    asked: list[str] = field(default_factory=list)
    #: Those that were answered 200.
    sent: list[str] = field(default_factory=list)
    accepted: int = 0
    #: Connections that are open.
    open: int = 0
    most_open: int = 0
    writers: list[asyncio.StreamWriter] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}/prod"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.append(writer)
        self.accepted += 1
        self.open += 1
        self.most_open = max(self.most_open, self.open)
        with suppress(asyncio.CancelledError, asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
            while await self._answer(reader, writer):
                pass
        self.open -= 1
        writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        fields = (line.partition(":") for line in lines if line)
        headers = {name.lower(): value.strip() for name, _, value in fields}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        connection_id = unquote(first.split()[1].rpartition("/")[2])
        earlier = self.asked.count(connection_id)
        request = Request(
            number=len(self.asked), earlier=earlier, connection_id=connection_id, headers=headers, body=body
        )
        self.asked.append(connection_id)
        reply = self.script(request)
        await asyncio.sleep(reply.after)
        if reply.status == 200 and reply.cut is None:
            self.sent.append(connection_id)
        writer.write(_written(reply)[: reply.cut])
        await writer.drain()
        return reply.cut is None


def _written(reply: Reply) -> bytes:
    lines = [f"HTTP/1.1 {reply.status} X", "x-amzn-RequestId: r-1", f"Content-Length: {len(reply.body)}"]
    if reply.code:
        lines.append(f"x-amzn-ErrorType: {reply.code}")
    return "\r\n".join([*lines, "", ""]).encode() + reply.body


@contextmanager
def serving(script: Script, tls: ssl.SSLContext | None = None) -> Iterator[Server]:
    server, loop, started = (
        Server(script, "https" if tls else "http"),
        asyncio.new_event_loop(),
        threading.Event(),
    )

    async def run() -> None:
        listening = await asyncio.start_server(server.serve, "127.0.0.1", 0, ssl=tls)
        server.port = listening.sockets[0].getsockname()[1]
        started.set()
        await stop.wait()
        for each in listening.sockets:
            loop.remove_reader(each.fileno())
        for _ in range(20):  # what was accepted a moment ago begins, and ends: a closed server would leak it
            await asyncio.sleep(0)
            for writer in server.writers:
                writer.transport.abort()
        listening.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    stop = asyncio.Event()
    thread = threading.Thread(target=lambda: loop.run_until_complete(run()))
    thread.start()
    started.wait()
    try:
        yield server
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()
