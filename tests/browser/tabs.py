"""A page of Chromium that uses client.js, and a small real WebSocket server for it to talk to."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

ERROR_FRAME = '{"message": "Internal server error", "connectionId":"abc=", "requestId":"def="}'
START = """async ([url, options]) => {
  const { GatewaySocket } = await import("/static/apigw_ws/client.js");
  window.socket = new GatewaySocket(url, options);
  window.events = [];
  for (const type of ["open", "message", "close", "reconnecting", "error", "state"]) {
    socket.addEventListener(type, (event) => {
      const { detail, data, code, reason } = event;
      const error = detail instanceof Error && { code: detail.code, message: detail.message, ...detail };
      events.push({ type, ...(error || detail), ...(type === "message" && { data }),
                    ...(type === "close" && { code, reason }) });
    });
  }
  socket.connect();
}"""


@dataclass(slots=True)
class Tab:
    """`socket`, a GatewaySocket, and `events`, what it fired, are globals of the page."""

    page: Any

    def start(self, url: str, **options: Any) -> None:
        self.page.evaluate(START, [url, options])

    def run(self, expression: str, argument: Any = None) -> Any:
        return self.page.evaluate(expression, argument)

    def ask(self, request: str) -> None:
        """Start a request; `asked` is its promise."""
        self.run(f"() => {{ window.asked = {request}; asked.catch(() => {{}}) }}")

    def outcome(self, promise: str) -> Any:
        """What a promise came to: its value, or the code of its error."""
        return self.run(f"() => {promise}.catch(({{ code }}) => code)")

    def events(self, kind: str) -> list[dict[str, Any]]:
        fired: list[dict[str, Any]] = self.run("kind => events.filter((e) => e.type === kind)", kind)
        return fired

    def messages(self) -> list[Any]:
        return [event["data"] for event in self.events("message")]

    def wait(self, condition: str) -> None:
        self.page.wait_for_function(condition, polling=20)

    def stop_the_clock(self) -> None:
        """From now on only `pass_time` moves the page's timers and Date, and waits have no random part."""
        self.page.clock.install(time=0)
        self.page.clock.pause_at(1_000)
        self.run("() => { Math.random = () => 0 }")

    def pass_time(self, *, minutes: float) -> None:
        self.page.clock.run_for(int(minutes * 60_000))

    def wait_for(self, kind: str, count: int = 1) -> list[dict[str, Any]]:
        self.wait(f"events.filter((e) => e.type === '{kind}').length >= {count}")
        return self.events(kind)


@dataclass(slots=True)
class Peer:
    """The other side: answers as a gateway with a view behind it would."""

    url: str = ""
    #: The path and query of each handshake that succeeded.
    handshakes: list[str] = field(default_factory=list)
    received: list[Any] = field(default_factory=list)
    connections: list[ServerConnection] = field(default_factory=list)
    refuse: bool = False

    def accept(self, connection: ServerConnection, request: Any) -> Any:
        return connection.respond(403, "") if self.refuse else None

    def talk(self, connection: ServerConnection) -> None:
        self.handshakes.append(connection.request.path if connection.request else "")
        self.connections.append(connection)
        try:
            with suppress(ConnectionClosed):
                self.answer(connection)
        finally:
            self.connections.remove(connection)

    def answer(self, connection: ServerConnection) -> None:
        for text in connection:
            message = json.loads(text)
            self.received.append(message)
            if message["action"] == "echo":
                connection.send(text)
            if message["action"] == "fail":
                connection.send(ERROR_FRAME)

    def send(self, text: str) -> None:
        """To every connection, as a broadcast."""
        eventually(lambda: bool(self.connections))
        for connection in list(self.connections):
            with suppress(ConnectionClosed):
                connection.send(text)

    def drop(self, reason: str = "") -> None:
        """End the one connection, as API Gateway does."""
        self.until(1)
        self.connections[0].close(1001, reason)

    def actions(self) -> list[str]:
        return [message["action"] for message in self.received]

    def tokens(self) -> list[str]:
        return [parse_qs(urlsplit(path).query).get("ws_token", [""])[0] for path in self.handshakes]

    def until(self, count: int) -> None:
        """Returns once ``count`` connections are open."""
        eventually(lambda: len(self.connections) == count)

    def heard(self, count: int) -> list[str]:
        """The actions of all messages, once there are ``count`` of them."""
        eventually(lambda: len(self.received) >= count)
        return self.actions()


def eventually(check: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not check():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@contextmanager
def listening(peer: Peer, port: int = 0) -> Iterator[Peer]:
    with serve(peer.talk, "127.0.0.1", port, process_request=peer.accept) as server:
        peer.url = f"ws://127.0.0.1:{server.socket.getsockname()[1]}"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield peer
        finally:
            for connection in list(peer.connections):
                connection.close(1001)
            server.shutdown()
            thread.join()
