"""Times and durations in words: how long ago, how soon, of which day, and how long it took."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apigw_ws.models import Refusal
from apigw_ws_admin import moments
from tests.admin.reading import words

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def in_tokyo(settings: Any) -> None:
    settings.TIME_ZONE = "Asia/Tokyo"


@pytest.mark.parametrize(
    ("later", "said"),
    [(-90, "1 minute ago"), (-30, "just now"), (30, "just now"), (90.5, "in 1 minute"), (90_000, "in 1 day")],
)
def test_a_time_is_told_as_it_is_from_now(later: float, said: str) -> None:
    assert words(str(moments.past(timezone.now() + timedelta(seconds=later)))) == said


def test_of_another_day_the_date_is_told() -> None:
    assert words(str(moments.clock(NOON))) == "2026-01-31 21:00"
    assert re.fullmatch(r"\d\d:\d\d:\d\d", words(str(moments.clock(timezone.now()))))
    assert words(str(moments.clock(NOON, "day"))) == "31 Jan"
    assert 'title="2026-01-31 21:00:00 JST" data-clock="time">21:00<' in str(moments.clock(NOON, "time"))


def test_without_a_time_there_is_nothing() -> None:
    assert moments.clock(None) is moments.past(None) is None


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.0804, "80 ms"), (1.25, "1.2 s"), (119.94, "119.9 s"), (130.7, "2 min 10 s")]
)
def test_a_duration_has_two_or_three_digits(seconds: float, said: str) -> None:
    assert moments.lasting(seconds) == said


@pytest.mark.django_db
def test_on_the_page_of_a_record_there_is_room_for_both(operator: Client) -> None:
    refusal = Refusal.objects.create(guard="origin", phase="connect", status=403, times=1_234_567)
    Refusal.objects.update(created_on=NOON)

    text = words(operator.get(f"/admin/apigw_ws/refusal/{refusal.pk}/change/").text)

    assert re.search(r"ago 2026-01-31 21:00:00 JST", text)
    assert "1,234,567" in text
