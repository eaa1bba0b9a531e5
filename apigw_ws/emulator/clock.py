"""The time by which connections grow idle and old. Tests run it fast or push it on."""

from __future__ import annotations

import time
from collections.abc import Callable


class Clock:
    """Seconds that pass ``speed`` times as fast as real ones. It does not touch time-outs or signatures."""

    def __init__(self, speed: float = 1.0, now: Callable[[], float] = time.monotonic) -> None:
        self.speed = speed
        self._now = now
        self._offset = 0.0

    def time(self) -> float:
        return self._now() * self.speed + self._offset

    def advance(self, seconds: float) -> None:
        self._offset += seconds
