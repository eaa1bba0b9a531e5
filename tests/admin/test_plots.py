"""The paths of the small charts."""

from __future__ import annotations

import re

import pytest
from django.test import override_settings
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from apigw_ws_admin.plots import HEIGHT, bars, ceiling, number, stairs

SOME = st.lists(st.none() | st.floats(0, 1e12), min_size=1, max_size=20)


@pytest.mark.parametrize(
    ("highest", "top"),
    [(None, 2), (0, 2), (0.2, 2), (1, 2), (2, 2), (3, 4), (5, 6), (9, 10), (10, 20), (21, 40), (999, 1000)],
)
def test_a_chart_ends_at_a_number_whose_half_is_whole(highest: float | None, top: float) -> None:
    assert ceiling([None, highest, 0]) == top
    assert (top / 2).is_integer()


def test_a_bar_stands_on_the_ground_and_leaves_room_beside_it() -> None:
    assert bars([1, 0, None, 4], 4) == "M0.1 100V75h0.8V100ZM3.1 100V0h0.8V100Z"


def test_stairs_have_a_gap_where_there_is_nothing() -> None:
    assert stairs([1, 4, None, 2], 4) == "M0 75h1V0h1M3 50h1"
    assert stairs([None, None], 4) == bars([], 4) == ""


@override_settings(USE_THOUSAND_SEPARATOR=True)
def test_coordinates_are_written_in_no_language() -> None:
    with translation.override("de"):
        assert [number(value) for value in (1234.5, 0, 100, 1 / 3)] == ["1234.5", "0", "100", "0.33"]


@given(SOME)
def test_nothing_is_drawn_outside(values: list[float | None]) -> None:
    top = ceiling(values)

    for path in (bars(values, top), stairs(values, top)):
        for height in re.findall(r"(?:V|M[\d.]+ )([-\d.]+)", path):
            assert 0 <= float(height) <= HEIGHT
