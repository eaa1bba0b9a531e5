"""Connections are closed at AWS, whoever ends them; where AWS is gone, nothing breaks and nothing is lost."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from types import SimpleNamespace
from typing import Any

import pytest
from django import VERSION
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from apigw_ws.exceptions import PayloadTooLarge
from apigw_ws.models import ApiGateway, AuditEvent, Trace, TraceEntry, WebSocketSession
from apigw_ws.services import closing, endpoints, reaper, sessions, timeline, traces
from apigw_ws.services.closing import Result
from apigw_ws.services.sessions import ClosedBy
from apigw_ws.tasks import close_sessions
from tests.app.factories import new_user
from tests.emulator.serving import Served
from tests.test_login_round_trip import handshake
from tests.test_round_trip import eventually, gateway, site  # noqa: F401  (fixtures)
from tests.test_session_states import aged

TASKS = "django.tasks" if VERSION >= (6, 0) else "django_tasks"
IMMEDIATE = {"default": {"BACKEND": f"{TASKS}.backends.immediate.ImmediateBackend"}}
UNKNOWN = "e_d2EewNLPECIGw="
Open = Callable[..., tuple[ClientConnection, WebSocketSession]]


@pytest.fixture
def open_one(gateway: ApiGateway) -> Iterator[Open]:  # noqa: F811
    """Connect through the emulator and Django, as a browser with a login if given."""
    with ExitStack() as sockets:

        def open_socket(browser: Client | None = None) -> tuple[ClientConnection, WebSocketSession]:
            origin = gateway.target_base_endpoint.removesuffix("/ws/")
            how = handshake(browser, origin) if browser else {}
            socket = sockets.enter_context(connect(gateway.client_url, **how))
            return socket, WebSocketSession.objects.select_related("api_gateway").latest("pk")

        yield open_socket


@pytest.fixture
def browser(transactional_db: None) -> Client:
    client = Client()
    client.force_login(new_user())
    return client


def code_of(socket: ClientConnection) -> int:
    """The code that the client is closed with, after what it was sent before."""
    with pytest.raises(ConnectionClosed) as caught:
        while True:
            socket.recv(timeout=5)
    assert caught.value.rcvd is not None
    return caught.value.rcvd.code


def results(outcomes: list[closing.Outcome]) -> list[Result]:
    return [outcome.result for outcome in outcomes]


class TestOperators:
    def test_a_client_hears_why_and_is_closed_and_the_row_says_by_whom(self, open_one: Open) -> None:
        socket, session = open_one()
        ada = new_user()

        outcomes = closing.close([session], reason="Maintenance", message={"bye": 1}, by=ada, ip="192.0.2.7")

        assert results(outcomes) == [Result.CLOSED]
        assert socket.recv(timeout=5) == '{"bye":1}'
        assert code_of(socket) == 1000
        session.refresh_from_db()
        assert (session.connected, session.closed_by, session.close_reason, session.close_code) == (
            False,
            ClosedBy.OPERATOR,
            "Maintenance",
            1000,
        )
        event = AuditEvent.objects.get(verb=AuditEvent.Verb.DISCONNECT)
        assert (event.who, event.ip_address, event.object_text) == ("ada", "192.0.2.7", session.connection_id)
        assert (event.gateway, event.result) == (session.api_gateway, AuditEvent.Result.DONE)
        assert event.after == {"reason": "Maintenance", "message": True, "act": "", "closed": 1, "errors": {}}

    def test_last_words_are_counted_and_told_before_the_end(self, open_one: Open) -> None:
        _socket, session = open_one()
        traces.start(Trace(connection_id=session.connection_id, reason="Ticket 7"), minutes=1)

        closing.close([session], message="bye")

        session.refresh_from_db()
        assert (session.messages_out, session.bytes_out) == (1, 3)
        kinds = [each.kind for each in timeline.of(session)]
        assert kinds[:2] == [timeline.Kind.CLOSED, timeline.Kind.SENT]
        assert TraceEntry.objects.get().payload == "bye"

    def test_a_disconnect_that_comes_before_our_row_is_written_does_not_take_the_credit(
        self, open_one: Open, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        _socket, session = open_one()
        record = sessions.close_deleted

        def record_late(*args: Any, **how: Any) -> None:
            assert eventually(lambda: not WebSocketSession.objects.get().connected)
            record(*args, **how)

        monkeypatch.setattr(sessions, "close_deleted", record_late)
        closing.close([session], reason="Maintenance")

        session.refresh_from_db()
        assert (session.closed_by, session.close_reason) == (ClosedBy.OPERATOR, "Maintenance")

    def test_one_outcome_each_in_their_order(self, aws: Served, open_one: Open) -> None:
        socket, one = open_one()
        gone = aged(UNKNOWN, age=1, evidence=1, api_gateway=one.api_gateway)
        over = aged("over=", age=1, evidence=1, connected=False, api_gateway=one.api_gateway)
        orphan = aged("orphan=", age=1, evidence=1)
        elsewhere = aged(
            "x=", age=1, evidence=1, api_gateway=ApiGateway.objects.create(api_name="not deployed")
        )

        outcomes = closing.close([orphan, gone, one, over, elsewhere])

        assert results(outcomes) == [
            Result.FAILED,
            Result.GONE,
            Result.CLOSED,
            Result.GONE,
            Result.FAILED,
        ]
        assert code_of(socket) == 1000
        assert set(WebSocketSession.objects.filter(connected=True)) == {orphan, elsewhere}
        event = AuditEvent.objects.get(verb=AuditEvent.Verb.DISCONNECT)
        assert (event.object_text, event.gateway, event.result) == ("5 sessions", None, "failed")
        assert event.after is not None
        assert (event.after["closed"], event.after["gone"], event.after["failed"]) == (1, 2, 2)
        assert set(event.after["errors"]) == {"orphan=", "x="}

    @pytest.mark.parametrize(
        ("effect", "details", "said"),
        [
            ("throttle", {}, "LimitExceededException, request ID"),
            ("error", {"status": 403}, "request ID"),
            ("reset", {}, "No answer from AWS"),
        ],
    )
    def test_what_aws_does_not_close_stays_open_and_says_why(
        self, aws: Served, open_one: Open, effect: str, details: dict[str, int], said: str
    ) -> None:
        _socket, session = open_one()
        aws.fault("execute-api:DeleteConnection", effect, times=None, **details)

        with endpoints.quickly(2):
            (outcome,) = closing.close([session])

        assert outcome.result == Result.FAILED
        assert said in str(outcome.error)
        session.refresh_from_db()
        assert session.connected
        assert said in AuditEvent.objects.get(verb=AuditEvent.Verb.DISCONNECT).error_text

    def test_a_client_that_takes_no_message_is_closed_all_the_same(self, aws: Served, open_one: Open) -> None:
        socket, session = open_one()
        aws.fault("execute-api:PostToConnection", "throttle", times=None)

        with endpoints.quickly(2):
            assert results(closing.close([session], message="bye")) == [Result.CLOSED]

        assert code_of(socket) == 1000

    def test_a_client_that_is_gone_before_its_message_is_gone(self, gateway: ApiGateway) -> None:  # noqa: F811
        session = aged(UNKNOWN, age=1, evidence=1, api_gateway=gateway)

        assert results(closing.close([session], message="bye")) == [Result.GONE]

        session.refresh_from_db()
        assert not session.connected

    @pytest.mark.django_db
    def test_a_message_that_is_too_large_closes_nobody(self) -> None:
        with pytest.raises(PayloadTooLarge):
            closing.close([aged("a=", age=1, evidence=1)], message="x" * 131_073)

        assert WebSocketSession.objects.get().connected

    def test_many_are_closed_by_the_task(
        self, open_one: Open, settings: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(closing, "_BATCH", 2)
        opened = [open_one() for _ in range(3)]
        ada = new_user()

        done = close_sessions.call([s.pk for _, s in opened], "Maintenance", "bye", ada.pk, None, "act 1")

        assert done == {"closed": 3}
        assert [code_of(socket) for socket, _ in opened] == [1000] * 3
        event = AuditEvent.objects.get(after__act="act 1")
        assert (event.who, event.object_text) == ("ada", "3 sessions")


def log_out(browser: Client, user: User) -> None:
    browser.logout()


def deactivate(browser: Client, user: User) -> None:
    user.is_active = False
    user.save()


def change_password(browser: Client, user: User) -> None:
    user.set_password("new")
    user.save()


def delete(browser: Client, user: User) -> None:
    user.delete()


class TestLogins:
    @pytest.fixture(autouse=True)
    def at_once(self, settings: Any) -> None:
        settings.TASKS = IMMEDIATE

    @pytest.mark.parametrize("end", [log_out, deactivate, change_password, delete])
    def test_the_end_of_a_login_closes_its_connections_at_aws(
        self, open_one: Open, browser: Client, end: Callable[[Client, User], None]
    ) -> None:
        socket, session = open_one(browser)
        stranger, other = open_one()

        end(browser, User.objects.get())

        assert code_of(socket) == 1000
        session.refresh_from_db()
        other.refresh_from_db()
        assert (session.connected, session.closed_by, session.close_at_aws) == (
            False,
            ClosedBy.SIGN_OUT,
            False,
        )
        assert other.connected
        assert reaper.tick() == reaper.Report()
        stranger.send("{}")
        stranger.recv(timeout=5)

    @pytest.mark.parametrize(
        ("effect", "details"), [("reset", {}), ("throttle", {}), ("delay", {"seconds": 3})]
    )
    def test_aws_that_does_not_answer_delays_a_logout_little_and_the_reaper_finishes(
        self, aws: Served, open_one: Open, browser: Client, effect: str, details: dict[str, int]
    ) -> None:
        socket, session = open_one(browser)
        aws.fault("execute-api:DeleteConnection", effect, times=None, **details)

        began = time.monotonic()
        browser.logout()
        assert time.monotonic() - began < 2.9  # two seconds, on a machine that others use too

        session.refresh_from_db()
        assert (session.connected, session.close_at_aws) == (False, True)
        assert aws.emulator is not None
        aws.emulator.faults.clear()
        report = reaper.tick()
        assert report is not None
        assert report.finished == 1
        assert code_of(socket) == 1000

    def test_a_queue_that_does_not_answer_breaks_no_logout(
        self,
        open_one: Open,
        browser: Client,
        monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        def fail() -> None:
            raise ConnectionError("The broker is gone.")

        socket, session = open_one(browser)
        monkeypatch.setattr("apigw_ws.tasks.finish_closing", SimpleNamespace(enqueue=fail))

        browser.logout()

        session.refresh_from_db()
        assert (session.connected, session.close_at_aws) == (False, True)
        assert "The broker is gone." in caplog.text
        reaper.tick()
        assert code_of(socket) == 1000

    def test_a_message_under_a_login_that_has_ended_closes_the_connection(
        self, open_one: Open, browser: Client
    ) -> None:
        socket, _session = open_one(browser)
        User.objects.update(is_active=False)  # behind the signals' back
        socket.send("{}")
        assert eventually(lambda: not WebSocketSession.objects.get().connected)

        reaper.tick()

        assert code_of(socket) == 1000


class TestFinish:
    @pytest.mark.django_db
    def test_what_aws_has_cut_by_itself_is_not_owed(self) -> None:
        gateway = ApiGateway.objects.create(api_name="not deployed")  # noqa: F811
        aged("old=", age=121, evidence=121, connected=False, close_at_aws=True, api_gateway=gateway)
        aged("orphan=", age=1, evidence=1, connected=False, close_at_aws=True)

        assert closing.finish() == 0
        assert not WebSocketSession.objects.filter(close_at_aws=True).exists()

    def test_what_cannot_be_closed_takes_nobodys_turn(self, open_one: Open) -> None:
        socket, session = open_one()
        refused = ApiGateway.objects.create(api_name="not deployed")
        longest = aged("x=", age=60, evidence=60, api_gateway=refused)
        for minutes, owed in ((60, longest), (1, session)):
            moment = timezone.now() - dt.timedelta(minutes=minutes)
            row = WebSocketSession.objects.filter(pk=owed.pk)
            row.update(connected=False, close_at_aws=True, updated_on=moment)

        assert [closing.finish(limit=1) for _ in range(2)] == [0, 1]
        assert code_of(socket) == 1000
