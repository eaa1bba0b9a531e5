"""Requests and connections of libcurl, multiplexed with poll().

Not with ``CurlMulti.select``, which is limited to file descriptors below 1024; nor with epoll, which
costs a system call for each request that begins or ends.
"""

from __future__ import annotations

import json
import math
import time
from select import POLLIN, POLLOUT, poll
from typing import Any, Final

import pycurl

from apigw_ws.delivery.values import OK, Answer, Endpoint, said

#: Time-outs in milliseconds: of connecting, and of a whole call.
_CONNECT, _CALL = 5_000, 10_000
#: The most bytes that are read of an error.
_READ: Final = 4096

#: botocore's names of errors, so that both ways to send have the same codes.
_ERRORS: Final = {
    **dict.fromkeys((5, 97), "ProxyConnectionError"),
    **dict.fromkeys((6, 7), "EndpointConnectionError"),
    **dict.fromkeys((35, 51, 53, 54, 58, 59, 60, 66, 77, 80, 82, 83, 90, 91), "SSLError"),
}
_TIMED_OUT: Final = 28

_EVENTS: Final = {
    pycurl.POLL_IN: POLLIN,
    pycurl.POLL_OUT: POLLOUT,
    pycurl.POLL_INOUT: POLLIN | POLLOUT,
}


class _Call:
    """A curl handle that is reused for many requests."""

    __slots__ = ("body", "handle", "head", "what")

    def __init__(self, endpoint: Endpoint) -> None:
        self.head, self.body, self.what = bytearray(), bytearray(), None
        self.handle = handle = pycurl.Curl()
        handle.setopt(pycurl.POST, 1)
        handle.setopt(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_1_1)
        handle.setopt(pycurl.NOSIGNAL, 1)
        handle.setopt(pycurl.PATH_AS_IS, 1)  # what is sent is what is signed
        handle.setopt(pycurl.CONNECTTIMEOUT_MS, _CONNECT)
        handle.setopt(pycurl.TIMEOUT_MS, _CALL)
        handle.setopt(pycurl.USERAGENT, "apigw-ws")
        handle.setopt(pycurl.PROXY, endpoint.proxy)  # empty: none, whatever the environment says
        if endpoint.ca_bundle:  # libcurl's own is where it was built
            handle.setopt(pycurl.CAINFO, endpoint.ca_bundle)
            handle.setopt(pycurl.PROXY_CAINFO, endpoint.ca_bundle)
        handle.setopt(pycurl.HEADERFUNCTION, self.head.extend)
        handle.setopt(pycurl.WRITEFUNCTION, self._read)

    def _read(self, data: bytes) -> None:
        self.body += data[: _READ - len(self.body)]

    def answer(self) -> Answer:
        status = self.handle.getinfo(pycurl.RESPONSE_CODE)
        answer = OK if status == 200 else _understood(status, bytes(self.head), bytes(self.body))
        self.head.clear()
        self.body.clear()
        return answer

    def failure(self, number: int, text: str) -> Answer:
        self.head.clear()
        self.body.clear()
        if number == _TIMED_OUT:
            connected = self.handle.getinfo(pycurl.PRETRANSFER_TIME) > 0
            return Answer(0, "ReadTimeoutError" if connected else "ConnectTimeoutError", text)
        return Answer(0, _ERRORS.get(number, "ConnectionClosedError"), text)


class Multi:
    """The connections to one host, and the requests that wait for them."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._multi = pycurl.CurlMulti()
        self._multi.setopt(pycurl.M_SOCKETFUNCTION, self._watch)
        self._multi.setopt(pycurl.M_TIMERFUNCTION, self._remind)
        self._sockets = poll()
        self._due = math.inf
        self._free: list[_Call] = []
        self._busy: dict[pycurl.Curl, _Call] = {}

    def prepare(self, payload: bytes, concurrency: int) -> None:
        self._payload = payload
        self._multi.setopt(pycurl.M_MAXCONNECTS, concurrency)
        for call in self._free:
            call.handle.setopt(pycurl.POSTFIELDS, payload)

    def begin(self, url: str, headers: list[str], what: Any) -> None:
        call = self._free.pop() if self._free else self._new()
        call.what = what
        call.handle.setopt(pycurl.URL, url)
        call.handle.setopt(pycurl.HTTPHEADER, headers)
        self._busy[call.handle] = call
        self._multi.add_handle(call.handle)

    def answers(self, wait: float) -> list[tuple[Any, Answer]]:
        pause = max(0.0, min(wait, self._due - time.monotonic()))
        for fd, events in self._sockets.poll(math.ceil(pause * 1000)):
            self._multi.socket_action(fd, _ready(events))
        if self._due <= time.monotonic():
            self._due = math.inf
            self._multi.socket_action(pycurl.SOCKET_TIMEOUT, 0)
        found = []
        queued = 1
        while queued:
            queued, answered, failed = self._multi.info_read()
            for handle in answered:
                call = self._release(handle)
                found.append((call.what, call.answer()))
            for handle, number, text in failed:
                call = self._release(handle)
                found.append((call.what, call.failure(number, text)))
        return found

    def abandon(self) -> None:
        """Give up the calls under way and close their connections."""
        for handle in list(self._busy):
            self._release(handle)

    def close(self) -> None:
        self.abandon()
        self._multi.close()
        for call in self._free:
            call.handle.close()

    def _new(self) -> _Call:
        call = _Call(self._endpoint)
        call.handle.setopt(pycurl.POSTFIELDS, self._payload)
        return call

    def _release(self, handle: pycurl.Curl) -> _Call:
        call = self._busy.pop(handle)
        self._multi.remove_handle(handle)
        self._free.append(call)
        return call

    def _watch(self, what: int, fd: int, _multi: Any, known: Any) -> None:
        if what == pycurl.POLL_REMOVE:
            self._sockets.unregister(fd)
        else:
            self._sockets.register(fd, _EVENTS[what])

    def _remind(self, milliseconds: int) -> None:
        self._due = math.inf if milliseconds < 0 else time.monotonic() + milliseconds / 1000


def _ready(events: int) -> int:
    """poll()'s events as libcurl's; 0, for a hang-up, lets libcurl see for itself."""
    return (events & POLLIN and pycurl.CSELECT_IN) | (events & POLLOUT and pycurl.CSELECT_OUT)


def _understood(status: int, head: bytes, body: bytes) -> Answer:
    """AWS's error code and message, from an answer that is not a success."""
    # The head of a proxy's answer or of a 100 is followed by another.
    last = head.decode("latin-1").rstrip().rpartition("\r\n\r\n")[2]
    fields = {
        name.strip().lower(): value.strip()
        for name, _, value in (line.partition(":") for line in last.split("\r\n"))
    }
    code = fields.get("x-amzn-errortype", "").partition(":")[0].rpartition("#")[2]
    return Answer(status, code or str(status), said(_message(body), fields.get("x-amzn-requestid", "")))


def _message(body: bytes) -> str:
    try:
        content = json.loads(body)
    except ValueError:
        return ""
    found = content.get("message", content.get("Message", "")) if isinstance(content, dict) else ""
    return found if isinstance(found, str) else ""
