"""Times of the console: in the operator's zone, how long ago, and exactly on hover."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from apigw_ws.models import Refusal

pytestmark = pytest.mark.django_db

LIST = "/admin/apigw_ws/refusal/"


@pytest.fixture(autouse=True)
def refused_at_noon(settings: Any) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "apigw_ws_admin.zones.TimeZoneMiddleware"]
    settings.TIME_ZONE = "UTC"
    row = Refusal.objects.create(guard="origin", phase="connect", status=403, reason="No.", times=1_234_567)
    Refusal.objects.filter(pk=row.pk).update(created_on=datetime(2026, 1, 31, 12, tzinfo=UTC))


def test_a_list_tells_how_long_ago_and_on_hover_the_operators_time(operator: Client) -> None:
    operator.cookies["apigw-ws-zone"] = "Asia/Tokyo"

    assert 'title="2026-01-31 21:00:00 JST"' in operator.get(LIST).text
    assert "created_on_from_0" in operator.get(LIST).text
    assert (
        "/change/"
        in operator.get(LIST, {"created_on_from_0": "2026-01-31", "created_on_from_1": "21:00"}).text
    )
    assert (
        "/change/"
        not in operator.get(LIST, {"created_on_from_0": "2026-01-31", "created_on_from_1": "21:01"}).text
    )


@pytest.mark.parametrize("zone", ["", "Nowhere/At_All", "../../etc/passwd", "/etc/localtime", "é"])
def test_a_zone_that_is_none_leaves_the_sites(operator: Client, zone: str) -> None:
    operator.cookies["apigw-ws-zone"] = zone

    assert 'title="2026-01-31 12:00:00 UTC"' in operator.get(LIST).text


def test_numbers_of_a_list_are_grouped_and_columns_still_sort(operator: Client) -> None:
    text = operator.get(LIST, {"o": "1"}).text

    assert "1,234,567" in text
    assert "column-created_on" in text
