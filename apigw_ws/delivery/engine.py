"""Delivers one message to many connections."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from typing import Final

from apigw_ws.delivery.feed import NO_IDS, Attempt, Feed
from apigw_ws.delivery.rates import Rate
from apigw_ws.delivery.threads import MOST, ThreadLine
from apigw_ws.delivery.values import Answer, Endpoint, Line, Outcome, Result, Target

try:
    from apigw_ws.delivery.curl import CurlLine
except ImportError:  # no pycurl, or one that does not match the installed libcurl
    CurlLine = None  # type: ignore[assignment, misc]

#: Calls under way at first, and answers until there is one more: a connection costs as much as 20 posts.
_AT_FIRST: Final = 16
_ANSWERS_PER_CONNECTION: Final = 4
#: Seconds between two calls of ``should_stop``.
_ASKED_EVERY: Final = 0.1
#: Seconds for which calls under way may still be answered after a stop.
_GRACE: Final = 2.0
_NO_ID: Final = Answer(400, "BadRequestException", "This is no connection ID.")


def is_fast() -> bool:
    """Return whether pycurl is installed; without it messages go through boto3, a twentieth as fast."""
    return CurlLine is not None


def deliver(
    targets: Iterable[Target],
    payload: bytes,
    *,
    endpoint: Endpoint,
    rate: Rate | None = None,
    concurrency: int = 256,
    should_stop: Callable[[], bool] = lambda: False,
    patience: float = 90.0,
) -> Iterator[Outcome]:
    """Send ``payload`` to every target; yield one outcome for each, in the order in which they are known.

    Targets are taken as they can be sent, and no more than a few times ``concurrency`` are held. At most
    ``rate.limit`` calls are begun in a second, fewer if AWS limits the rate. What AWS throttles, or breaks
    down over, or does not answer, is retried for ``patience`` seconds at most, so that a client may, rarely,
    get the message twice. Once there was no other answer for so long, or 20 answers in a row were
    Forbidden, or the first 20 targets got no answer at all, the rest has the same outcome without a
    call. When ``should_stop()``, called ten times a second, is true, the rest is CANCELLED, after the
    calls under way had two seconds to end.

    The caller should take outcomes without long pauses, because meanwhile calls under way go on only in the
    network. Closing the iterator ends it at once. Raises what ``targets`` raises.
    """
    width = concurrency if is_fast() else min(concurrency, MOST)
    feed = Feed(targets, rate or Rate(), held=2 * width, patience=patience)
    line: Line = (CurlLine if is_fast() else ThreadLine)(endpoint, payload, width)
    with closing(line):
        yield from _Run(feed, line, width, should_stop).outcomes()


class _Run:
    """Keeps the line busy with targets from the feed."""

    def __init__(self, feed: Feed, line: Line, width: int, should_stop: Callable[[], bool]) -> None:
        self._feed, self._line, self._width = feed, line, width
        self._should_stop = should_stop
        self._under_way: set[Attempt] = set()
        self._answered = 0
        self._asked = -math.inf
        self._until = math.inf

    def outcomes(self) -> Iterator[Outcome]:
        while True:
            now = time.monotonic()
            self._look(now)
            yield from self._begin(now)
            if now > self._until or (self._feed.is_over and not self._under_way):
                break
            yield from self._settle(self._line.answers(self._patience(now)))
        for attempt in self._under_way:
            yield self._feed.untried(attempt)
        yield from self._feed.rest()

    def _look(self, now: float) -> None:
        """Check whether to stop, and until when to wait for calls under way."""
        if now - self._asked >= _ASKED_EVERY:
            self._asked = now
            if self._should_stop():
                self._feed.stop(Result.CANCELLED)
        if self._feed.verdict is not None:
            self._until = min(self._until, now + _GRACE)

    def _begin(self, now: float) -> Iterator[Outcome]:
        width = min(self._width, _AT_FIRST + self._answered // _ANSWERS_PER_CONNECTION)
        while len(self._under_way) < width and (attempt := self._feed.take(now)):
            if attempt.target.connection_id in NO_IDS:
                yield from filter(None, [self._feed.settle(attempt, _NO_ID, now)])
                continue
            self._under_way.add(attempt)
            self._line.begin(attempt.target.connection_id, attempt)

    def _patience(self, now: float) -> float:
        if len(self._under_way) >= self._width or self._feed.is_over:
            return _ASKED_EVERY
        return min(_ASKED_EVERY, self._feed.wait(now))

    def _settle(self, answers: list[tuple[Attempt, Answer]]) -> Iterator[Outcome]:
        now = time.monotonic()
        self._answered += len(answers)
        for attempt, answer in answers:
            self._under_way.remove(attempt)
            if outcome := self._feed.settle(attempt, answer, now):
                yield outcome
