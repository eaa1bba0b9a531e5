"""What the rollups tell of a span, and of now."""

from __future__ import annotations

import math
import random
from bisect import bisect_left
from typing import Any

import pytest

from apigw_ws.models import Rollup
from apigw_ws.services import trends
from apigw_ws.services.trends import SPANS

pytestmark = pytest.mark.django_db

HOUR, WEEK = SPANS["1h"], SPANS["7d"]


@pytest.fixture(autouse=True)
def minute(monkeypatch: pytest.MonkeyPatch) -> int:
    """It is the 40th second of this minute, a full hour of the clock."""
    now = 30_000_000
    monkeypatch.setattr(trends, "_clock", lambda: 60.0 * now + 40)
    return now


def row(minute: int, gateway: int = Rollup.ALL, **numbers: int) -> None:
    Rollup.objects.create(minute=minute, gateway=gateway, **numbers)


def test_an_hour_has_a_step_for_each_minute(minute: int) -> None:
    row(minute - 59, connects=1)
    row(minute - 60, connects=100)
    row(minute, connects=2)
    row(minute, gateway=7, connects=2)

    trend = trends.over(HOUR)

    assert len(trend.moments) == 60
    assert trend.moments[0].timestamp() == 60 * (minute - 59)
    assert trend.series["connects"] == (1, *[0] * 58, 2)


def test_a_week_is_added_up_by_two_hours(minute: int) -> None:
    for ago in (0, 1, 119, 120):
        row(minute - minute % 120 + 119 - ago, messages_in=1, live=10 * ago)

    trend = trends.over(WEEK)

    assert len(trend.moments) == 84
    assert trend.series["messages_in"][-2:] == (1, 3)
    assert trend.series["live"][-2:] == (1200, 400)


def test_before_anything_was_counted_nothing_is_known(minute: int) -> None:
    row(minute - 2, refusals=1)

    assert trends.over(HOUR).series["refusals"][-4:] == (None, 1, 0, 0)


def test_hours_in_which_nobody_counted_are_a_gap(minute: int) -> None:
    for ago in (50, 49, 5, 4):
        row(minute - ago, live=3, connects=1)

    series = trends.over(HOUR).series

    assert series["live"][9:15] == (3, 3, 3, 3, None, None)
    assert series["connects"][9:15] == (1, 1, 0, 0, None, None)
    assert series["connects"][-6:] == (1, 1, 0, 0, None, None)


def test_a_tick_that_comes_late_leaves_no_hole(minute: int) -> None:
    for ago, live in ((6, 3), (4, 5), (1, 0)):
        row(minute - ago, live=live)

    assert trends.over(HOUR).series["live"][-7:] == (3, 3, 5, 5, 5, 0, 0)


def test_without_a_reaper_an_idle_hour_is_known_to_be_idle(minute: int) -> None:
    row(minute - 40, connects=1)

    assert trends.over(HOUR).series["connects"][-3:] == (0, 0, 0)


def test_where_nothing_happened_the_trend_is_silent(minute: int) -> None:
    row(minute - 1, live=0)

    assert trends.over(HOUR).silent


def test_a_trend_and_now_cost_a_query_each(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(2):
        trends.over(WEEK)
        trends.now()


@pytest.mark.parametrize(
    ("took", "p50", "p95"),
    [
        ({}, None, None),
        ({"took_1": 1}, 0.5, 0.95),
        ({"took_10": 50, "took_100": 50}, 10, 95),
        ({"took_more": 2}, 19_500, 28_050),
    ],
)
def test_quantiles_lie_within_their_step(
    minute: int, took: dict[str, int], p50: float | None, p95: float | None
) -> None:
    row(minute, **took)

    trend = trends.over(HOUR)

    assert trend.series["p50"][-1] == pytest.approx(p50)
    assert trend.series["p95"][-1] == pytest.approx(p95)


def test_now_is_the_last_minute_that_everybody_has_written_down(minute: int) -> None:
    row(minute, connects=100, refusals=1)
    row(minute - 1, connects=3, send_failures=2, took_10=1)
    row(minute - 1, gateway=7, connects=3, send_failures=2)
    row(minute - 59, refusals=4)
    row(minute - 61, refusals=100)

    now = trends.now()

    assert now.minute.timestamp() == 60 * (minute - 1)
    assert (now.totals["connects"], now.totals["refusals"], now.totals["send_failures"]) == (3, 5, 2)
    assert [*now.gateways] == [7]
    assert now.gateways[7]["connects"] == 3
    assert now.p50 == pytest.approx(7.5)


@pytest.mark.parametrize(("ago", "live"), [(0, 4), (2, 4), (3, None)])
def test_live_sessions_are_as_they_were_sampled_last(minute: int, ago: int, live: int | None) -> None:
    row(minute - ago, live=4)
    row(minute - ago, gateway=7, live=4)

    now = trends.now()

    assert (now.counted is None) is (live is None)
    assert now.totals["live"] == (live or 0)
    assert now.gateways[7]["live"] == (live or 0)


def test_without_rollups_there_are_no_numbers() -> None:
    now = trends.now()

    assert (now.counted, now.p50, now.totals["connects"], now.gateways) == (None, None, 0, {})
    assert trends.over(HOUR).silent


@pytest.mark.parametrize("share", [0.5, 0.95])
def test_a_time_is_in_the_same_step_as_the_exact_one(share: float) -> None:
    raw = sorted(int(29_000 * random.Random(seed).random() ** 6) for seed in range(1_000))
    took = [0] * len(Rollup.TOOK)
    for milliseconds in raw:
        took[bisect_left(Rollup.STEPS, milliseconds)] += 1
    exact = raw[math.ceil(share * len(raw)) - 1]

    found = trends.quantile(share, took)

    assert found is not None
    assert bisect_left(Rollup.STEPS, found) == bisect_left(Rollup.STEPS, exact)
