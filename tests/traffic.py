"""Traffic for CloudWatch to tell of, at times of the test's choice."""

from __future__ import annotations

import time

from tests.emulator.serving import Served


def counted(
    aws: Served, api_id: str, metric: str, *, minutes_ago: float = 0, times: int = 1, value: float = 1.0
) -> None:
    """The stage “production” of the API counts ``metric``, as if it had happened then."""
    assert aws.emulator is not None
    metrics = aws.emulator.metrics
    metrics._now = lambda: time.time() - 60 * minutes_ago
    try:
        for _ in range(times):
            metrics.count(api_id, "production", "", metric, value)
    finally:
        metrics._now = time.time
