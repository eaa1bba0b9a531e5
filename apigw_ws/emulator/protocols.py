"""The emulator's sockets and HTTP connections, plugged into uvicorn.

WebSockets are the Sans-I/O protocol of ``websockets`` on a transport: it knows both of AWS's limits (message
and frame), and unlike ASGI it can send fragments, tell a lost client from one that closed, and cut one off.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from http.client import responses
from typing import Any, Final, cast

from httptools import HttpParserUpgrade
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from websockets.datastructures import Headers
from websockets.frames import Frame, Opcode
from websockets.http11 import Request, Response
from websockets.protocol import State
from websockets.server import ServerProtocol

from apigw_ws.emulator.connections import Ended
from apigw_ws.emulator.frames import MAX_FRAME, MAX_MESSAGE, fragments
from apigw_ws.emulator.values import HttpRequest

logger = logging.getLogger(__name__)

#: Seconds that a client has to answer a goodbye before it is cut off.
_FAREWELL: Final = 2.0
#: Messages that wait for the application before no more is read.
_WAITING: Final = 16


class HttpProtocol(HttpToolsProtocol):
    """Lets the application cut the connection: ``scope["state"]["abort"]()``.

    A WebSocket gets what came behind its handshake in the same piece, which uvicorn would drop.
    """

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(cast(asyncio.Transport, transport))
        self.app_state = {"abort": self.transport.abort}

    def data_received(self, data: bytes) -> None:
        self._piece = data
        super().data_received(data)

    def handle_websocket_upgrade(self) -> None:
        upgrade = cast(HttpParserUpgrade, sys.exc_info()[1])  # uvicorn calls this where it caught it
        super().handle_websocket_upgrade()
        if rest := self._piece[upgrade.args[0] :]:
            cast(SocketProtocol, self.transport.get_protocol()).data_received(rest)


class SocketProtocol(asyncio.Protocol):
    """One client's WebSocket. The application's ``serve_socket(socket, request)`` accepts or refuses it."""

    def __init__(self, config: Any, server_state: Any, app_state: Any, _loop: Any = None) -> None:
        self._serve = config.app.serve_socket
        self._server = server_state
        self._loop: asyncio.AbstractEventLoop = _loop or asyncio.get_running_loop()
        # No extensions: whether AWS ever compresses is not known, and it need not.
        self._protocol = ServerProtocol(max_size=(MAX_MESSAGE, MAX_FRAME))
        self._received: asyncio.Queue[str | bytes | Ended] = asyncio.Queue()
        self._writable = asyncio.Event()
        self._writable.set()
        self._opcode = Opcode.TEXT
        self._parts: list[bytes] = []
        self._ended = False
        #: What came while the handshake waits for its answer; None at all other times.
        self._early: bytearray | None = None
        self._timer: asyncio.TimerHandle | None = None

    # What the application calls.

    @property
    def peer(self) -> str:
        """The client's address."""
        return str(self._transport.get_extra_info("peername")[0])

    def accept(self, subprotocol: str = "") -> None:
        """Complete the handshake; messages come from now on."""
        if subprotocol:
            self._response.headers["Sec-WebSocket-Protocol"] = subprotocol
        self._answer(self._response)

    def refuse(self, status: int, body: bytes, content_type: str) -> None:
        """Answer the handshake with an HTTP response and close."""
        headers = Headers({"Content-Type": content_type, "Content-Length": str(len(body))})
        headers["Connection"] = "close"
        self._answer(Response(status, responses.get(status, ""), headers, body))

    async def receive(self) -> str | bytes | Ended:
        """The next message (bytes, if it was binary), or how the connection ended."""
        received = await self._received.get()
        if self._received.empty() and not self._transport.is_closing():
            self._transport.resume_reading()
        return received

    async def send(self, text: str) -> None:
        """Send a message in frames of at most 32 KB. Raises ConnectionResetError if the client has gone."""
        await self._writable.wait()
        if self._protocol.state is not State.OPEN or self._transport.is_closing():
            raise ConnectionResetError
        for number, (data, is_last) in enumerate(fragments(text.encode())):
            if number:
                self._protocol.send_continuation(data, is_last)
            else:
                self._protocol.send_text(data, is_last)
        self._flush()

    def close(self, code: int, reason: str) -> None:
        """Say goodbye. A client that does not answer is cut off a moment later."""
        if self._protocol.state is State.OPEN:
            self._protocol.send_close(code, reason)
            self._end(code, reason)
            self._flush()

    def abort(self) -> None:
        """Cut the connection without a word."""
        self._transport.abort()

    # What uvicorn and the event loop call.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._server.connections.add(self)

    def data_received(self, data: bytes) -> None:
        if self._early is not None:
            self._early += data
            if len(self._early) > MAX_MESSAGE:
                self._transport.pause_reading()
            return
        self._protocol.receive_data(data)
        for event in self._protocol.events_received():
            if isinstance(event, Request):
                self._greet(event)
            elif isinstance(event, Frame) and not self._ended:
                self._take(event)
        if self._protocol.parser_exc and (broken := self._protocol.close_sent):
            self._end(broken.code, broken.reason)
        self._flush()

    def eof_received(self) -> None:
        self._protocol.receive_eof()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end(1006, "")
        self._writable.set()
        self._server.connections.discard(self)
        if self._timer:
            self._timer.cancel()

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    def shutdown(self) -> None:
        """uvicorn stops."""
        self.close(1001, "Going away")
        self._transport.close()

    def _greet(self, request: Request) -> None:
        self._response = self._protocol.accept(request)
        if self._response.status_code != 101:  # not a handshake of RFC 6455
            self._protocol.send_response(self._response)
            return
        self._early = bytearray()
        task = self._loop.create_task(self._serve(self, _as_value(request)))
        self._server.tasks.add(task)
        task.add_done_callback(self._served)

    def _answer(self, response: Response) -> None:
        """Answer the handshake, and only then look at what the client sent behind it."""
        early, self._early = self._early, None
        if self._ended or self._transport.is_closing():
            return
        self._protocol.send_response(response)
        self._flush()
        self._transport.resume_reading()
        if early:
            self.data_received(bytes(early))

    def _served(self, task: asyncio.Task[None]) -> None:
        self._server.tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            logger.error("The emulator failed", exc_info=error)
            self.abort()

    def _take(self, frame: Frame) -> None:
        if frame.opcode is Opcode.CLOSE and (closed := self._protocol.close_rcvd):
            self._end(closed.code, closed.reason)
        elif frame.opcode in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
            if frame.opcode is not Opcode.CONT:
                self._opcode = frame.opcode
            self._parts.append(bytes(frame.data))
            if frame.fin:
                self._complete(b"".join(self._parts))
                self._parts.clear()

    def _complete(self, message: bytes) -> None:
        try:
            self._received.put_nowait(message.decode() if self._opcode is Opcode.TEXT else message)
        except UnicodeDecodeError:
            self._protocol.fail(1007, "Invalid UTF-8")
            self._end(1007, "Invalid UTF-8")
        if self._received.qsize() >= _WAITING:
            self._transport.pause_reading()

    def _end(self, code: int, reason: str) -> None:
        """The first reason for which it ends is the one that counts."""
        if not self._ended:
            self._ended = True
            self._received.put_nowait(Ended(code=code, reason=reason))

    def _flush(self) -> None:
        for data in self._protocol.data_to_send():
            if self._transport.is_closing():
                return
            if data:
                self._transport.write(data)
            elif self._transport.can_write_eof():
                self._transport.write_eof()  # and go on reading, lest a reset overtake the close frame
        if self._timer is None and self._protocol.close_expected():
            self._timer = self._loop.call_later(_FAREWELL, self._transport.abort)


def _as_value(request: Request) -> HttpRequest:
    path, _, query = request.path.partition("?")
    headers = tuple((name.lower(), _text(value)) for name, value in request.headers.raw_items())
    return HttpRequest(method="GET", raw_path=path, raw_query=query, headers=headers)


def _text(value: str) -> str:
    """A header's value so that it goes on to the backend with the bytes it came with."""
    try:
        return value.encode("latin-1").decode()
    except UnicodeDecodeError:
        return value
    except UnicodeEncodeError:  # websockets before 17 escapes what is not ASCII
        return value.encode("ascii", "surrogateescape").decode("utf-8", "replace")
