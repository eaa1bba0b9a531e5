"""What the sessions' only writer leaves behind, also when two processes write at once."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from io import StringIO
from threading import Barrier
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, connections, transaction
from django.test import Client
from django.utils import timezone

from apigw_ws.exceptions import Refused
from apigw_ws.models import ApiGateway, Refusal, WebSocketSession
from apigw_ws.services import gateways, logins, sessions
from apigw_ws.signals import disconnected
from apigw_ws.testing import WebSocketTestClient
from tests.app.factories import new_gateway, new_user, session_of

pytestmark = pytest.mark.django_db
in_parallel = pytest.mark.skipif(
    connection.vendor == "sqlite", reason="threads do not share SQLite in memory; the PostgreSQL run has this"
)


def new_session(name: str = "a=", **fields: Any) -> WebSocketSession:
    return WebSocketSession.objects.create(connection_id=name, **fields)


def at_once(first: Callable[[], Any], second: Callable[[], Any]) -> list[Any]:
    """Both results. The calls run at the same time, each with a connection to the database of its own."""
    barrier = Barrier(2)

    def run(call: Callable[[], Any]) -> Any:
        try:
            connection.ensure_connection()
            barrier.wait(10)
            return call()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(run, [first, second]))


class TestOpen:
    @pytest.mark.django_db(transaction=True)
    def test_a_gateway_that_another_process_deleted_is_refused_and_forgotten(self) -> None:
        gateway = new_gateway()
        socket = WebSocketTestClient(gateway)
        gateways.by_api_id(gateway.api_id)
        ApiGateway.objects.filter(pk=gateway.pk)._raw_delete("default")  # sends no signal

        assert [socket.connect().status_code, Refusal.objects.get().guard] == [403, "gateway"]
        assert gateways.by_api_id(gateway.api_id) is None

    def test_the_same_connection_twice_is_the_stored_session(self) -> None:
        gateway = new_gateway()
        first = sessions.open_session(WebSocketSession(connection_id="a=", api_gateway=gateway))
        with transaction.atomic():
            second = sessions.open_session(
                WebSocketSession(connection_id="a=", api_gateway=gateway, channel_name="other")
            )

        assert (second, second.channel_name) == (first, "")

    def test_a_connection_of_another_user_is_refused(self) -> None:
        gateway = new_gateway()
        sessions.open_session(WebSocketSession(connection_id="a=", api_gateway=gateway))

        with pytest.raises(Refused, match="belongs to another connection"):
            sessions.open_session(WebSocketSession(connection_id="a=", api_gateway=gateway, user=new_user()))

    @pytest.mark.django_db(transaction=True)
    @in_parallel
    def test_a_connect_delivered_twice_at_once_is_answered_twice_and_stored_once(self) -> None:
        socket = WebSocketTestClient(new_gateway())

        responses = at_once(socket.connect, socket.connect)

        assert [response.status_code for response in responses] == [200, 200]
        assert WebSocketSession.objects.count() == 1


class TestClose:
    def test_only_the_first_close_counts_and_is_heard(self) -> None:
        heard: list[WebSocketSession] = []

        def listen(session: WebSocketSession, **_: Any) -> None:
            heard.append(session)

        session = new_session()
        disconnected.connect(listen)
        try:
            assert sessions.close(session, code=1001, reason="Going away")
            assert not sessions.close(WebSocketSession.objects.get(), code=1006)
        finally:
            disconnected.disconnect(listen)

        session.refresh_from_db()
        assert (session.connected, session.close_code, session.close_reason) == (False, 1001, "Going away")
        assert heard == [session]

    def test_connections_that_aws_does_not_know_are_closed_and_heard_of(self) -> None:
        heard: list[str] = []

        def listen(session: WebSocketSession, **_: Any) -> None:
            heard.append(f"{session} {session.connected}")

        for name in ["a=", "b=", "c="]:
            new_session(name)
        disconnected.connect(listen)
        try:
            assert sessions.mark_gone(["a=", "b=", "unknown"]) == 2
        finally:
            disconnected.disconnect(listen)

        assert sorted(heard) == ["a= False", "b= False"]
        assert sessions.mark_gone(["a=", "c="]) == 1

    def test_a_newcomer_is_not_closed_by_a_broadcast_that_meets_it_too_early(self) -> None:
        """AWS answers 410 for a connection until its $connect is answered."""
        session = new_session(connected_on=timezone.now())

        assert sessions.mark_gone(["a="]) == 0
        sessions.touch(session)
        assert sessions.mark_gone(["a="]) == 1

    def test_a_silent_connection_is_closed_when_it_is_no_newcomer(self) -> None:
        new_session(connected_on=timezone.now())
        WebSocketSession.objects.update(created_on=timezone.now() - dt.timedelta(seconds=6))

        assert sessions.mark_gone(["a="]) == 1


class TestLogin:
    @pytest.fixture
    def socket(self) -> WebSocketTestClient:
        client = Client()
        client.force_login(new_user())
        opened = WebSocketTestClient(new_gateway(), client=client)
        opened.connect()
        return opened

    def test_a_deactivated_users_messages_are_refused_and_the_session_ends(
        self, socket: WebSocketTestClient
    ) -> None:
        user = session_of(socket).user
        assert user is not None
        type(user).objects.filter(pk=user.pk).update(is_active=False)

        assert socket.send({}).status_code == 403
        assert (session_of(socket).connected, session_of(socket).close_reason) == (False, "Login ended")

    def test_a_password_changed_behind_our_back_ends_the_session_at_the_next_message(
        self, socket: WebSocketTestClient
    ) -> None:
        user = session_of(socket).user
        assert user is not None
        user.set_password("new")
        type(user).objects.filter(pk=user.pk).update(password=user.password)

        assert socket.send({}).status_code == 403
        assert not session_of(socket).connected

    def test_a_login_survives_a_rotated_secret_key(self, socket: WebSocketTestClient, settings: Any) -> None:
        settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
        settings.SECRET_KEY = "another" * 10

        assert socket.send({}).status_code == 200
        user = session_of(socket).user
        assert user is not None
        user.save()
        assert session_of(socket).connected

    def test_users_without_an_auth_hash_need_only_be_active(self) -> None:
        user = new_user()
        session = WebSocketSession(connection_id="a=", user=user)

        assert logins.holds(session)
        user.is_active = False
        assert not logins.holds(session)
        assert logins.auth_hash(object()) == ""  # type: ignore[arg-type]


class TestGateways:
    def test_what_another_process_changed_is_seen_when_it_is_old(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        gateway = new_gateway()
        assert gateways.by_api_id(gateway.api_id) is not None
        ApiGateway.objects.update(api_name="renamed")

        assert gateways.by_api_id(gateway.api_id).api_name == gateway.api_name  # type: ignore[union-attr]
        assert gateways.by_api_id(gateway.api_id, max_age=-1).api_name == "renamed"  # type: ignore[union-attr]

    @pytest.mark.django_db(transaction=True)
    def test_what_was_read_before_a_change_was_committed_is_forgotten(self) -> None:
        gateway = new_gateway()
        with transaction.atomic():
            gateway.api_name = "renamed"
            gateway.save()
            gateways._known[gateway.api_id] = gateways._Known(gateway=ApiGateway(), read_at=time.monotonic())

        assert gateways.by_api_id(gateway.api_id) == gateway

    def test_an_unknown_gateway_is_asked_for_again(self) -> None:
        assert gateways.by_api_id("abc123") is None
        ApiGateway.objects.bulk_create([ApiGateway(api_name="late", api_id="abc123")])
        assert gateways.by_api_id("abc123") is not None


def test_the_command_deletes_the_sessions_that_are_over() -> None:
    new_session("open=")
    new_session("over=", connected=False)
    out = StringIO()

    call_command("clearWebSocketSessions", stdout=out)

    assert out.getvalue() == "Deleted 1 sessions that were over.\n"
    assert WebSocketSession.objects.get().connection_id == "open="
