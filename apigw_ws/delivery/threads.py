"""Makes calls with boto3 from a few threads, without pycurl."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from queue import Empty, SimpleQueue
from typing import Any, Final

from apigw_ws.delivery.values import Answer, Endpoint

#: More threads gain nothing and slow the rest of the process down: boto3's work needs the GIL.
MOST: Final = 32


class ThreadLine:
    def __init__(self, endpoint: Endpoint, payload: bytes, concurrency: int) -> None:
        self._post, self._payload = endpoint.post, payload
        self._pool = ThreadPoolExecutor(min(concurrency, MOST), thread_name_prefix="apigw-ws-send")
        self._done: SimpleQueue[tuple[Any, Answer]] = SimpleQueue()

    def begin(self, connection_id: str, what: Any) -> None:
        self._pool.submit(self._call, connection_id, what)

    def answers(self, wait: float) -> list[tuple[Any, Answer]]:
        found: list[tuple[Any, Answer]] = []
        try:
            found.append(self._done.get(timeout=max(wait, 0.001)))
            while True:
                found.append(self._done.get_nowait())
        except Empty:
            return found

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _call(self, connection_id: str, what: Any) -> None:
        try:
            answer = self._post(connection_id, self._payload)
        except Exception as error:  # of any kind: the delivery waits for an answer
            answer = Answer(0, type(error).__name__)
        self._done.put((what, answer))
