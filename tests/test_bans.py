"""Who is kept out, of what, for how long, and what becomes of their open connections."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apigw_ws.exceptions import BanRefused
from apigw_ws.models import ApiGateway, AuditEvent, Ban, Refusal, WebSocketSession
from apigw_ws.services import bans, upkeep
from apigw_ws.testing import WebSocketTestClient
from tests.app.factories import new_gateway, new_user, session_of

pytestmark = pytest.mark.django_db

AGENT = "Mozilla/5.0 (X11; Linux) EvilBot/3.1"


@pytest.fixture
def gateway(db: None) -> ApiGateway:
    return new_gateway()


def connect(gateway: ApiGateway, *, channel: str = "", agent: str = AGENT, **kwargs: Any) -> int:
    socket = WebSocketTestClient(gateway, user_agent=agent, **kwargs)
    return socket.connect(query={"channel": channel} if channel else {}).status_code


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.mark.parametrize(
    ("network", "ip_address", "status"),
    [
        ("203.0.113.7", "203.0.113.7", 403),
        ("203.0.113.7", "203.0.113.8", 200),
        ("203.0.113.0/24", "203.0.113.250", 403),
        ("203.0.113.9/24", "203.0.113.250", 403),
        ("203.0.113.0/24", "203.0.114.1", 200),
        ("203.0.113.0/24", "2001:db8::1", 200),
        ("203.0.113.0/24", "::ffff:203.0.113.1", 403),
        ("::ffff:203.0.113.0/120", "203.0.113.1", 403),
        ("2001:db8:0:1::/64", "2001:db8:0:1:a::b", 403),
        ("2001:db8:0:1::/64", "2001:db8:0:2::b", 200),
        ("2001:db8::1", "2001:0db8:0::1", 403),
        ("::/32", "::1", 403),
    ],
)
def test_an_address_or_a_network_is_kept_out(
    gateway: ApiGateway, network: str, ip_address: str, status: int
) -> None:
    bans.ban(network=network)

    assert connect(gateway, source_ip=ip_address) == status


@pytest.mark.parametrize(
    ("pattern", "status"),
    [("evilbot", 403), ("*EVILBOT/3.*", 403), ("EvilBot*", 200), ("goodbot", 200), ("Evil[B]ot", 200)],
)
def test_a_user_agent_is_kept_out_by_a_part_of_it_or_by_a_pattern_of_it_all(
    gateway: ApiGateway, pattern: str, status: int
) -> None:
    bans.ban(user_agent=pattern)

    assert connect(gateway) == status


def test_a_user_is_kept_out_wherever_they_come_from(gateway: ApiGateway) -> None:
    ada = new_user()
    bans.ban(user=ada)

    assert connect(gateway, client=signed_in(ada)) == 403
    assert connect(gateway, client=signed_in(new_user("bob"))) == 200
    assert connect(gateway) == 200


def test_a_ban_from_a_channel_leaves_the_others_open(gateway: ApiGateway) -> None:
    bans.ban(network="203.0.113.7", channel="ops.*")

    assert [connect(gateway, channel=name) for name in ("ops.eu", "lobby", "")] == [403, 200, 200]
    assert connect(gateway, channel="ops.eu", source_ip="203.0.113.8") == 200


def test_a_channel_can_be_closed_to_everybody(gateway: ApiGateway) -> None:
    bans.ban(channel="ops")

    assert [connect(gateway, channel=name) for name in ("ops", "lobby")] == [403, 200]


def test_nobody_moves_into_a_channel_they_are_kept_out_of(gateway: ApiGateway) -> None:
    socket = WebSocketTestClient(gateway)
    socket.connect(query={"channel": "lobby"})
    bans.ban(network="203.0.113.7", channel="ops")

    assert socket.send({"action": "change_channel", "channel": "ops"}).status_code == 403
    assert socket.send({"action": "change_channel", "channel": "news"}).status_code == 200


def test_the_client_learns_nothing_and_the_operator_which_ban_it_was(gateway: ApiGateway) -> None:
    made = bans.ban(network="203.0.113.7", reason="Scraping").ban
    socket = WebSocketTestClient(gateway)
    response = socket.connect()

    assert (response.status_code, response.content) == (403, b"")
    refusal = Refusal.objects.get()
    assert (refusal.guard, refusal.reason) == ("ban", "A ban keeps the client out.")
    assert refusal.facts == {"ban": made.pk, "because": "Scraping"}


def test_a_ban_stops_by_itself(gateway: ApiGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    bans.ban(network="203.0.113.7", minutes=15)
    assert connect(gateway) == 403
    later = timezone.now() + timedelta(minutes=15)
    monkeypatch.setattr(timezone, "now", lambda: later)

    assert connect(gateway) == 200
    assert not Ban.objects.active().exists()
    assert Ban.objects.over().exists()


def test_a_lifted_ban_lets_in_at_once_and_is_on_record(gateway: ApiGateway) -> None:
    root = new_user("root")
    made = bans.ban(network="203.0.113.7", reason="Scraping", by=root, ip="192.0.2.1").ban
    assert connect(gateway) == 403

    assert bans.lift(made, by=root, ip="192.0.2.1")
    assert not bans.lift(made, by=root)

    assert connect(gateway) == 200
    events = AuditEvent.objects.order_by("pk").values_list("verb", "object_text", "who", "ip_address")
    assert list(events) == [
        ("ban", "an address", "root", "192.0.2.1"),
        ("lift_ban", f"an address (ban {Ban.objects.get().pk})", "root", "192.0.2.1"),
    ]


def test_a_change_by_another_process_is_seen_after_some_seconds(
    gateway: ApiGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, third = (WebSocketTestClient(gateway) for _ in range(3))
    assert first.connect().status_code == 200
    Ban.objects.bulk_create([Ban(network="203.0.113.7/32")])  # sends no signal, as another process does not
    assert second.connect().status_code == 200
    monkeypatch.setattr(bans, "MAX_AGE", 0)

    assert third.connect().status_code == 403


def test_the_bans_are_read_once_and_cost_a_connect_no_query(gateway: ApiGateway) -> None:
    bans.ban(network="192.0.2.0/24")
    bans.ban(user_agent="nosuchbot")
    first, second = WebSocketTestClient(gateway), WebSocketTestClient(gateway)
    first.connect()

    with CaptureQueriesContext(connection) as captured:
        assert second.connect().status_code == 200
    assert [query["sql"] for query in captured if "apigw_ws_ban" in query["sql"]] == []


class TestOpenConnections:
    def test_those_it_hits_are_closed_and_aws_is_still_to_be_told(self, gateway: ApiGateway) -> None:
        hit, spared = (WebSocketTestClient(gateway, source_ip=ip) for ip in ("203.0.113.7", "192.0.2.1"))
        hit.connect()
        spared.connect()

        assert bans.ban(network="203.0.113.0/28").closed == 1

        session = session_of(hit)
        assert (session.connected, session.closed_by, session.close_reason) == (False, "operator", "Banned")
        assert session.close_at_aws
        assert session_of(spared).connected
        assert AuditEvent.objects.get().after == {
            "ban": Ban.objects.get().pk,
            "reason": "",
            "until": None,
            "closed": 1,
        }

    @pytest.mark.parametrize(
        ("subject", "closed"),
        [
            ({"network": "203.0.113.7"}, 2),
            ({"network": "::/8", "wide": True}, 0),
            ({"user_agent": "EVILBOT"}, 1),
            ({"user_agent": "*evilbot*"}, 1),
            ({"channel": "ops"}, 1),
            ({"channel": "ops.*", "network": "203.0.113.7"}, 1),
            ({"channel": "nowhere"}, 0),
        ],
    )
    def test_only_those_are_closed(self, gateway: ApiGateway, subject: dict[str, Any], closed: int) -> None:
        connect(gateway, channel="ops")
        connect(gateway, channel="lobby", agent="curl")
        WebSocketSession.objects.get(user_agent="curl").memberships.create(name="ops.eu")

        assert bans.ban(**subject).closed == closed

    def test_aws_is_told_once_the_ban_is_committed(
        self, gateway: ApiGateway, django_capture_on_commit_callbacks: Any
    ) -> None:
        with django_capture_on_commit_callbacks() as callbacks:
            bans.ban(network="203.0.113.7")

        assert "_finish_closing" in [callback.__name__ for callback in callbacks]

    def test_a_users_are_closed(self, gateway: ApiGateway) -> None:
        ada = new_user()
        connect(gateway, client=signed_in(ada))
        connect(gateway)

        assert bans.ban(user=ada).closed == 1

    def test_who_came_in_by_another_process_is_closed_by_the_tick(self, gateway: ApiGateway) -> None:
        bans.ban(network="203.0.113.7")
        late = WebSocketSession.objects.create(
            connection_id="late", ip_address="203.0.113.7", address_block="203.0.113.7"
        )

        upkeep.once()

        late.refresh_from_db()
        assert (late.connected, late.close_reason) == (False, "Banned")

    def test_or_by_its_next_message(self, gateway: ApiGateway) -> None:
        socket = WebSocketTestClient(gateway)
        socket.connect()
        Ban.objects.bulk_create([Ban(network="203.0.113.7/32")])
        bans.forget()

        assert socket.send({"action": "say"}).status_code == 403
        assert not session_of(socket).connected
        assert Refusal.objects.get().guard == "ban"


class TestWhatIsRefused:
    @pytest.mark.parametrize(
        "subject",
        [
            {},
            {"network": "nonsense"},
            {"network": "203.0.113.300"},
            {"network": "203.0.113.7", "user_agent": "bot/1"},
            {"channel": "a b"},
        ],
    )
    def test_what_makes_no_ban(self, subject: dict[str, Any]) -> None:
        with pytest.raises(ValidationError):
            bans.ban(**subject)
        assert not Ban.objects.exists()

    def test_the_database_holds_one_subject_too(self) -> None:
        with pytest.raises(IntegrityError), transaction.atomic():
            Ban.objects.create()
        with pytest.raises(IntegrityError), transaction.atomic():
            Ban.objects.create(network="203.0.113.7/32", user_agent="bot")

    @pytest.mark.parametrize(
        "subject",
        [
            {"network": "0.0.0.0/0"},
            {"network": "::/0"},
            {"network": "10.0.0.0/8"},
            {"user_agent": "*"},
            {"user_agent": "Mozilla"},
            {"channel": "*"},
        ],
    )
    def test_what_hits_people_beyond_number_unless_it_shall(self, subject: dict[str, Any]) -> None:
        with pytest.raises(BanRefused):
            bans.ban(**subject)
        assert not AuditEvent.objects.exists()

        assert bans.ban(**subject, wide=True).ban.active

    def test_oneself(self) -> None:
        root = new_user("root")
        with pytest.raises(BanRefused, match="This is you"):
            bans.ban(user=root, by=root)
        with pytest.raises(BanRefused, match=r"Your own address, 192\.0\.2\.1"):
            bans.ban(network="192.0.2.0/24", by=root, ip="192.0.2.1", wide=True)
        with pytest.raises(BanRefused, match="Your own address"):
            bans.ban(network="192.0.2.0/24", by=root, ip="::ffff:192.0.2.1")
        assert bans.ban(network="192.0.2.0/24", by=root, ip="2001:db8::1").ban.active
        assert bans.ban(network="192.0.2.0/24", by=root, ip="").ban.active  # behind a Unix socket


def test_a_ban_says_whom_and_where(gateway: ApiGateway) -> None:
    ada = new_user()
    subjects = [
        Ban(user=ada),
        Ban(network="203.0.113.7/32", channel_name="ops"),
        Ban(network="2001:db8::1/128"),
        Ban(network="203.0.113.0/24"),
        Ban(channel_name="ops"),
    ]

    assert [ban.full_text for ban in subjects] == [
        "ada",
        "203.0.113.7 in ops",
        "2001:db8::1",
        "203.0.113.0/24",
        "Everybody in ops",
    ]
    assert [str(ban) for ban in subjects] == [
        "ada",
        "an address in ops",
        "an address",
        "an address",
        "Everybody in ops",
    ]
