from __future__ import annotations

from typing import Any

from apigw_ws.emulator.throttle import Throttle, TokenBucket
from apigw_ws.emulator.values import DeployedStage


class Time:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def stage(**settings: Any) -> DeployedStage:
    return DeployedStage(api_id="a", stage_name="s", api={}, stage=settings)


def test_a_bucket_gives_its_burst_and_then_its_rate() -> None:
    time = Time()
    bucket = TokenBucket(rate=2, burst=3, now=time)

    assert [bucket.take() for _ in range(4)] == [True, True, True, False]

    time.now = 1.0
    assert [bucket.take() for _ in range(3)] == [True, True, False]

    time.now = 100.0
    assert sum(bucket.take() for _ in range(10)) == 3


def test_a_stage_s_limit_holds_for_each_of_its_routes() -> None:
    throttle = Throttle(connect_rate=500, request_rate=10_000, now=Time())
    limited = stage(DefaultRouteSettings={"ThrottlingRateLimit": 1.0, "ThrottlingBurstLimit": 2})

    assert [throttle.route(limited, "a") for _ in range(3)] == [True, True, False]
    assert throttle.route(limited, "b")


def test_a_route_s_own_limit_goes_before_the_stage_s() -> None:
    throttle = Throttle(connect_rate=500, request_rate=10_000, now=Time())
    limited = stage(
        DefaultRouteSettings={"ThrottlingRateLimit": 1.0, "ThrottlingBurstLimit": 1},
        RouteSettings={"a": {"ThrottlingBurstLimit": 3}},
    )

    assert [throttle.route(limited, "a") for _ in range(4)] == [True, True, True, False]
    assert [throttle.route(limited, "b") for _ in range(2)] == [True, False]


def test_a_changed_limit_counts_at_once() -> None:
    throttle = Throttle(connect_rate=500, request_rate=10_000, now=Time())
    one, five = ({"DefaultRouteSettings": {"ThrottlingBurstLimit": n}} for n in (1, 5))

    assert [throttle.route(stage(**one), "a") for _ in range(2)] == [True, False]
    assert [throttle.route(stage(**five), "a") for _ in range(6)] == [True] * 5 + [False]


def test_an_unset_limit_is_the_account_s() -> None:
    throttle = Throttle(connect_rate=500, request_rate=20, now=Time())
    unset = stage(DefaultRouteSettings={"ThrottlingRateLimit": 0.0, "ThrottlingBurstLimit": 0})

    assert sum(throttle.route(unset, "a") for _ in range(30)) == 10
    assert not throttle.callback()


def test_a_rate_alone_is_its_own_burst() -> None:
    throttle = Throttle(connect_rate=500, request_rate=10_000, now=Time())
    limited = stage(DefaultRouteSettings={"ThrottlingRateLimit": 0.5})

    assert [throttle.route(limited, "a") for _ in range(2)] == [True, False]


def test_the_account_opens_only_so_many_connections_a_second() -> None:
    throttle = Throttle(connect_rate=5, request_rate=10_000, now=Time())

    assert [throttle.connect(stage()) for _ in range(6)] == [True] * 5 + [False]
