"""What is kept of a refusal, and how many of a flood."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apigw_ws.models import ApiGateway, Refusal
from apigw_ws.services import bans, refusals
from apigw_ws.testing import WebSocketTestClient
from tests.app.factories import new_gateway

pytestmark = pytest.mark.django_db

FOREIGN = {"Origin": "https://evil.example.org"}


@pytest.fixture
def gateway(db: None) -> ApiGateway:
    return new_gateway()


def connect(gateway: ApiGateway, source_ip: str = "203.0.113.7", **kwargs: Any) -> int:
    return WebSocketTestClient(gateway, source_ip=source_ip).connect(**kwargs).status_code


def times() -> list[int]:
    return list(Refusal.objects.order_by("pk").values_list("times", flat=True))


def test_a_refusal_says_who_came_from_where_to_which_host(gateway: ApiGateway) -> None:
    connect(gateway, headers=FOREIGN, query={"ws_token": "very-secret", "page": "private"})

    (row,) = Refusal.objects.values()
    assert row["host"] == "www.example.com"
    assert (row["ip_address"], row["user_agent"]) == ("203.0.113.7", "Mozilla/5.0")
    assert row["facts"] == {"origin": "https://evil.example.org", "host": "www.example.com"}
    assert "secret" not in str(row)
    assert "private" not in str(row)


class TestFlood:
    def test_a_row_stands_for_those_that_were_left_out(
        self, gateway: ApiGateway, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(refusals, "_OF_ADDRESS", 2)
        assert {connect(gateway, headers=FOREIGN) for _ in range(5)} == {403}
        assert times() == [1, 1]
        assert connect(gateway, "192.0.2.1", headers=FOREIGN) == 403
        assert times() == [1, 1, 1]
        for tally in refusals._tallies.values():
            tally.minute -= 1

        assert connect(gateway, headers=FOREIGN) == 403
        assert times() == [1, 1, 1, 4]

    def test_what_is_left_out_costs_no_write(
        self, gateway: ApiGateway, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        bans.ban(network="203.0.113.7")
        monkeypatch.setattr(refusals, "_OF_ADDRESS", 1)
        connect(gateway)
        socket = WebSocketTestClient(gateway)
        with CaptureQueriesContext(connection) as captured:
            assert socket.connect().status_code == 403
        assert not [query["sql"] for query in captured if not query["sql"].startswith("SELECT")]

    @override_settings(APIGW_WS={"CONNECT_RATE_LIMIT": 3})
    def test_what_counts_as_an_attempt_is_bounded_by_the_limit_instead(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(refusals, "_OF_ADDRESS", 1)
        staff = new_gateway("staff")

        assert [connect(staff) for _ in range(5)] == [403, 403, 403, 429, 429]

    def test_of_calls_without_the_secret_a_hundred_a_minute_are_written(
        self, gateway: ApiGateway, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        monkeypatch.setattr(refusals, "_OF_ANYBODY", 2)
        gateway.api_id = "unknown"
        caplog.set_level("INFO", "apigw_ws.access")

        answers = {connect(gateway, f"192.0.2.{number}") for number in range(4)}

        assert (answers, times(), caplog.text.count("by gateway")) == ({403}, [1, 1], 4)

    def test_the_tallies_are_not_kept_without_end(
        self, gateway: ApiGateway, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(refusals, "_TALLIES_KEPT", 2)
        for number in range(5):
            connect(gateway, f"192.0.2.{number}", headers=FOREIGN)

        assert len(refusals._tallies) <= 2


def test_the_top_reasons_count_what_a_row_stands_for() -> None:
    def refused(guard: str, hours: float, times: int = 1) -> None:
        row = Refusal.objects.create(guard=guard, phase="connect", status=403, reason="No.", times=times)
        Refusal.objects.filter(pk=row.pk).update(created_on=timezone.now() - timedelta(hours=hours))

    refused("origin", hours=0.1)
    refused("origin", hours=2, times=5)
    refused("origin", hours=25, times=100)
    refused("rate", hours=0.5, times=2)

    found = [(one.guard, one.last_hour, one.last_day) for one in refusals.top(5)]
    assert found == [("origin", 1, 6), ("rate", 2, 2)]
    assert len(refusals.top(1)) == 1


def test_the_hits_of_a_ban_are_its_refusals(gateway: ApiGateway) -> None:
    made = bans.ban(network="203.0.113.7").ban
    connect(gateway)
    connect(gateway)
    connect(gateway, "192.0.2.1", headers=FOREIGN)

    assert refusals.of_bans() == {made.pk: 2}
