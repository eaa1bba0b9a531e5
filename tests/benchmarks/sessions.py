"""What the list of sessions costs with many rows: server time and queries of each page, refresh and search.

    python -m pytest tests/benchmarks/sessions.py -s        100,000 sessions, 10,000 of them open, on SQLite
    SESSIONS=1000000 TEST_DATABASE_URL=… (the same)         1,000,000, 100,000 open, on PostgreSQL

Each figure is the best of three: the CPU time of this process, and PostgreSQL's answers; what else a busy
machine does is not in it.
"""

from __future__ import annotations

import os
import time
from datetime import timedelta
from typing import Any, Final

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apigw_ws.models import ApiGateway, WebSocketSession
from apigw_ws.services import attention
from apigw_ws_admin import navigation
from apigw_ws_admin.screens.sessions import WebSocketSessionAdmin
from tests.admin.conftest import console  # noqa: F401  (fixture)

pytestmark = [pytest.mark.benchmark, pytest.mark.django_db(transaction=True)]

SESSIONS: Final = int(os.environ.get("SESSIONS", 100_000))
USERS: Final = 1000
GATEWAYS: Final = 20
CHANNELS: Final = 500
LIST: Final = "/admin/apigw_ws/websocketsession/"
AGENT: Final = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
RECENT: Final = "\n" + 20 * "1763892345.123 in say 200 12 345\n"
#: Milliseconds and queries that a page may take.
MOST: Final = (150, 12)
#: Milliseconds where the connected are sorted by what every message moves: an index on that would cost each
#: message more than such a page costs the few who ask for it.
MOST_UNINDEXED: Final = 250
UNINDEXED: Final = ("{idle_for}", "-{idle_for}", "{in_and_out}")

#: Placeholders are the gateway's ID and the places of columns.
PAGES: Final[dict[str, dict[str, str]]] = {
    "first page": {},
    "page 20": {"p": "20"},
    "last page": {"p": "400"},
    "last page of all": {"state": "all", "p": "400"},
    "live": {"state": "live"},
    "idle": {"state": "idle"},
    "expired": {"state": "expired"},
    "closed": {"state": "closed"},
    "all": {"state": "all"},
    "gateway": {"api_gateway__id__exact": "{gateway_id}"},
    "gateway, all": {"state": "all", "api_gateway__id__exact": "{gateway_id}"},
    "gateway, closed": {"state": "closed", "api_gateway__id__exact": "{gateway_id}"},
    "channel": {"channel": "channel-7"},
    "channel of a gateway": {"channel": "channel-7", "api_gateway__id__exact": "{gateway_id}"},
    "… and a user": {"channel": "channel-7", "api_gateway__id__exact": "{gateway_id}", "user": "user-77"},
    "user": {"user": "user-77"},
    "user, all": {"user": "user-77", "state": "all"},
    "user, closed, old": {"user": "user-77", "state": "closed", "for": "gt60"},
    "user of a gateway, all": {"user": "user-7", "state": "all", "api_gateway__id__exact": "{gateway_id}"},
    "nearly every user": {"user": "u", "state": "all"},
    "address": {"address": "10.0.3.7", "state": "all"},
    "connected for over an hour": {"for": "gt60"},
    "idle for less than a minute": {"idle": "lt1", "state": "all"},
    "idle for over 5 minutes": {"idle": "gt5"},
    "by connected for": {"o": "{connected_for}"},
    "all, the oldest first": {"o": "-{connected_for}", "state": "all"},
    "by idle for": {"o": "{idle_for}"},
    "by idle for, the longest first": {"o": "-{idle_for}"},
    "by in and out": {"o": "{in_and_out}"},
    "all by in and out": {"o": "{in_and_out}", "state": "all"},
    "search: connection ID": {"q": "7f3", "state": "all"},
    "search: many connection IDs": {"q": "7", "state": "all"},
    "search: user": {"q": "user-99"},
    "search: address": {"q": "10.0.3.7", "state": "all"},
    "search: nobody": {"q": "nobody", "state": "all"},
    "search: signs": {"q": "%_\\'", "state": "all"},
    "search: a long word": {"q": "x" * 5000, "state": "all"},
}


