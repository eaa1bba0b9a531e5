"""Calls backends over HTTP as API Gateway does: no redirects, no cookies, no headers of its own, no retry."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final

import aiohttp
from yarl import URL

from apigw_ws.emulator.context import Pairs
from apigw_ws.emulator.integration import Call

#: Shorter than the keep-alive of the usual servers (gunicorn closes after 2 s), so that a request hardly ever
#: meets a connection that is just being closed; a POST must not be repeated.
_KEEP_ALIVE: Final = 1.5
_NO_AUTOMATIC_HEADERS: Final = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")


class TimedOut(Exception):
    """The backend did not answer within the integration's time-out."""


class Unreachable(Exception):
    """The backend could not be called: name, network, TLS, or no HTTP."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a backend answered."""

    status: int
    headers: Pairs = ()
    body: bytes = b""

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers if key.lower() == name), "")


class Forwarder:
    """Keeps connections to backends alive. Made inside the running event loop, closed at its end."""

    def __init__(self, *, limit: int = 1000) -> None:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=limit, keepalive_timeout=_KEEP_ALIVE),
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=_NO_AUTOMATIC_HEADERS,
            auto_decompress=False,
        )

    async def send(self, call: Call) -> Answer:
        """The backend's answer to ``call``. Raises TimedOut or Unreachable, which name the URL."""
        where = call.url.partition("?")[0]  # the query may hold a client's token, and this goes into logs
        try:
            async with self._session.request(
                call.method,
                URL(call.url, encoded=True),
                headers=call.headers,
                data=call.body,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=call.timeout),
            ) as response:
                body = await response.read()
                return Answer(status=response.status, headers=tuple(response.headers.items()), body=body)
        except TimeoutError as exc:
            raise TimedOut(f"{where} did not answer within {call.timeout:g} s") from exc
        except (aiohttp.ClientError, OSError, ValueError, asyncio.IncompleteReadError) as exc:
            raise Unreachable(f"{where}: {exc}") from exc

    async def close(self) -> None:
        await self._session.close()
