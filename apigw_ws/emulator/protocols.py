"""uvicorn's two protocols, changed where API Gateway differs from a web server."""

from __future__ import annotations

import asyncio
from typing import Any, Final, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from apigw_ws.emulator.frames import fragments

#: Seconds for which a client that broke a rule may still send before it is cut.
_DRAIN: Final = 2.0


class HttpProtocol(HttpToolsProtocol):
    """Lets the application cut the connection: ``scope["state"]["abort"]()``."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(cast(asyncio.Transport, transport))
        self.app_state = {"abort": self.transport.abort}


class SocketProtocol(WebSocketsSansIOProtocol):
    """Sends frames of at most 32 KB, tells a lost client from one that closed, and leaves with 1001."""

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.close_sent:
            event = {"type": "websocket.disconnect", "code": 1006, "reason": ""}
            self.queue.put_nowait(cast(Any, event))
        super().connection_lost(exc)

    def shutdown(self) -> None:
        if self.handshake_complete and not self.close_sent:
            event = {"type": "websocket.disconnect", "code": 1001, "reason": "Going away"}
            self.queue.put_nowait(cast(Any, event))
            self.conn.send_close(1001, "Going away")
            self.transport.write(b"".join(self.conn.data_to_send()))
            self.close_sent = True
        super().shutdown()

    def handle_parser_exception(self) -> None:
        """Say why and go on reading for a moment: closing at once would reset the connection, and the client
        would lose the close frame behind what it is still sending.
        """
        if self.close_sent:
            return
        assert self.conn.close_sent is not None  # noqa: S101
        code, reason = self.conn.close_sent.code, self.conn.close_sent.reason
        event = {"type": "websocket.disconnect", "code": code, "reason": reason}
        self.queue.put_nowait(cast(Any, event))
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.transport.write_eof()
        self.close_sent = True
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()
        self.close_timer = self.loop.call_later(_DRAIN, self.transport.close)

    async def send(self, message: Any) -> None:
        if message["type"] != "websocket.send":
            await super().send(message)
            return
        await self.writable.wait()
        if self.disconnected or self.close_sent or self.transport.is_closing():
            raise ClientDisconnected
        for number, (data, is_last) in enumerate(fragments(message["text"].encode())):
            if number:
                self.conn.send_continuation(data, is_last)
            else:
                self.conn.send_text(data, is_last)
        self.transport.write(b"".join(self.conn.data_to_send()))
