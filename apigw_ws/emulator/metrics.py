"""What CloudWatch would know: counts and latencies of the real traffic, by minute.

https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-logging.html
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

#: (ApiId,), (ApiId, Stage) or (ApiId, Stage, Route).
Dimensions = tuple[str, ...]

UNITS = {"IntegrationLatency": "Milliseconds"}
MINUTES_KEPT = 24 * 60
SERIES_KEPT = 5_000
SAMPLES_KEPT = 200


@dataclass(slots=True)
class Bucket:
    """The values of one minute; percentiles come from a fair sample of them."""

    count: int = 0
    total: float = 0.0
    low: float = float("inf")
    high: float = float("-inf")
    sample: list[float] = field(default_factory=list)

    def add(self, value: float) -> None:
        self.count += 1
        self.total += value
        self.low = min(self.low, value)
        self.high = max(self.high, value)
        if len(self.sample) < SAMPLES_KEPT:
            self.sample.append(value)
        elif (place := random.randrange(self.count)) < SAMPLES_KEPT:  # noqa: S311
            self.sample[place] = value


class Metrics:
    """Buckets by dimensions, name and minute; memory is bounded by the oldest being dropped."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._series: dict[tuple[Dimensions, str], dict[int, Bucket]] = {}
        #: Whether the stage has DetailedMetricsEnabled for the route; the control plane knows.
        self.detailed: Callable[[str, str, str], bool] = lambda api_id, stage, route_key: False

    def count(self, api_id: str, stage: str, route_key: str, name: str, value: float = 1.0) -> None:
        """The value counts for the API, for its stage and, with detailed metrics, for the route."""
        minute = int(self._now() // 60)
        self._add((api_id,), name, minute, value)
        self._add((api_id, stage), name, minute, value)
        if route_key and self.detailed(api_id, stage, route_key):
            self._add((api_id, stage, route_key), name, minute, value)

    def names(self) -> Iterator[tuple[Dimensions, str]]:
        """Every series that has values."""
        return iter(list(self._series))

    def buckets(self, dimensions: Dimensions, name: str) -> dict[int, Bucket]:
        """The buckets of one series by minute since 1970; empty if nothing was counted."""
        return self._series.get((dimensions, name), {})

    def _add(self, dimensions: Dimensions, name: str, minute: int, value: float) -> None:
        series = self._series.get((dimensions, name))
        if series is None:
            series = self._series[dimensions, name] = {}
            if len(self._series) > SERIES_KEPT:
                del self._series[next(iter(self._series))]
        bucket = series.get(minute)
        if bucket is None:
            bucket = series[minute] = Bucket()
            if len(series) > MINUTES_KEPT:
                del series[next(iter(series))]
        bucket.add(value)
