"""Each guard on its own, and the order they are in."""

from __future__ import annotations

import re
from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client, override_settings

from apigw_ws import guards
from apigw_ws.events import Phase
from apigw_ws.models import ApiGateway, ChannelPermission, ChannelVerb, Refusal, WebSocketSession
from apigw_ws.services import access, gateways, rules, secrets
from apigw_ws.testing import WebSocketTestClient
from tests.app.factories import HOST, failing, new_gateway, new_user, session_of
from tests.emulator.serving import Served
from tests.guard_cases import GuardCases

pytestmark = pytest.mark.django_db


class TestChatView(GuardCases):
    path = "ws"


class TestTokenChatView(GuardCases):
    """The same, for a browser that has a token."""

    path = "tokened"

    @pytest.fixture
    def socket(self, gateway: ApiGateway) -> WebSocketTestClient:
        return TokenBringer(gateway, client=Client(enforce_csrf_checks=True))


class TokenBringer(WebSocketTestClient):
    token = ""

    def connect(self, **kwargs: Any) -> Any:
        if not self.token:
            browser = Client()
            browser.cookies = self.client.cookies
            self.token = browser.post("/ws-token/").json()["token"]
        return super().connect(**{"query": {"ws_token": self.token}, **kwargs})


def newest() -> Refusal:
    return Refusal.objects.latest("pk")


def connect(gateway: ApiGateway | None = None, client: Client | None = None, **kwargs: Any) -> int:
    return WebSocketTestClient(gateway or new_gateway(), client=client).connect(**kwargs).status_code


def signed_in(*args: Any, **kwargs: Any) -> Client:
    client = Client()
    client.force_login(new_user(*args, **kwargs))
    return client


def test_the_policy_is_read_top_to_bottom() -> None:
    names = {phase: [guard.__name__ for guard in policy] for phase, policy in guards.GUARDS.items()}

    arrival = ["headers_present", "gateway_known", "gateway_secret", "event_type"]
    assert names == {
        Phase.CONNECT: [
            *arrival,
            "not_banned",
            "origin",
            "user_rate",
            "rate",
            "token",
            "permissions",
            "channel",
        ],
        Phase.MESSAGE: [*arrival, "message_rate", "session_open", "login_valid", "not_banned", "permissions"],
        Phase.DISCONNECT: arrival,
    }


