"""What is told of a connection, and what that costs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apigw_ws.models import WebSocketSession
from apigw_ws.services import channels, narrowing, sessions, timeline
from apigw_ws.services.timeline import Handled, Happening, Kind
from apigw_ws.testing import WebSocketTestClient
from tests.app.factories import new_gateway, session_of

pytestmark = pytest.mark.django_db

SAID = Handled(handler="say", status=200, duration_ms=7)


@pytest.fixture
def session() -> WebSocketSession:
    return WebSocketSession.objects.create(connection_id="a=", channel_name="lobby")


def told(session: WebSocketSession) -> list[Happening]:
    return timeline.of(WebSocketSession.objects.get(pk=session.pk))


def kinds(session: WebSocketSession) -> list[Kind]:
    return [each.kind for each in told(session)]


def test_a_connection_is_told_from_its_end_to_its_beginning() -> None:
    socket = WebSocketTestClient(new_gateway("rooms"), client=Client(raise_request_exception=False))
    socket.connect(query={"channel": ["lobby", "room"]})
    socket.send({"action": "say", "text": "hello"})
    socket.send({"action": "crash"})
    socket.send({"action": "leave", "channel": "room"})
    socket.send({"action": "change_channel", "channel": "not a name"})
    socket.send("no JSON")
    socket.disconnect(code=1001, reason="Going away")

    happened = told(session_of(socket))

    assert [each.kind for each in happened] == [
        Kind.CLOSED,
        Kind.MESSAGE,
        Kind.REFUSED,
        Kind.MESSAGE,
        Kind.MESSAGE,
        Kind.LEFT,
        Kind.MESSAGE,
        Kind.MESSAGE,
        Kind.CONNECTED,
    ]
    answers = [(each.handled.handler, each.handled.status) for each in happened if each.handled]
    assert answers == [
        ("default", 200),
        ("change_channel", 400),
        ("leave", 200),
        ("crash", 500),
        ("say", 200),
    ]
    assert (happened[0].what, happened[0].detail) == ("aws", "1001 Going away")
    first = [each for each in happened if each.kind is Kind.MESSAGE][-1]
    assert (first.size, first.reply) == (34, 37)


def test_joining_and_moving_are_told(session: WebSocketSession) -> None:
    channels.join(session, "room")
    channels.change(session, "kitchen")
    channels.leave(session, "kitchen")

    assert [(each.kind, each.what) for each in told(session)][:3] == [
        (Kind.LEFT, "kitchen"),
        (Kind.MOVED, "kitchen"),
        (Kind.JOINED, "room"),
    ]


def test_what_is_sent_is_told(session: WebSocketSession) -> None:
    sessions.count_sent(["a="], b"x" * 12)

    assert (told(session)[0].kind, told(session)[0].size) == (Kind.SENT, 12)


def test_the_newest_messages_stay(session: WebSocketSession, settings: Any) -> None:
    settings.APIGW_WS = {"TIMELINE_MESSAGES": 3}
    for size in range(20):
        sessions.touch(session, received=size, handled=SAID)

    assert [each.size for each in told(session) if each.kind is Kind.MESSAGE] == [19, 18, 17]
    assert len(WebSocketSession.objects.values_list("recent", flat=True)[0]) <= 3 * 64


def test_the_longest_messages_have_room(session: WebSocketSession, settings: Any) -> None:
    settings.APIGW_WS = {"TIMELINE_MESSAGES": 5}
    longest = Handled(handler="h" * 128, status=200, duration_ms=29_000)
    for _ in range(9):
        sessions.touch(session, received=131_072, sent=131_072, handled=longest)

    assert kinds(session).count(Kind.MESSAGE) == 5


def test_nothing_is_noted_where_it_is_switched_off(session: WebSocketSession, settings: Any) -> None:
    sessions.touch(session, handled=SAID)
    settings.APIGW_WS = {"TIMELINE_MESSAGES": 0}
    sessions.touch(session, handled=SAID)
    sessions.count_sent(["a="], b"x" * 12)

    assert kinds(session) == [Kind.CONNECTED]
    settings.APIGW_WS = {}
    assert kinds(session) == [Kind.MESSAGE, Kind.CONNECTED]


@pytest.mark.parametrize(
    "line",
    [
        "m 19 x 200 1 - say",
        "m 19 1 200",
        "s 19",
        "s zz 1",
        f"s {'f' * 40} 1",
        "s -1ffffffffffffff 1",
        "q 19 1",
        "",
        "\0",
        "s",
    ],
)
def test_a_line_that_cannot_be_read_is_left_out(session: WebSocketSession, line: str) -> None:
    WebSocketSession.objects.update(recent=f"17 cut\n{line.replace(chr(0), '?')}\ns 19a 5")

    assert [each.size for each in told(session) if each.kind is Kind.SENT] == [5]


def test_a_handlers_name_cannot_forge_a_line(session: WebSocketSession) -> None:
    sessions.touch(session, handled=Handled(handler="a\ns 1 9", status=200, duration_ms=1))

    assert kinds(session) == [Kind.MESSAGE, Kind.CONNECTED]


def test_a_message_costs_one_update_with_its_note(session: WebSocketSession) -> None:
    with CaptureQueriesContext(connection) as captured:
        sessions.touch(session, received=5, sent=6, handled=SAID)

    assert len(captured) == 1


def test_what_is_noted_is_read_by_the_timeline_alone(session: WebSocketSession) -> None:
    with CaptureQueriesContext(connection) as captured:
        found = WebSocketSession.objects.get()

    assert "recent" in found.get_deferred_fields()
    assert "recent" not in captured[0]["sql"]
    found.save()  # what was not read is not written


def test_a_timeline_costs_three_queries(session: WebSocketSession) -> None:
    for number in range(5):
        session.memberships.create(name=f"room-{number}")
    found = WebSocketSession.objects.get()

    with CaptureQueriesContext(connection) as captured:
        timeline.of(found)

    assert len(captured) == 3


def test_a_close_without_a_time_is_told_all_the_same(session: WebSocketSession) -> None:
    WebSocketSession.objects.update(connected=False, updated_on=timezone.now() + timedelta(minutes=1))

    assert kinds(session) == [Kind.CLOSED, Kind.CONNECTED]


def test_sessions_are_found_whose_handlers_failed_lately() -> None:
    made, gateway = {}, new_gateway("rooms")
    for name in ("fine", "failed"):
        made[name] = WebSocketTestClient(gateway, client=Client(raise_request_exception=False))
        made[name].connect()
        made[name].send({"action": "say", "text": "x" * 500})
    made["failed"].send({"action": "crash"})
    made["failed"].send({"action": "say", "text": "hello"})
    of_failed = session_of(made["failed"])

    assert WebSocketSession.objects.get(timeline.failed()) == of_failed
    query = {"state": "all", "failed": "1"}
    assert narrowing.narrowed(WebSocketSession.objects.all(), query).get() == of_failed
    assert narrowing.narrowed(WebSocketSession.objects.all(), {"failed": "x"}).count() == 2

    WebSocketSession.objects.filter(pk=of_failed.pk).update(failed_on=timezone.now() - timedelta(hours=1))
    assert not WebSocketSession.objects.filter(timeline.failed()).exists()
