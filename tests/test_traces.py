"""What traces capture, when they end, and what they cost."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apigw_ws.models import AuditEvent, Trace, TraceEntry, WebSocketSession
from apigw_ws.services import retention, traces
from apigw_ws.services.timeline import Handled
from apigw_ws.testing import WebSocketTestClient
from tests.app.factories import failing, new_gateway, new_user
from tests.test_messages import Connect, backend, gateway, visit  # noqa: F401  (fixtures)

pytestmark = pytest.mark.django_db

SAID = Handled(handler="say", status=200, duration_ms=7)


def start(**fields: Any) -> Trace:
    return traces.start(Trace(reason="Ticket 7", **fields), minutes=10)


def session(name: str = "a=", **fields: Any) -> WebSocketSession:
    return WebSocketSession.objects.create(connection_id=name, **fields)


def kept() -> list[tuple[str, str, str]]:
    return list(TraceEntry.objects.values_list("connection_id", "direction", "payload"))


def test_a_message_and_its_reply_are_captured_word_by_word() -> None:
    socket = WebSocketTestClient(new_gateway())
    socket.connect()
    start(connection_id=socket.connection_id)

    socket.send({"action": "say", "text": "hello", "password": "hunter2"})

    came, replied = TraceEntry.objects.all()
    assert json.loads(came.payload) == {"action": "say", "text": "hello", "password": "[redacted]"}
    assert (came.direction, came.handler, came.status) == ("in", "say", 200)
    assert came.duration_ms is not None
    assert came.size == 57
    assert json.loads(replied.payload) == {"said": "hello", "by": "AnonymousUser"}
    assert (replied.direction, replied.handler, replied.status) == ("reply", "", None)
    assert Trace.objects.get().entry_count == 2


def test_a_message_to_a_handler_that_fails_is_captured() -> None:
    socket = WebSocketTestClient(new_gateway(), client=Client(raise_request_exception=False))
    socket.connect()
    start(connection_id=socket.connection_id)

    socket.send({"action": "crash"})

    assert TraceEntry.objects.get().status == 500


@pytest.mark.parametrize(
    ("whom", "is_followed"),
    [
        ({"connection_id": "a="}, True),
        ({"connection_id": "b="}, False),
        ({"channel_name": "lobby"}, True),
        ({"channel_name": "room"}, True),
        ({"channel_name": "kitchen"}, False),
        ({"ip_address": "192.0.2.1"}, True),
        ({"ip_address": "192.0.2.2"}, False),
        ({"user": "ada"}, True),
        ({"user": "bob"}, False),
    ],
)
def test_a_trace_follows_its_subject_both_ways(whom: dict[str, Any], is_followed: bool) -> None:
    users = {name: new_user(name) for name in ("ada", "bob")}
    found = session(channel_name="lobby", ip_address="192.0.2.1", user=users["ada"])
    found.memberships.create(name="room")
    start(**{name: users.get(value, value) for name, value in whom.items()})

    traces.exchanged(found, b"1", None, SAID)
    traces.sent(["a="], b"2")
    traces.sent([], b"3")

    expected = [("a=", "in", "1"), ("a=", "out", "2")] if is_followed else []
    assert kept() == expected
    assert [bool(traces.following(found))] == [is_followed]


def test_nobody_is_followed_as_nobody_in_particular() -> None:
    found = session()
    start(user=new_user())

    traces.exchanged(found, b"1", None, SAID)

    assert kept() == []


def test_of_a_message_to_many_those_are_captured_that_are_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traces, "_OF_ONE_SEND", 2)
    for name in ("a=", "b=", "c="):
        session(name, channel_name="lobby").memberships.create(name="lobby")
    session("d=", channel_name="kitchen")
    start(channel_name="lobby")

    traces.sent(["a=", "b=", "c=", "d="], b"2")

    assert len(kept()) == 2
    assert "d=" not in {connection_id for connection_id, *_ in kept()}


def test_what_is_sent_to_a_session_is_captured(visit: Connect) -> None:  # noqa: F811
    _, found = visit()
    start(connection_id=found.connection_id)

    found.send_message({"hello": "you"})
    WebSocketSession.objects.all().send_message("all")

    assert [payload for *_, payload in kept()] == ['{"hello":"you"}', "all"]


def test_what_is_not_sent_is_not_captured(gateway: Any) -> None:  # noqa: F811
    found = session("e_d2EewNLPECIGw=", api_gateway=gateway)
    start(connection_id=found.connection_id)

    assert not found.send_message("anybody?")

    assert kept() == []


def test_a_trace_ends_by_itself_at_its_time() -> None:
    found = session()
    start(connection_id="a=")
    traces.exchanged(found, b"1", None, SAID)
    Trace.objects.update(ends_on=timezone.now() - timedelta(seconds=1))

    traces.exchanged(found, b"2", None, SAID)

    assert [payload for *_, payload in kept()] == ["1"]
    assert Trace.objects.get().state == "over"


@pytest.mark.parametrize("bound", [{"TRACE_ENTRIES": 2}, {"TRACE_BYTES": 2}])
def test_a_trace_ends_by_itself_when_it_is_full(settings: Any, bound: dict[str, int]) -> None:
    settings.APIGW_WS = bound
    found = session()
    start(connection_id="a=")

    for _ in range(5):
        traces.exchanged(found, b"1", None, SAID)

    assert len(kept()) == 2
    assert Trace.objects.get().state == "full"


def test_a_trace_that_another_process_stops_captures_no_more() -> None:
    found = session()
    trace = start(connection_id="a=")
    traces.exchanged(found, b"1", None, SAID)
    Trace.objects.update(stopped_on=timezone.now())  # this process does not know

    traces.exchanged(found, b"2", None, SAID)

    assert (len(kept()), trace.state) == (1, "running")
    assert not traces.stop(trace, by=None)


def test_a_trace_that_another_process_deletes_captures_no_more() -> None:
    found = session()
    start(connection_id="a=")
    traces.exchanged(found, b"1", None, SAID)
    Trace.objects.all().delete()

    traces.exchanged(found, b"2", None, SAID)

    assert kept() == []


def test_while_nobody_is_traced_a_message_costs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    found = session()
    traces.sent([], b"")

    with CaptureQueriesContext(connection) as captured:
        for _ in range(10):
            traces.exchanged(found, b"1", b"2", SAID)
            traces.sent(["a="], b"2")
    assert len(captured) == 0

    monkeypatch.setattr(traces, "MAX_AGE", -1)
    with CaptureQueriesContext(connection) as captured:
        traces.exchanged(found, b"1", b"2", SAID)
    assert len(captured) == 1


def test_while_somebody_else_is_traced_a_message_costs_nothing() -> None:
    found = session(channel_name="lobby")
    start(connection_id="b=")
    start(channel_name="kitchen")
    traces.sent([], b"")

    with CaptureQueriesContext(connection) as captured:
        traces.exchanged(found, b"1", b"2", SAID)

    assert len(captured) == 0


@pytest.mark.parametrize("do", ["exchanged", "sent"])
def test_a_database_that_fails_stops_no_message(do: str, caplog: pytest.LogCaptureFixture) -> None:
    found = session(channel_name="lobby")
    acts: dict[str, Callable[[], None]] = {
        "exchanged": lambda: traces.exchanged(found, b"secret", None, SAID),
        "sent": lambda: traces.sent(["a="], b"secret"),
    }
    start(channel_name="lobby")
    with connection.execute_wrapper(failing):
        acts[do]()
    assert "Traces cannot be read." in caplog.text
    traces.forget()
    traces.sent([], b"")

    with connection.execute_wrapper(failing):
        acts[do]()

    assert "A trace cannot be" in caplog.text
    assert "secret" not in caplog.text
    assert kept() == []


@pytest.mark.parametrize("minutes", [0, 61])
def test_a_trace_runs_for_an_hour_at_most(minutes: int) -> None:
    with pytest.raises(ValidationError, match="1 to 60 minutes"):
        traces.start(Trace(channel_name="lobby", reason="x"), minutes=minutes)


@pytest.mark.parametrize("whom", [{}, {"channel_name": "lobby", "connection_id": "a="}])
def test_a_trace_has_one_subject(whom: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="Name one of"):
        start(**whom)
    assert not AuditEvent.objects.exists()


def test_starting_stopping_and_deleting_are_recorded() -> None:
    trace = start(channel_name="lobby")
    traces.stop(trace, by=None)
    traces.delete(trace, by=None)

    verbs = list(AuditEvent.objects.order_by("pk").values_list("verb", flat=True))
    assert verbs == ["trace", "stop_trace", "delete_trace"]


def test_old_traces_are_pruned_with_what_they_hold(settings: Any) -> None:
    trace = start(connection_id="a=")
    traces.exchanged(session(), b"1", None, SAID)
    settings.APIGW_WS = {"TRACES_KEPT_DAYS": 0}
    Trace.objects.update(ends_on=timezone.now() - timedelta(days=8))
    assert retention.prune().traces == 0  # type: ignore[union-attr]

    settings.APIGW_WS = {}
    assert retention.prune().traces == 1  # type: ignore[union-attr]

    assert not TraceEntry.objects.filter(trace_id=trace.pk).exists()


def test_no_words_are_in_what_is_logged_of_an_entry() -> None:
    start(connection_id="a=")
    traces.exchanged(session(), b"hidden words", None, SAID)

    assert "hidden" not in repr(TraceEntry.objects.get())
    assert str(TraceEntry.objects.get()) == "In, 12 bytes"


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(
    connection.vendor == "sqlite", reason="threads do not share SQLite in memory; the PostgreSQL run has this"
)
def test_processes_that_fill_a_trace_together_do_not_overfill_it(settings: Any) -> None:
    settings.APIGW_WS = {"TRACE_ENTRIES": 10}
    found = session()
    start(connection_id="a=")

    def talk() -> None:
        for _ in range(10):
            traces.exchanged(found, b"1", None, SAID)
        connection.close()

    threads = [threading.Thread(target=talk) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(kept()) == Trace.objects.get().entry_count == 10


def test_a_trace_goes_with_its_user_and_the_audit_trail_says_so() -> None:
    ada = new_user()
    start(user=ada)
    traces.exchanged(session(user=ada), b"1", None, SAID)

    ada.delete()

    assert (kept(), Trace.objects.count()) == ([], 0)
    event = AuditEvent.objects.get(verb=AuditEvent.Verb.DELETE_TRACE)
    assert (event.object_text, event.before) == ("trace of ada", {"reason": "Ticket 7", "entries": 1})


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(
    connection.vendor == "sqlite", reason="threads do not share SQLite in memory; the PostgreSQL run has this"
)
@pytest.mark.parametrize(
    "end", [lambda trace: traces.delete(trace, by=None), lambda trace: trace.user.delete()]
)
def test_a_trace_is_deleted_while_it_captures(end: Callable[[Trace], object]) -> None:
    ada = new_user()
    found = session(user=ada)
    trace = start(user=ada)
    is_over = threading.Event()

    def talk() -> None:
        while not is_over.is_set():
            traces.exchanged(found, b"1", None, SAID)
        connection.close()

    thread = threading.Thread(target=talk)
    thread.start()
    try:
        while not kept():
            pass
        end(trace)
    finally:
        is_over.set()
        thread.join()

    assert (kept(), Trace.objects.count()) == ([], 0)
