"""Token buckets: how many requests and connects an account, a stage and a route may have.

https://docs.aws.amazon.com/apigateway/latest/developerguide/websocket-api-protect.html
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from apigw_ws.emulator.values import DeployedStage


class TokenBucket:
    """Holds at most ``burst`` tokens and gains ``rate`` a second."""

    def __init__(self, rate: float, burst: float, now: Callable[[], float] = time.monotonic) -> None:
        self.limits = (rate, burst)
        self._tokens = burst
        self._now = now
        self._filled_at = now()

    def take(self) -> bool:
        """Whether a token was there; it is gone afterwards."""
        rate, burst = self.limits
        now = self._now()
        self._tokens = min(burst, self._tokens + (now - self._filled_at) * rate)
        self._filled_at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


class Throttle:
    """The limits of one account. A limit of a stage or route that is unset or 0 is the account's."""

    def __init__(
        self, *, connect_rate: float, request_rate: float, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._now = now
        self._connects = TokenBucket(connect_rate, connect_rate, now)
        self._requests = TokenBucket(request_rate, request_rate / 2, now)
        self._routes: dict[tuple[str, str, str], TokenBucket] = {}

    def connect(self, stage: DeployedStage) -> bool:
        """Whether another connection may be opened."""
        return self._connects.take() and self.route(stage, "$connect")

    def route(self, stage: DeployedStage, route_key: str) -> bool:
        """Whether the route may be called once more."""
        limits = _limits(stage.stage, route_key)
        return (limits is None or self._bucket(stage, route_key, limits).take()) and self._requests.take()

    def callback(self) -> bool:
        """Whether @connections may be called once more: it shares the account's requests."""
        return self._requests.take()

    def _bucket(self, stage: DeployedStage, route_key: str, limits: tuple[float, float]) -> TokenBucket:
        key = (stage.api_id, stage.stage_name, route_key)
        bucket = self._routes.get(key)
        if bucket is None or bucket.limits != limits:
            bucket = self._routes[key] = TokenBucket(*limits, self._now)
        return bucket


def _limits(stage: Any, route_key: str) -> tuple[float, float] | None:
    general = stage.get("DefaultRouteSettings") or {}
    own = (stage.get("RouteSettings") or {}).get(route_key) or {}
    rate = own.get("ThrottlingRateLimit") or general.get("ThrottlingRateLimit")
    burst = own.get("ThrottlingBurstLimit") or general.get("ThrottlingBurstLimit")
    if not rate and not burst:
        return None
    return float(rate or burst or 0), float(burst or max(1.0, rate or 0))
