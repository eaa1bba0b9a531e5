"""Makes calls with libcurl: hundreds under way in one thread, over connections that are kept alive.

Importing this module raises ImportError without pycurl.
"""

from __future__ import annotations

import os
import threading
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

from apigw_ws.delivery.multi import Multi
from apigw_ws.delivery.signing import Signer
from apigw_ws.delivery.values import Answer, Endpoint
from apigw_ws.exceptions import ApigwWsError

#: The most hosts with connections that are kept for the next delivery.
_KEPT: Final = 4
#: Headers that are not sent: curl adds them, boto3 does not.
_UNSENT: Final = ["Content-Type:", "Accept:", "Expect:"]


class CurlLine:
    """See ``values.Line``. Its connections are kept for the next delivery to the same host."""

    def __init__(self, endpoint: Endpoint, payload: bytes, concurrency: int) -> None:
        self._sign = Signer(endpoint, payload)
        self._host = _Host(urlsplit(endpoint.url)[:2], endpoint.ca_bundle, endpoint.proxy)
        self._multi = _taken(self._host) or Multi(endpoint)
        self._multi.prepare(payload, concurrency)
        self._unsigned: list[tuple[Any, Answer]] = []

    def begin(self, connection_id: str, what: Any) -> None:
        try:
            url, headers = self._sign(connection_id)
        except ApigwWsError as error:  # no credentials (any longer)
            self._unsigned.append((what, Answer(0, getattr(error, "code", ""), str(error))))
        else:
            self._multi.begin(url, headers + _UNSENT, what)

    def answers(self, wait: float) -> list[tuple[Any, Answer]]:
        unsigned, self._unsigned = self._unsigned, []
        return unsigned + self._multi.answers(0 if unsigned else wait)

    def close(self) -> None:
        self._multi.abandon()
        _keep(self._host, self._multi)


class _Host(NamedTuple):
    origin: tuple[str, ...]
    ca_bundle: str
    proxy: str


_lock = threading.Lock()
_idle: Final[list[tuple[_Host, Multi]]] = []


def _taken(host: _Host) -> Multi | None:
    with _lock:
        found = next((index for index, (of, _) in enumerate(_idle) if of == host), None)
        return None if found is None else _idle.pop(found)[1]


def _keep(host: _Host, multi: Multi) -> None:
    with _lock:
        _idle.append((host, multi))
        dropped = _idle.pop(0)[1] if len(_idle) > _KEPT else None
    if dropped:
        dropped.close()


def close_idle() -> None:
    """Close the connections that are kept for the next delivery."""
    with _lock:
        dropped = [multi for _, multi in _idle]
        _idle.clear()
    for multi in dropped:
        multi.close()


if hasattr(os, "register_at_fork"):
    # The child would share the sockets, and closing its copies would end the parent's TLS.
    os.register_at_fork(before=close_idle)
