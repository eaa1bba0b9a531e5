"""What it costs to count the members of every channel, and to show the list of channels.

    python -m pytest tests/benchmarks/channels.py -s        100,000 open sessions on SQLite
    TEST_DATABASE_URL=… (the same)                          on PostgreSQL

Every second session is in a further channel, too, and as many closed ones were. Figures: see ``sessions``.
"""

from __future__ import annotations

import os
import time
from datetime import timedelta
from typing import Any, Final

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apigw_ws.models import ApiGateway, ChannelMembership, WebSocketSession
from apigw_ws.services import figures
from tests.admin.conftest import console  # noqa: F401  (fixture)
from tests.benchmarks.sessions import dated  # noqa: F401  (fixture)

pytestmark = [pytest.mark.benchmark, pytest.mark.django_db]

HERE: Final = "/admin/apigw_ws/channel/"
PAGES: Final = (
    ("channels", HERE, {}),
    ("channels, page 5", HERE, {"p": "5"}),
    ("channels by name", HERE, {"o": "0"}),
    ("channels by messages", HERE, {"o": "-3"}),
    ("search", HERE, {"q": "channel-1"}),
    ("a channel", f"{HERE}page/", {"channel": "channel-0"}),
)
#: Milliseconds that a page may take.
MOST: Final = 150
SESSIONS: Final = int(os.environ.get("SESSIONS", 100_000))


def fill(channels: int) -> None:
    now = timezone.now()
    gateways = [ApiGateway.objects.create(api_name=f"gateway-{number}") for number in range(20)]
    for start in range(0, 2 * SESSIONS, 5000):
        made = WebSocketSession.objects.bulk_create(
            _session(number, channels, now, gateways) for number in range(start, start + 5000)
        )
        ChannelMembership.objects.bulk_create(
            ChannelMembership(session=session, name=f"channel-{number * 7 % channels}")
            for number, session in enumerate(made, start)
            if number % 2
        )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _session(number: int, channels: int, now: Any, gateways: list[ApiGateway]) -> WebSocketSession:
    return WebSocketSession(
        connection_id=f"connection-{number}=",
        api_gateway=gateways[number % 20],
        channel_name=f"channel-{number % channels}",
        connected=number % 4 < 2,
        created_on=now - timedelta(seconds=number % 7300),
        active_on=now - timedelta(seconds=number % 750),
        minute=int(now.timestamp()) // 60 - number % 5,
        in_minute=number % 9,
    )


def measured(browser: Client, path: str, query: dict[str, str]) -> tuple[float, int]:
    """Milliseconds and queries, the best of three."""
    took = []
    for _ in range(3):
        with CaptureQueriesContext(connection) as captured:
            began = time.process_time()
            assert browser.get(path, query).status_code == 200
            own = time.process_time() - began
        asked = sum(float(each["time"]) for each in captured) if connection.vendor == "postgresql" else 0.0
        took.append((own + asked) * 1000)
    return min(took), len(captured)


@pytest.mark.parametrize("channels", [500, 20_000])
def test_channels_are_counted_by_the_tick_and_shown_at_once(dated: None, channels: int) -> None:  # noqa: F811
    fill(channels)
    for turn in ("first", "again"):
        report = figures.count()
        assert report
        print(f"\n{channels} channels counted, {turn}: {report.milliseconds} ms")
    browser = Client()
    browser.force_login(User.objects.create_superuser("operator"))
    for name, path, query in PAGES:
        took, queries = measured(browser, path, query)
        print(f"{name:<24}{took:>6.0f} ms{queries:>4} queries")
        assert took < MOST
