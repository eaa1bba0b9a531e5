"""Filters by moments, on the list of refusals."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apigw_ws.models import Refusal
from apigw_ws_admin.moments import ago
from tests.admin import rows

pytestmark = pytest.mark.django_db

LIST = "/admin/apigw_ws/refusal/"


@pytest.fixture
def noon(settings: Any) -> datetime:
    """A refusal at noon in Berlin, and one an hour later."""
    settings.TIME_ZONE = "Europe/Berlin"
    moment = timezone.make_aware(datetime(2026, 6, 1, 12))
    for hour in range(2):
        row = Refusal.objects.create(guard="origin", phase="connect", status=403, reason="No.")
        Refusal.objects.filter(pk=row.pk).update(created_on=moment + timedelta(hours=hour))
    return moment


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"from_0": "2026-06-01", "from_1": "12:30"}, 1),
        ({"to_0": "2026-06-01", "to_1": "12:30:00"}, 1),
        ({"from_0": "2026-06-01", "from_1": "11:59", "to_0": "2026-06-01", "to_1": "13:01"}, 2),
        ({"from_0": "2026-06-02"}, 0),
        ({"from_0": "2026-06-01"}, 2),
        ({"from_1": "12:30"}, 2),
        ({"from_0": "nonsense", "from_1": "12:30"}, 2),
    ],
)
def test_rows_from_a_moment_to_a_moment(
    operator: Client, noon: datetime, query: dict[str, str], found: int
) -> None:
    sent = {f"created_on_{name}": value for name, value in query.items()}

    text = operator.get(LIST, sent).text

    assert len(set(re.findall(f"{LIST}[0-9]+/change/", text))) == found


def test_the_rows_of_each_gateway_are_counted_in_one_query(
    operator: Client, django_assert_max_num_queries: Any
) -> None:
    for number in range(15):
        made = rows.gateway(number)
        for _ in range(number % 3):
            Refusal.objects.create(
                api_gateway=made, guard="origin", phase="connect", status=403, reason="No."
            )

    with django_assert_max_num_queries(12):
        text = operator.get(LIST, {"_facets": "True"}).text

    assert {"gateway-3 (0)", "gateway-4 (1)", "gateway-5 (2)"} <= set(
        re.findall(r"gateway-[345] \(\d\)", text)
    )


def test_how_long_ago_is_told_roughly() -> None:
    now = timezone.now()

    assert ago(now) == "just now"
    assert ago(now - timedelta(hours=3, minutes=7)).replace("\N{NO-BREAK SPACE}", " ") == "3 hours ago"
