"""How often somebody may try, with and without a cache that the processes share."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.cache import cache
from django.core.cache.backends.locmem import LocMemCache
from django.db import connection
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext

from apigw_ws.models import ApiGateway, Refusal
from apigw_ws.services import access, limits
from apigw_ws.testing import WebSocketTestClient
from tests.app.factories import new_gateway, new_user

pytestmark = pytest.mark.django_db

FOREIGN = {"Origin": "https://evil.example.org"}


@pytest.fixture
def gateway(db: None) -> ApiGateway:
    return new_gateway()


@pytest.fixture(autouse=True)
def one_window(monkeypatch: pytest.MonkeyPatch) -> None:
    """No window ends in the middle of a test."""
    monkeypatch.setattr(limits, "time", Clock())


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def time(self) -> float:
        return self.now


class SharedCache(LocMemCache):
    """As far as Django can tell, one that other processes see too."""


class CacheThatIsDown(SharedCache):
    def add(self, *args: Any, **kwargs: Any) -> bool:
        raise ConnectionRefusedError


def use(settings: Any, backend: type[LocMemCache]) -> None:
    settings.CACHES = {"default": {"BACKEND": f"{__name__}.{backend.__name__}", "LOCATION": "limits"}}
    cache.clear()


@pytest.fixture
def shared(settings: Any) -> None:
    use(settings, SharedCache)


def connect(gateway: ApiGateway, source_ip: str = "203.0.113.7", **kwargs: Any) -> int:
    client = kwargs.pop("client", None)
    return WebSocketTestClient(gateway, source_ip=source_ip, client=client).connect(**kwargs).status_code


def signed_in(name: str) -> Client:
    client = Client()
    client.force_login(new_user(name))
    return client


class TestUser:
    @override_settings(APIGW_WS={"USER_RATE_LIMIT": 2})
    def test_a_user_who_connects_too_often_is_refused_from_wherever_they_come(
        self, gateway: ApiGateway
    ) -> None:
        ada = signed_in("ada")
        addresses = [f"192.0.2.{number}" for number in range(4)]

        assert [connect(gateway, one, client=ada) for one in addresses] == [200, 200, 429, 429]
        assert connect(gateway, client=signed_in("bob")) == 200
        assert [connect(gateway) for _ in range(3)] == [200] * 3
        refusal = Refusal.objects.earliest("pk")
        assert (refusal.guard, refusal.facts) == ("user_rate", {"attempts": 2, "limit": 2, "seconds": 60})
        assert str(refusal.user) == "ada"

    @override_settings(APIGW_WS={"USER_RATE_LIMIT": 2})
    def test_wrong_tokens_count_and_foreign_pages_do_not(self) -> None:
        tokened, ada = new_gateway("tokened"), signed_in("ada")

        assert [connect(tokened, client=ada, headers=FOREIGN) for _ in range(3)] == [403] * 3
        wrong = [connect(tokened, client=ada, query={"ws_token": "wrong"}) for _ in range(3)]
        assert wrong == [403, 403, 429]
        assert access.attempts("203.0.113.7", 60) == 2

    @override_settings(APIGW_WS={"USER_RATE_LIMIT": 1})
    def test_a_lock_ends_with_its_window_however_often_one_tries(
        self, gateway: ApiGateway, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ada = signed_in("ada")
        assert [connect(gateway, client=ada) for _ in range(5)] == [200, 429, 429, 429, 429]
        limits.time.now += 60  # type: ignore[attr-defined]

        assert connect(gateway, client=ada) == 200

    @override_settings(APIGW_WS={"USER_RATE_LIMIT": 0})
    def test_0_is_no_limit(self, gateway: ApiGateway) -> None:
        ada = signed_in("ada")

        assert {connect(gateway, client=ada) for _ in range(3)} == {200}

    @override_settings(APIGW_WS={"USER_RATE_LIMIT": 10})
    def test_no_edge_of_a_window_lets_twice_as_many_through(self, gateway: ApiGateway) -> None:
        ada, clock = signed_in("ada"), limits.time
        clock.now = 59.0  # type: ignore[attr-defined]
        assert [connect(gateway, client=ada) for _ in range(11)] == [200] * 10 + [429]

        let_in = []
        for clock.now in (60.0, 61.0, 75.0, 90.0, 119.0):  # type: ignore[attr-defined]
            let_in.append([connect(gateway, client=ada) for _ in range(11)].count(200))

        assert let_in == [0, 1, 2, 2, 5]


class TestMessages:
    @override_settings(APIGW_WS={"MESSAGE_RATE_LIMIT": 2})
    def test_a_connection_that_sends_too_much_is_refused_and_stays_open(self, gateway: ApiGateway) -> None:
        loud, calm = WebSocketTestClient(gateway), WebSocketTestClient(gateway)
        loud.connect()
        calm.connect()

        assert [loud.send({}).status_code for _ in range(4)] == [200, 200, 429, 429]
        assert calm.send({}).status_code == 200
        refusal = Refusal.objects.earliest("pk")
        assert (refusal.guard, refusal.phase, refusal.connection_id) == (
            "message_rate",
            "message",
            loud.connection_id,
        )
        limits.time.now += 11  # type: ignore[attr-defined]
        assert loud.send({}).status_code == 200

    @override_settings(APIGW_WS={"MESSAGE_RATE_LIMIT": 1})
    def test_counting_costs_no_query(self, gateway: ApiGateway) -> None:
        socket = WebSocketTestClient(gateway)
        socket.connect()
        socket.send({})
        for _ in range(20):
            socket.send({})
        with CaptureQueriesContext(connection) as captured:
            assert socket.send({}).status_code == 429
        assert [q["sql"] for q in captured if "additionalroute" not in q["sql"]] == []


class TestSharedCache:
    @override_settings(APIGW_WS={"CONNECT_RATE_LIMIT": 2})
    def test_connects_of_an_address_are_counted_there(self, shared: None, gateway: ApiGateway) -> None:
        with CaptureQueriesContext(connection) as captured:
            assert [connect(gateway) for _ in range(4)] == [200, 200, 429, 429]
        assert not [query for query in captured if "UNION" in query["sql"]]
        assert connect(gateway, "192.0.2.1") == 200
        limits._own.clear()  # another process has counts of its own
        assert connect(gateway) == 429
        limits.time.now += 60  # type: ignore[attr-defined]
        assert connect(gateway) == 200

    @override_settings(APIGW_WS={"CONNECT_RATE_LIMIT": 1})
    def test_an_ipv6_network_is_one_address(self, shared: None, gateway: ApiGateway) -> None:
        answers = [connect(gateway, ip) for ip in ("2001:db8::1", "2001:db8::2", "2001:db8:0:1::1")]

        assert answers == [200, 429, 200]

    def test_a_cache_that_is_down_keeps_nobody_out_and_the_process_counts(
        self, gateway: ApiGateway, settings: Any
    ) -> None:
        settings.APIGW_WS = {"CONNECT_RATE_LIMIT": 1}
        use(settings, CacheThatIsDown)

        assert [connect(gateway) for _ in range(2)] == [200, 429]

    def test_a_count_that_was_evicted_begins_anew(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(limits._own, "add", lambda *args: False)

        assert limits.messages_of("a", 10, 1) == 0
