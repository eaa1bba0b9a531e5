"""Limits how many calls are begun in a second."""

from __future__ import annotations

import math
from typing import Final

#: Seconds and answers after which the pace is adjusted.
_WINDOW: Final = 0.25
_ENOUGH: Final = 10
#: The most seconds to wait for so many answers.
_LONGEST: Final = 2.0
#: The share of throttled calls from which on the pace is too high.
_TOLERATED: Final = 0.05
#: The lowest pace, in calls per second: enough to notice that AWS answers again.
_FLOOR: Final = 5.0
#: After so many falls in a row that did not help, only one in ``_SELDOM`` windows may be another.
_FALLS: Final = 3
_SELDOM: Final = 40
#: Seconds whose calls may be begun at once.
_BURST: Final = 0.02


class Rate:
    """At most ``limit`` calls per second, less while AWS refuses more; ``limit`` may be changed at any time.

    If AWS limits the rate (429), the pace falls to what it let through, at most to half, and grows again:
    fast while it is far below what AWS took recently, then by a twenty-fifth per second. It may be used by
    one delivery after another, not by two at once.
    """

    def __init__(self, limit: float = math.inf) -> None:
        self.limit = limit
        self._pace = math.inf
        #: The most calls per second that AWS let through recently.
        self._best = 0.0
        self._falls = 0
        self._tokens, self._filled = 0.0, 0.0
        self._since = 0.0
        self._forget()

    @property
    def now(self) -> float:
        """Return the calls per second that are allowed now."""
        return min(self.limit, self._pace)

    def delay(self, now: float) -> float:
        """Return the seconds until a call may be begun."""
        pace = self.now
        if pace == math.inf:
            return 0.0
        if pace <= 0:
            return 1.0
        self._tokens = min(max(1.0, pace * _BURST), self._tokens + (now - self._filled) * pace)
        self._filled = now
        return 0.0 if self._tokens >= 1 else (1 - self._tokens) / pace

    def spend(self) -> None:
        """A call is begun."""
        self._tokens -= 1

    def note(self, now: float, *, throttled: bool = False, failed: bool = False, again: bool = False) -> None:
        """Count an answer. ``failed``: there was none, or AWS broke down; ``again``: it was a retry."""
        if again:
            self._repeated += 1
            self._in_vain += throttled
        else:
            self._first += 1
            self._throttled += throttled
            self._failed += failed
        answered = self._first + self._repeated
        if now - self._since >= (_WINDOW if answered >= _ENOUGH else _LONGEST):
            self._adjust(now - self._since, answered)
            self._since = now
            self._forget()

    def _forget(self) -> None:
        self._first = self._throttled = self._failed = self._repeated = self._in_vain = 0

    def _adjust(self, seconds: float, answered: int) -> None:
        taken = (answered - self._throttled - self._failed - self._in_vain) / seconds
        self._best = max(taken, self._best * 0.98)
        if self._too_fast(answered):
            self._falls += 1
            # If slowing down does not help, the rate is not the reason.
            if self._falls <= _FALLS or self._falls % _SELDOM == 0 or taken <= self._best / 2:
                self._pace = max(taken, min(self._pace, answered / seconds) / 2, _FLOOR)
            return
        self._falls = 0
        if self._pace < math.inf:
            far = self._pace < self._best * 0.75
            self._pace += (self._pace if far else self._best * 0.04) * min(seconds, 1.0)

    def _too_fast(self, answered: int) -> bool:
        """Whether the rate is too high: retries do not help against a client's full buffer, also a 429."""
        refused = self._throttled + self._failed + self._in_vain
        if refused > answered / 2:
            return refused > 2
        share = self._throttled / max(self._first, 1)
        helped = 1 - self._in_vain / self._repeated if self._repeated else 1.0
        return self._throttled > 2 and share * helped > _TOLERATED