@pytest.fixture
def dated(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows may say when they were created."""
    monkeypatch.setattr(WebSocketSession._meta.get_field("created_on"), "auto_now_add", False)


def fill() -> ApiGateway:
    """A tenth is open, a fifth of those idle; the rest ended in the last weeks. Stored as they came, and
    vacuumed: the server would do that by itself, but while the pages are measured."""
    now = timezone.now()
    users = User.objects.bulk_create(User(username=f"user-{number}") for number in range(USERS))
    gateways = [ApiGateway.objects.create(api_name=f"gateway-{number}") for number in range(GATEWAYS)]
    for start in range(0, SESSIONS, 5000):
        WebSocketSession.objects.bulk_create(
            _session(number, now, users, gateways) for number in range(start, min(start + 5000, SESSIONS))
        )
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")
    return gateways[10]


def _session(number: int, now: Any, users: list[User], gateways: list[ApiGateway]) -> WebSocketSession:
    """Of the last 15 % of all, which came in the last two hours, two in three are open."""
    newer = SESSIONS - number
    lately = SESSIONS * 15 // 100
    is_open = newer <= lately and number % 3 > 0
    age = 7250 * newer / lately if newer <= lately else 7250 + 2 * (newer - lately)
    address = f"10.0.{number % 250}.{number // 250 % 250}"
    return WebSocketSession(
        connection_id=f"{number * 2_654_435_761 % 2**32:08x}=",  # as random as those of AWS
        user=users[number * 7 % USERS],
        api_gateway=gateways[number // 7 % GATEWAYS],
        channel_name=f"channel-{number // 10 % CHANNELS}",
        ip_address=address,
        address_block=address,
        user_agent=AGENT,
        recent=RECENT,
        connected=is_open,
        created_on=now - timedelta(seconds=age),
        active_on=now - timedelta(seconds=min(age, number % 750)),
        request_count=number * 31 % 997,
    )


def measured(browser: Client, query: dict[str, str], **headers: str) -> tuple[float, int, str]:
    """Milliseconds, queries and the answer's version."""
    took = []
    for _ in range(3):
        with CaptureQueriesContext(connection) as captured:
            started = time.process_time()
            response = browser.get(LIST, query, headers=headers)
            own = time.process_time() - started
        assert response.status_code in {200, 204}
        asked = sum(float(each["time"]) for each in captured) if connection.vendor == "postgresql" else 0.0
        took.append((own + asked) * 1000)
    return min(took), len(captured), response.headers.get("X-Live", "")


def filled(query: dict[str, str], gateway: ApiGateway) -> dict[str, str]:
    columns = ("action_checkbox", *WebSocketSessionAdmin.list_display)
    places = {name: place for place, name in enumerate(columns)}
    return {key: value.format(gateway_id=gateway.pk, **places) for key, value in query.items()}


def test_every_page_is_quick(dated: None) -> None:
    gateway, browser = fill(), Client()
    cache.set_many({attention.key(kind): 0 for kind in attention.KINDS}, None)  # one page in half a minute
    cache.set(navigation.environment_key(""), "", None)
    browser.force_login(User.objects.create_superuser("operator"))
    slow = []
    for name, query in PAGES.items():
        most = MOST_UNINDEXED if query.get("o") in UNINDEXED else MOST[0]
        query = filled(query, gateway)
        page, queries, version = measured(browser, query)
        refresh, _, _ = measured(browser, query, **{"HX-Request": "true", "X-Live": ""})
        nothing, _, _ = measured(browser, query, **{"HX-Request": "true", "X-Live": version})
        figures = f"{page:>7.0f} ms{refresh:>7.0f} ms refresh{nothing:>7.0f} ms unchanged{queries:>4} queries"
        print(f"{name:<32}{figures}")
        if max(page, refresh, nothing) > most or queries > MOST[1]:
            slow.append(name)
    assert slow == []
