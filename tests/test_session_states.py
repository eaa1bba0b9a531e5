"""Which sessions are live, by what evidence, who closed the others, and what went through them."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apigw_ws.delivery import Outcome, Result, Target
from apigw_ws.models import SessionState, WebSocketSession
from apigw_ws.services import messages, sessions
from apigw_ws.services.sessions import ClosedBy
from apigw_ws.testing import WebSocketTestClient
from tests.app.factories import new_gateway, session_of
from tests.app.views import ChatView

pytestmark = pytest.mark.django_db

MINUTES_AGO = {
    "live": [{"age": 0, "evidence": 0}, {"age": 119, "evidence": 9}],
    "idle": [{"age": 11, "evidence": 11}, {"age": 119, "evidence": 100}],
    "expired": [{"age": 121, "evidence": 0}, {"age": 500, "evidence": 500}],
    "closed": [
        {"age": 0, "evidence": 0, "connected": False},
        {"age": 500, "evidence": 11, "connected": False},
    ],
}


def aged(name: str, *, age: float, evidence: float, **fields: Any) -> WebSocketSession:
    """A session that was opened ``age`` minutes ago, its last evidence as many minutes old as that says."""
    now = timezone.now()
    session = WebSocketSession.objects.create(connection_id=name, **fields)
    moments = {
        "created_on": now - dt.timedelta(minutes=age),
        "active_on": now - dt.timedelta(minutes=evidence),
    }
    WebSocketSession.objects.filter(pk=session.pk).update(**moments)
    session.refresh_from_db()
    return session


@pytest.fixture
def socket() -> WebSocketTestClient:
    opened = WebSocketTestClient(new_gateway(), client=Client(raise_request_exception=False))
    opened.connect()
    return opened


def test_every_session_is_in_one_state_and_says_so_itself() -> None:
    for state, cases in MINUTES_AGO.items():
        for number, case in enumerate(cases):
            assert aged(f"{state}{number}", **case).state == SessionState(state)

    for state in SessionState.values:
        found = getattr(WebSocketSession.objects.all(), state)().order_by("connection_id")
        assert [session.connection_id for session in found] == [f"{state}0", f"{state}1"]


def test_a_new_connection_is_live_until_it_was_silent_for_ten_minutes(socket: WebSocketTestClient) -> None:
    assert session_of(socket).state == SessionState.LIVE
    long_ago = timezone.now() - dt.timedelta(minutes=10)
    WebSocketSession.objects.update(active_on=long_ago)
    assert session_of(socket).state == SessionState.IDLE

    socket.send({})

    assert session_of(socket).state == SessionState.LIVE


class TestCounters:
    def test_messages_and_bytes_are_counted_both_ways(self, socket: WebSocketTestClient) -> None:
        came = b'{"action": "say", "text": "hi"}'
        reply = socket.send(came).content
        socket.send(b'{"action": "change_channel", "channel": "news"}')  # says nothing

        session = session_of(socket)
        assert (session.request_count, session.bytes_in) == (3, len(came) + 47)
        assert (session.messages_out, session.bytes_out) == (1, len(reply))
        assert session.last_outbound_on is not None
        assert session.last_seen_on is not None
        assert session.last_outbound_on < session.last_seen_on == session.active_on

    def test_a_handler_that_fails_or_refuses_was_heard_all_the_same(
        self, socket: WebSocketTestClient
    ) -> None:
        assert socket.send({"action": "crash"}).status_code == 500
        assert socket.send({"action": "change_channel"}).status_code == 400

        session = session_of(socket)
        assert (session.request_count, session.messages_out) == (3, 0)

    @pytest.mark.parametrize("whole", [True, False])
    def test_a_handler_that_saves_the_session_keeps_its_change_and_the_count(
        self, monkeypatch: pytest.MonkeyPatch, socket: WebSocketTestClient, whole: bool
    ) -> None:
        def rename(self: ChatView, request: Any, *args: Any, **kwargs: Any) -> dict[str, int]:
            self.websocket_session.channel_name = "theirs"
            self.websocket_session.save(update_fields=None if whole else ["channel_name"])
            return {"ok": 1}

        monkeypatch.setitem(ChatView._handlers, "say", rename)
        socket.send({"action": "say"})
        socket.send({"action": "say"})

        session = session_of(socket)
        assert (session.channel_name, session.request_count, session.messages_out) == ("theirs", 3, 2)

    def test_a_handler_that_closes_the_session_leaves_it_closed(
        self, monkeypatch: pytest.MonkeyPatch, socket: WebSocketTestClient
    ) -> None:
        def leave(self: ChatView, request: Any, *args: Any, **kwargs: Any) -> None:
            sessions.close(self.websocket_session, by=ClosedBy.OPERATOR)

        monkeypatch.setitem(ChatView._handlers, "say", leave)
        socket.send({"action": "say"})

        session = session_of(socket)
        assert (session.state, session.request_count) == (SessionState.CLOSED, 2)

    def test_the_session_at_hand_says_what_its_row_says(self) -> None:
        session = aged("a=", age=1, evidence=1)

        sessions.touch(session, 2, received=5, sent=7)

        names = ("request_count", "bytes_in", "bytes_out", "messages_out", "secret_version", "active_on")
        at_hand = [getattr(session, name) for name in names]
        session.refresh_from_db()
        assert [getattr(session, name) for name in names] == at_hand
        assert at_hand[:5] == [2, 5, 7, 1, 2]

    def test_a_batch_is_counted_by_one_update(self) -> None:
        for name in ("a=", "b=", "c="):
            aged(name, age=1, evidence=1)
        batch = [Outcome(target=Target(connection_id=name), result=Result.SENT) for name in ("a=", "b=")]

        with CaptureQueriesContext(connection) as captured:
            messages.settle(batch, b"four")

        assert len([query for query in captured if query["sql"].startswith("UPDATE")]) == 1
        counts = WebSocketSession.objects.order_by("connection_id").values_list("messages_out", "bytes_out")
        assert list(counts) == [(1, 4), (1, 4), (0, 0)]


class TestClosedBy:
    @pytest.mark.parametrize(
        ("code", "reason", "who"),
        [
            (1001, "Going away", ClosedBy.AWS),
            (1000, "Connection Closed Normally", ClosedBy.AWS),
            (1001, "", ClosedBy.CLIENT),
            (1006, "", ClosedBy.CLIENT),
            (1005, "Client-side close frame status not set", ClosedBy.CLIENT),
        ],
    )
    def test_a_disconnect_says_by_its_words_who_closed(
        self, socket: WebSocketTestClient, code: int, reason: str, who: ClosedBy
    ) -> None:
        socket.disconnect(code, reason)

        session = session_of(socket)
        assert (session.closed_by, session.close_code, session.close_reason) == (who, code, reason)

    def test_without_a_close_code_nobody_is_blamed(self) -> None:
        socket = WebSocketTestClient(new_gateway(secret_version=0), mapped=False)
        socket.connect()
        socket.disconnect()

        assert (session_of(socket).connected, session_of(socket).closed_by) == (False, "")

    def test_what_django_ends_says_so(self) -> None:
        gateway = new_gateway()
        for name in ("gone=", "torn="):
            aged(name, age=1, evidence=1, api_gateway=gateway)

        sessions.mark_gone(["gone="])
        sessions.close_of_gateway(gateway)

        who = WebSocketSession.objects.order_by("connection_id").values_list("closed_by", flat=True)
        assert list(who) == [ClosedBy.SEND, ClosedBy.TEARDOWN]