class TestGateway:
    def test_a_view_that_names_its_gateway_serves_no_other(self) -> None:
        client = Client(headers={"X-Office": "1", "X-Real-Ip": "192.0.2.1"})
        gateway = new_gateway("strict", api_id="zzz999")

        assert connect(gateway, client, headers={"Sec-WebSocket-Extensions": "permessage-deflate"}) == 403
        assert newest().facts == {"api_id": "zzz999", "served": "abc123"}

    def test_headers_that_a_view_asks_for_must_be_there(self) -> None:
        gateway = new_gateway("strict")

        assert connect(gateway) == 400
        assert newest().facts == {"missing": ["X-Office", "X-Real-Ip", "Sec-WebSocket-Extensions"]}
        client = Client(headers={"X-Office": "1", "X-Real-Ip": "192.0.2.1"})
        assert connect(gateway, client) == 400
        assert newest().facts == {"missing": ["Sec-WebSocket-Extensions"]}
        assert connect(gateway, client, headers={"Sec-WebSocket-Extensions": "permessage-deflate"}) == 200

    def test_a_gateway_without_a_secret_has_nothing_that_proves_it(self) -> None:
        gateway = new_gateway(secret_version=0)

        assert secrets.derive(gateway) == ""
        assert not secrets.needed(gateway)
        assert secrets.version_of(gateway, "") == secrets.version_of(gateway, "wrong") == 0
        gateway.secret_version, gateway.live_secret_version = 1, 0
        assert secrets.version_of(gateway, "") == 0
        gateway.live_secret_version = 1
        assert secrets.version_of(gateway, "") is None

    def test_a_secret_is_url_safe_and_its_own_for_every_gateway_and_version(self) -> None:
        gateway, other = new_gateway(), new_gateway(api_name="other", api_id="other")
        first = secrets.derive(gateway)
        gateway.secret_version = 2

        assert len({first, secrets.derive(gateway), secrets.derive(other)}) == 3
        assert re.fullmatch(r"[A-Za-z0-9_-]{43}", first)

    def test_a_rotation_that_is_not_deployed_yet_leaves_the_live_secret_good(self) -> None:
        gateway = new_gateway(live_secret_version=1)
        live = secrets.derive(gateway)
        gateway.secret_version = 2

        assert secrets.derive(gateway) != live
        assert secrets.version_of(gateway, live) == 1
        assert secrets.version_of(gateway, secrets.derive(gateway)) == 2
        gateway.live_secret_version = 2
        assert secrets.version_of(gateway, live) is None

    def test_a_deployment_ends_the_secret_before_it(self, aws: Served) -> None:
        gateway = new_gateway()
        gateway.create_gateway()
        before = secrets.derive(gateway)
        gateway.secret_version = 2
        gateway.save()

        assert (gateway.live_secret_version, secrets.version_of(gateway, before)) == (1, 1)
        gateway.create_gateway()
        assert (gateway.live_secret_version, secrets.version_of(gateway, before)) == (2, None)

    def test_a_known_gateway_is_read_once_and_again_when_it_changes(
        self, django_assert_num_queries: Any
    ) -> None:
        gateway = new_gateway()

        with django_assert_num_queries(1):
            assert gateways.by_api_id("abc123") == gateway
            assert gateways.by_api_id("abc123") == gateway
        gateway.api_name = "renamed"
        gateway.save()
        assert gateways.by_api_id("abc123").api_name == "renamed"  # type: ignore[union-attr]
        gateway.delete()
        assert gateways.by_api_id("abc123") is None

    def test_a_handler_that_changes_its_gateway_changes_no_other_events(self) -> None:
        new_gateway()
        for _ in range(2):
            found = gateways.by_api_id("abc123")
            assert found is not None
            assert found.api_name == "chat at ws"
            found.api_name = "changed"

        assert gateways.by_api_id("abc123").api_name == "chat at ws"  # type: ignore[union-attr]

    def test_a_secret_rotated_by_another_process_is_seen_at_once(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(gateways, "MIN_AGE", 0)
        gateway = new_gateway()
        socket = WebSocketTestClient(gateway)
        socket.connect()
        ApiGateway.objects.update(secret_version=2)  # sends no signal, as another process does not
        gateway.secret_version = 2

        assert socket.send({}).status_code == 200

    def test_deleting_a_gateway_closes_its_sessions(self) -> None:
        gateway = new_gateway()
        socket = WebSocketTestClient(gateway)
        socket.connect()
        gateway.delete()

        assert (session_of(socket).connected, session_of(socket).close_reason) == (False, "Gateway deleted")


class TestRate:
    @override_settings(APIGW_WS={"CONNECT_RATE_LIMIT": 2})
    def test_an_address_that_connects_too_often_is_refused_and_others_are_not(self) -> None:
        gateway = new_gateway()

        assert [connect(gateway) for _ in range(4)] == [200, 200, 429, 429]
        assert newest().facts == {"attempts": 2, "limit": 2, "seconds": 60}
        assert WebSocketTestClient(gateway, source_ip="2001:db8::7").connect().status_code == 200

    @override_settings(APIGW_WS={"CONNECT_RATE_LIMIT": 2})
    def test_refused_connects_count_but_not_those_refused_for_the_rate(self) -> None:
        gateway = new_gateway("staff")

        assert [connect(gateway) for _ in range(4)] == [403, 403, 429, 429]
        assert access.attempts("203.0.113.7", 60) == 2

    @override_settings(APIGW_WS={"CONNECT_RATE_LIMIT": 2})
    def test_a_foreign_page_cannot_lock_its_visitors_out(self) -> None:
        gateway = new_gateway()
        foreign = {"headers": {"Origin": "https://evil.example.org"}}

        assert [connect(gateway, **foreign) for _ in range(4)] == [403] * 4
        assert connect(gateway) == 200

    @override_settings(APIGW_WS={"CONNECT_RATE_LIMIT": 1})
    def test_addresses_of_one_ipv6_network_count_as_one(self) -> None:
        gateway = new_gateway()
        addresses = ["2001:db8:0:1::7", "2001:db8:0:1:a:b:c:d", "2001:db8:0:2::7"]

        answers = [WebSocketTestClient(gateway, source_ip=one).connect().status_code for one in addresses]

        assert answers == [200, 429, 200]

    @pytest.mark.parametrize(
        ("ip_address", "block"),
        [
            (None, None),
            ("203.0.113.7", "203.0.113.7"),
            ("::ffff:203.0.113.7", "203.0.113.7"),
            ("2001:db8::1:2:3:4", "2001:db8::"),
        ],
    )
    def test_an_address_counts_with_its_block(self, ip_address: str | None, block: str | None) -> None:
        assert access.block_of(ip_address) == block

    @override_settings(APIGW_WS={"CONNECT_RATE_LIMIT": 1, "CONNECT_RATE_WINDOW": 1})
    def test_the_window_passes(self) -> None:
        gateway = new_gateway()
        connect(gateway)
        WebSocketSession.objects.update(created_on="2026-01-01T00:00:00Z")

        assert connect(gateway) == 200

    @override_settings(APIGW_WS={"CONNECT_RATE_LIMIT": 0})
    def test_0_is_no_limit(self) -> None:
        gateway = new_gateway()

        assert {connect(gateway) for _ in range(3)} == {200}


class TestOrigin:
    @pytest.mark.parametrize("origin", [HOST, "https://example.com", "https://a.b.example.com:8443", ""])
    def test_the_same_site_and_clients_that_are_no_browser_may_connect(self, origin: str) -> None:
        assert connect(headers={"Origin": origin}) == 200

    @pytest.mark.parametrize("origin", ["https://example.org", "http://www.example.com", "null", "junk"])
    def test_others_may_not(self, origin: str) -> None:
        assert connect(headers={"Origin": origin}) == 403
        assert newest().facts == {"origin": origin, "host": "www.example.com"}
        assert newest().origin == origin

    def test_a_page_without_tls_may_not_connect_where_a_load_balancer_ends_the_tls(self) -> None:
        socket = WebSocketTestClient(new_gateway())
        socket.gateway.target_base_endpoint = f"{HOST}/ws/".replace("https", "http")  # as Django sees it

        assert socket.connect(headers={"Origin": "http://www.example.com"}).status_code == 403
        assert socket.connect(headers={"Origin": HOST}).status_code == 200

    def test_a_session_cookie_without_an_origin_is_refused(self) -> None:
        assert connect(client=signed_in(), headers={"Origin": ""}) == 403
        assert newest().reason == "A session cookie came without an Origin header."

    @override_settings(APIGW_WS={"ALLOWED_ORIGINS": ["https://pages.example.net"]})
    def test_the_settings_list_of_origins_replaces_the_default(self) -> None:
        gateway = new_gateway()

        assert connect(gateway, headers={"Origin": "https://pages.example.net"}) == 200
        assert connect(gateway, headers={"Origin": HOST}) == 403


class TestPermissions:
    def test_any_of_permissions_required_suffices(self) -> None:
        gateway = new_gateway("staff")

        assert connect(gateway) == 403
        assert newest().guard == "permissions"
        assert connect(gateway, signed_in("ada")) == 403
        assert newest().user is not None
        assert connect(gateway, signed_in("bob", "change_user")) == 200

    def test_all_of_all_permissions_required_are_needed(self) -> None:
        gateway = new_gateway("reviewers")

        assert connect(gateway, signed_in("ada", "change_user")) == 403
        assert connect(gateway, signed_in("bob", "change_user", "add_user")) == 200

    def test_a_permission_that_is_taken_away_ends_the_messages(self) -> None:
        client = signed_in("ada", "add_user")
        socket = WebSocketTestClient(new_gateway("staff"), client=client)
        assert [socket.connect().status_code, socket.send({}).status_code] == [200, 200]

        Permission.objects.filter(codename="add_user").delete()

        assert socket.send({}).status_code == 403

    def test_grants_are_kept_a_while_and_not_without_end(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(access, "_GRANTS_KEPT", 2)
        asked: list[str] = []
        users: list[Any] = [
            SimpleNamespace(pk=pk, has_perm=lambda name: not asked.append(name)) for pk in (1, 2, 3)
        ]

        for user in [users[0], users[0], users[1], users[2]]:
            assert access.has_permissions(user, [], ["a.b"])
        assert (len(asked), len(access._granted)) == (3, 1)
        monkeypatch.setattr(access, "GRANT_AGE", 0)
        assert access.has_permissions(users[2], [], ["a.b"])
        assert len(asked) == 4


class TestChannel:
    def test_the_urls_channel_or_else_the_gateways_default(self) -> None:
        gateway = new_gateway(default_channel_name="lobby")
        named, unnamed = WebSocketTestClient(gateway), WebSocketTestClient(gateway)
        named.connect(query={"channel": "news:en/1"})
        unnamed.connect()

        assert (session_of(named).channel_name, session_of(unnamed).channel_name) == ("news:en/1", "lobby")

    @pytest.mark.parametrize("name", ["a", "tenant-7.orders/new:1_A", "x" * 128])
    def test_letters_digits_and_some_marks_make_a_channel(self, name: str) -> None:
        assert connect(query={"channel": name}) == 200
        assert WebSocketSession.objects.get().channel_name == name

    @pytest.mark.parametrize("name", ["a b", "a\x00b", "x" * 129, "a\n", "Küche", "🎉", "٣", "a*"])
    def test_others_do_not(self, name: str) -> None:
        assert connect(query={"channel": name}) == 400
        assert newest().guard == "channel"

    @pytest.mark.parametrize(
        ("level", "let_in"),
        [
            ("everyone", ["nobody", "ada", "staff", "root"]),
            ("authenticated", ["ada", "staff", "root"]),
            ("staff", ["staff", "root"]),
            ("superusers", ["root"]),
        ],
    )
    def test_a_channel_is_for_whom_it_is(self, level: str, let_in: list[str]) -> None:
        ChannelPermission.objects.create(channel_name="room", access=level)
        visitors = {
            "nobody": Client(),
            "ada": signed_in("ada"),
            "staff": signed_in("staff", is_staff=True),
            "root": signed_in("root", is_staff=True, is_superuser=True),
        }
        gateway = new_gateway()

        answers = {name: connect(gateway, who, query={"channel": "room"}) for name, who in visitors.items()}

        assert [name for name, status in answers.items() if status == 200] == let_in

    def test_rules_are_alternatives_and_the_permissions_of_one_go_together(self) -> None:
        room = ChannelPermission.objects.create(channel_name="room", access="rules")
        rule = room.rules.create()
        rule.permissions.set(Permission.objects.filter(codename__in=["add_user", "change_user"]))
        room.rules.create().permissions.set(Permission.objects.filter(codename="delete_user"))
        room.rules.create()  # an empty rule lets nobody in
        visitors = [
            Client(),
            signed_in("a", "add_user"),
            signed_in("b", "add_user", "change_user"),
            signed_in("c", "delete_user"),
        ]
        gateway = new_gateway()

        assert [connect(gateway, who, query={"channel": "room"}) for who in visitors] == [403, 403, 200, 200]

    def test_a_gateways_default_is_a_channel_that_can_exist(self) -> None:
        new_gateway(default_channel_name="lobby").full_clean()
        with pytest.raises(ValidationError, match="letters without accents, digits and characters of"):
            new_gateway(api_name="other", default_channel_name="my room").full_clean()

    @pytest.mark.parametrize(
        ("name", "takes"), [("room", True), ("tenant-7.*", True), ("*", True), ("a**", False), ("a b", False)]
    )
    def test_a_permission_is_for_channels_that_can_exist(self, name: str, takes: bool) -> None:
        room = ChannelPermission(channel_name=name)
        assert str(room) == name
        with nullcontext() if takes else pytest.raises(ValidationError, match="single asterisks"):
            room.full_clean()

    def test_a_user_model_without_permissions_has_none(self) -> None:
        user: Any = SimpleNamespace(pk=1, is_authenticated=True, is_active=True)
        room = ChannelPermission.objects.create(channel_name="room", access="rules")
        rule = room.rules.create()

        rule.permissions.set(Permission.objects.filter(codename="add_user"))

        assert not rules.may(user, "room", ChannelVerb.JOIN)
        assert not access.has_permissions(user, ["auth.add_user"], [])
        assert str(rule) == "room: Join"

    @pytest.mark.parametrize("method", ["has_perm", "has_perms"])
    def test_a_user_model_may_bring_its_own_permissions(self, method: str) -> None:
        user: Any = SimpleNamespace(
            pk=1, is_authenticated=True, **{method: lambda asked: "add" in str(asked)}
        )
        room = ChannelPermission.objects.create(channel_name="room", access="rules")
        room.rules.create().permissions.set(Permission.objects.filter(codename="add_user"))

        assert rules.may(user, "room", ChannelVerb.JOIN)
        assert access.has_permissions(user, ["auth.add_user", "auth.change_user"], [])
        assert not access.has_permissions(user, ["auth.change_user"], [])
        assert not access.has_permissions(user, [], ["auth.change_user"])

    @override_settings(APIGW_WS={"ALLOW_UNLISTED_CHANNELS": False})
    def test_unlisted_channels_can_be_closed(self) -> None:
        gateway = new_gateway()

        assert connect(gateway, query={"channel": "room"}) == 403
        assert connect(gateway) == 200


class TestRefusals:
    def test_a_refusal_has_the_facts(self) -> None:
        socket = WebSocketTestClient(new_gateway(), client=signed_in())
        socket.connect(headers={"Origin": "https://evil.example.org"})

        row = newest()
        assert (row.guard, row.phase, row.status, row.ip_address) == ("origin", "connect", 403, "203.0.113.7")
        assert (row.api_gateway, row.connection_id) == (socket.gateway, socket.connection_id)
        assert (row.user_id is not None, str(row)) == (True, f"origin: {row.reason}")

    @override_settings(APIGW_WS={"REFUSALS_KEPT": 3, "CONNECT_RATE_LIMIT": 0})
    def test_only_the_newest_are_kept(self) -> None:
        gateway = new_gateway("staff")

        assert {connect(gateway) for _ in range(5)} == {403}
        assert Refusal.objects.count() == 3

    @override_settings(APIGW_WS={"REFUSALS_KEPT": 20, "CONNECT_RATE_LIMIT": 0})
    def test_a_flood_of_calls_without_the_secret_displaces_nothing_else(self) -> None:
        gateway = new_gateway("staff")
        connect(gateway)
        gateway.secret_version = 7

        assert {connect(gateway) for _ in range(25)} == {403}
        kept = Refusal.objects.order_by("pk").values_list("guard", flat=True)
        assert list(kept) == ["permissions", "secret", "secret"]

    def test_what_a_database_refuses_does_not_reach_it(self) -> None:
        """PostgreSQL takes neither NUL nor lone surrogates."""
        socket = WebSocketTestClient(new_gateway())
        socket.connect()

        assert socket.send(b'{"action": "change_channel", "channel": "a\\u0000\\ud83d"}').status_code == 400
        assert newest().facts == {"channel": "a?"}

    def test_facts_are_short(self) -> None:
        connect(headers={"Origin": "https://" + "x" * 9_000})

        assert len(newest().facts["origin"]) == 255

    def test_a_refusal_that_cannot_be_recorded_is_a_refusal(self, caplog: pytest.LogCaptureFixture) -> None:
        gateway = new_gateway("strict")
        with connection.execute_wrapper(failing):
            assert connect(gateway) == 400

        assert "could not be recorded" in caplog.text
