"""A real HTTP server that records what it is asked and answers as a test wants."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """One request as the backend saw it. Header names keep their spelling."""

    method: str
    path: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str | None:
        values = self.all(name)
        return values[-1] if values else None

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key.lower() == name.lower()]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    status: int = 200
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()


Answer = Callable[[Recorded], Reply]


@dataclass(slots=True, kw_only=True)
class Backend:
    url: str
    #: Changed by a test at any time.
    answer: Answer = lambda request: Reply()
    requests: list[Recorded] = field(default_factory=list)

    def wait(self, count: int = 1, *, path: str = "", seconds: float = 15) -> list[Recorded]:
        """The requests so far (below ``path``), once there are ``count`` of them."""
        deadline = time.monotonic() + seconds
        while len(found := [r for r in self.requests if r.path.startswith(path)]) < count:
            assert time.monotonic() < deadline, f"{len(found)} of {count} requests came"
            time.sleep(0.005)
        return found


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 1024
    backend: Backend


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    #: One write for headers and body; two would wait for each other's acknowledgement.
    wbufsize = -1
    server: _Server

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except OSError:
            self.close_connection = True

    def _serve(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        recorded = Recorded(
            method=self.command,
            path=self.path,
            headers=tuple(self.headers.items()),
            body=self.rfile.read(length),
        )
        self.server.backend.requests.append(recorded)
        reply = self.server.backend.answer(recorded)
        self.send_response(reply.status)
        for name, value in reply.headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        self.wfile.write(reply.body)

    do_GET = do_POST = do_PUT = do_DELETE = _serve

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@contextmanager
def recording_backend(answer: Answer = lambda request: Reply()) -> Iterator[Backend]:
    """A backend on a free port of 127.0.0.1."""
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.backend = Backend(url=f"http://127.0.0.1:{server.server_port}", answer=answer)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server.backend
        finally:
            server.shutdown()
            thread.join()
