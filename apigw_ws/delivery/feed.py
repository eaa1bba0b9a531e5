"""Decides what is sent next, what is retried, and when the delivery is over."""

from __future__ import annotations

import heapq
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import count
from typing import Final

from apigw_ws.delivery.rates import Rate
from apigw_ws.delivery.values import Answer, Outcome, Result, Target

#: The most attempts for a target, by result.
_TRIES: Final = {Result.THROTTLED: 8, Result.FAILED: 4}
#: The most seconds before the second attempt, doubled for each further one.
_FIRST_PAUSE: Final = 0.25
_LONGEST_PAUSE: Final = 10.0
#: After so many forbidden ones in a row, or without any answer, the others are not tried.
HOPELESS: Final = 20
#: As path segments these would lead out of ``@connections`` (RFC 3986, 5.2.4).
NO_IDS: Final = frozenset({"", ".", ".."})

_BY_STATUS: Final = {
    200: Result.SENT,
    403: Result.FORBIDDEN,
    410: Result.GONE,
    413: Result.TOO_LARGE,
    429: Result.THROTTLED,
}


@dataclass(slots=True, eq=False)
class Attempt:
    target: Target
    number: int = 0
    #: When AWS first refused it.
    since: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Why no further call is begun."""

    result: Result
    code: str = ""
    said: str = ""


class Feed:
    """Takes targets one by one, and holds only those that wait to be retried."""

    def __init__(self, targets: Iterable[Target], rate: Rate, *, held: int, patience: float) -> None:
        self.rate = rate
        self.verdict: Verdict | None = None
        self._targets = iter(targets)
        self._next: Attempt | None = None
        self._ended = False
        self._again: list[tuple[float, int, Attempt]] = []
        self._held, self._patience = held, patience
        self._order = count()
        self._answered, self._hopeless, self._bad_since = False, 0, 0.0

    @property
    def is_over(self) -> bool:
        """Whether there will be nothing more to take."""
        return self.verdict is not None or (self._ended and self._next is None and not self._again)

    def take(self, now: float) -> Attempt | None:
        """Return what to try now."""
        if not self._has_something(now) or self.rate.delay(now) > 0:
            return None
        self.rate.spend()
        if self._again and self._again[0][0] <= now:
            attempt = heapq.heappop(self._again)[2]
        else:
            attempt, self._next = self._next, None  # type: ignore[assignment]
        attempt.number += 1
        return attempt

    def wait(self, now: float) -> float:
        """Return the seconds until there may be something to take, unless an answer comes before."""
        if self._has_something(now):
            return self.rate.delay(now)
        return max(0.0, self._again[0][0] - now) if self._again else 1.0

    def settle(self, attempt: Attempt, answer: Answer, now: float) -> Outcome | None:
        """Return the target's outcome by that answer; None: it will be retried."""
        result = _BY_STATUS.get(answer.status, Result.FAILED)
        unanswered = answer.status == 0 or answer.status >= 500
        bad = unanswered or result is Result.THROTTLED
        self.rate.note(now, throttled=result is Result.THROTTLED, failed=unanswered, again=attempt.number > 1)
        if bad and self._is_tried_again(attempt, result, now):
            outcome = None
        else:
            outcome = Outcome(
                target=attempt.target,
                result=result,
                code=answer.code,
                attempts=attempt.number,
                said=answer.said,
            )
        self._judge(outcome, answer, bad, now)
        return outcome

    def stop(self, result: Result, code: str = "", said: str = "") -> None:
        """Let no further call begin; the first reason counts."""
        self.verdict = self.verdict or Verdict(result=result, code=code, said=said)

    def untried(self, attempt: Attempt) -> Outcome:
        """Return the outcome of a target that was not answered before the verdict."""
        verdict = self.verdict or Verdict(result=Result.CANCELLED)
        return Outcome(
            target=attempt.target,
            result=verdict.result,
            code=verdict.code,
            attempts=attempt.number,
            said=verdict.said,
        )

    def rest(self) -> Iterator[Outcome]:
        """Yield the outcomes of all targets that were not taken."""
        while self._again:
            yield self.untried(heapq.heappop(self._again)[2])
        if self._next is not None:
            yield self.untried(self._next)
        for target in self._targets:
            yield self.untried(Attempt(target))

    def _has_something(self, now: float) -> bool:
        if self.verdict is not None:
            return False
        if self._again and (self._again[0][0] <= now or len(self._again) >= self._held):
            return self._again[0][0] <= now
        if self._next is None and not self._ended:
            target = next(self._targets, None)
            self._ended = target is None
            self._next = Attempt(target) if target is not None else None
        return self._next is not None

    def _is_tried_again(self, attempt: Attempt, result: Result, now: float) -> bool:
        if self.verdict is not None or attempt.number >= _TRIES[result]:
            return False
        longest = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2**attempt.number)
        due = now + random.uniform(0, longest)  # noqa: S311
        attempt.since = attempt.since or now
        if due - attempt.since > self._patience:
            return False
        heapq.heappush(self._again, (due, next(self._order), attempt))
        return True

    def _judge(self, outcome: Outcome | None, answer: Answer, bad: bool, now: float) -> None:
        """Whether going on makes sense."""
        if not bad:
            self._bad_since = 0.0
        elif not self._bad_since:
            self._bad_since = now
        elif now - self._bad_since > self._patience:
            self.stop(_BY_STATUS.get(answer.status, Result.FAILED), answer.code, answer.said)
        forbidden = answer.status == 403
        self._answered = self._answered or bool(answer.status and not forbidden)
        if forbidden or (outcome is not None and answer.status == 0 and not self._answered):
            self._hopeless += 1
        elif answer.status:
            self._hopeless = 0
        if self._hopeless >= HOPELESS and outcome is not None:
            self.stop(outcome.result, answer.code, answer.said)
