"""The pace that a delivery finds, against an AWS that exists in figures only: no clock but the test's."""

from __future__ import annotations

import math
import random
from collections import deque
from collections.abc import Callable

import pytest

from apigw_ws.delivery import Rate

Refuses = Callable[[float, int], bool]


class Bucket:
    """How AWS limits calls: so many per second, after a burst."""

    def __init__(self, rate: float, burst: float) -> None:
        self.rate, self.burst, self.tokens, self.filled = rate, burst, burst, 0.0

    def __call__(self, now: float, _client: int) -> bool:
        self.tokens = min(self.burst, self.tokens + (now - self.filled) * self.rate)
        self.filled = now
        if self.tokens < 1:
            return True
        self.tokens -= 1
        return False


def simulated(
    rate: Rate, refuses: Refuses, seconds: float, in_flight: int = 256, latency: float = 0.02
) -> list[tuple[float, bool]]:
    """When calls were answered, and whether they were refused; each refused one is made again."""
    answers, under_way = [], deque[tuple[float, int, bool, bool]]()
    again: deque[tuple[float, int]] = deque()
    now, client = 0.0, 0
    while now < seconds:
        while under_way and under_way[0][0] <= now:
            _, who, repeated, refused = under_way.popleft()
            rate.note(now, throttled=refused, again=repeated)
            answers.append((now, refused))
            if refused and not repeated:
                again.append((now + 0.2, who))
        while len(under_way) < in_flight and rate.delay(now) <= 0:
            rate.spend()
            if again and again[0][0] <= now:
                who, repeated = again.popleft()[1], True
            else:
                client += 1
                who, repeated = client, False
            under_way.append((now + latency, who, repeated, refuses(now, who)))
        now += 0.001
    return answers


def per_second(answers: list[tuple[float, bool]], since: float, *, refused: bool) -> float:
    last = answers[-1][0]
    return sum(one is refused for at, one in answers if at > since) / (last - since)


@pytest.mark.parametrize("ceiling", [math.inf, 10_000, 3_000])
def test_it_settles_at_what_aws_lets_through(ceiling: float) -> None:
    answers = simulated(Rate(ceiling), Bucket(2_500, 1_250), 8)

    assert per_second(answers, 2, refused=False) > 2_200
    assert per_second(answers, 2, refused=True) < 400


def test_below_the_limit_it_is_not_slowed_down() -> None:
    answers = simulated(Rate(2_000), Bucket(2_500, 1_250), 3)

    assert per_second(answers, 0, refused=False) == pytest.approx(2_000, rel=0.05)
    assert per_second(answers, 0, refused=True) == 0


def test_clients_that_read_too_slowly_do_not_slow_down_the_others() -> None:
    answers = simulated(Rate(5_000), lambda now, client: client % 10 == 0, 5)

    assert per_second(answers, 2, refused=False) > 3_500


def test_what_is_refused_at_any_pace_does_not_end_in_a_trickle() -> None:
    chance = random.Random(1)
    answers = simulated(Rate(5_000), lambda now, client: chance.random() < 0.2, 10)

    assert per_second(answers, 5, refused=False) > 400


def test_while_aws_refuses_everything_it_is_asked_a_few_times_only_and_then_used_again() -> None:
    def refuses(now: float, client: int) -> bool:
        return 2 < now < 32

    answers = simulated(Rate(5_000), refuses, 45)

    within = [at for at, _ in answers if 10 < at < 32]
    assert len(within) < 22 * 10
    assert per_second([one for one in answers if one[0] < 45], 42, refused=False) > 1_500


def test_a_few_refusals_are_no_sign() -> None:
    rate = Rate(100)
    for number in range(40):
        rate.note(number / 20, throttled=number in (3, 4))

    assert rate.now == 100


def test_breakdowns_slow_it_down_only_where_they_are_the_rule() -> None:
    for every, pace in ((11, math.inf), (1, 5.0)):
        rate = Rate()
        for number in range(4_000):
            rate.note(number / 500, failed=number % every == 0)
        assert rate.now == pace


def test_without_a_limit_nothing_waits_and_at_zero_everything() -> None:
    assert Rate().delay(1.0) == 0
    assert Rate(0).delay(1.0) == 1
