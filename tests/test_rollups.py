"""What happens at gateways, counted in memory and written down by the minute."""

from __future__ import annotations

import threading
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, connections
from django.test import Client
from django.utils import timezone

from apigw_ws.delivery import Result
from apigw_ws.exceptions import ApigwWsError
from apigw_ws.models import ApiGateway, Rollup, WebSocketSession
from apigw_ws.receivers import flush_rollups
from apigw_ws.services import endpoints, messages, rollups, sessions
from apigw_ws.services.timeline import Handled
from apigw_ws.testing import WebSocketTestClient
from tests.app.factories import failing, new_gateway

pytestmark = pytest.mark.django_db

MINUTE = 30_000_000


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The minute that is counted in; a test sets its only item."""
    at = [MINUTE]
    monkeypatch.setattr(rollups, "_minute", lambda: at[0])
    return at


def told(gateway: ApiGateway | None = None, minute: int = MINUTE) -> dict[str, int]:
    """What a row says, without what is 0."""
    rollups.flush()
    found = Rollup.objects.filter(minute=minute, gateway=gateway.pk if gateway else Rollup.ALL)
    rows: Any = found.values()
    return {
        name: value
        for row in rows
        for name, value in row.items()
        if value and name not in ("id", "minute", "gateway")
    }


def steps(row: dict[str, int]) -> int:
    """How many handlers were timed."""
    return sum(row.pop(name, 0) for name in Rollup.TOOK)


def test_what_a_client_does_is_counted_for_its_gateway_and_for_all() -> None:
    gateway = new_gateway()
    client = WebSocketTestClient(gateway)
    client.connect()
    client.send({"action": "hush"})
    client.send({"action": "many"})
    client.disconnect()

    row = told(gateway)

    assert told() == row
    assert steps(row) == 2
    assert row == {"connects": 1, "disconnects": 1, "messages_in": 2, "messages_out": 1}


def test_refusals_and_handlers_that_fail_are_counted() -> None:
    gateway = new_gateway()
    WebSocketTestClient(gateway).connect(headers={"Origin": "https://evil.example.net"})
    client = WebSocketTestClient(gateway, client=Client(raise_request_exception=False))
    client.connect()
    client.send({"action": "crash"})

    row = told(gateway)

    assert steps(row) == 1
    assert row == {"connects": 1, "refusals": 1, "messages_in": 1, "handler_failures": 1}


def test_what_belongs_to_no_gateway_is_counted_for_all_alone() -> None:
    rollups.count(None, refusals=2)

    assert told() == {"refusals": 2}
    assert Rollup.objects.count() == 1


@pytest.mark.parametrize(
    ("milliseconds", "step"),
    [
        (0, "took_1"),
        (1, "took_1"),
        (2, "took_2"),
        (3, "took_5"),
        (10_000, "took_10000"),
        (10_001, "took_more"),
    ],
)
def test_a_handler_is_counted_in_the_first_step_that_it_does_not_exceed(milliseconds: int, step: str) -> None:
    handled = Handled(handler="say", status=200, duration_ms=milliseconds)

    rollups.count_handled(None, handled, replied=False)

    assert told() == {"messages_in": 1, step: 1}


def test_sends_are_counted_by_what_became_of_them() -> None:
    results = [Result.SENT, Result.SENT, Result.GONE, Result.THROTTLED, Result.CANCELLED, Result.FAILED]

    rollups.count_sent((7, result) for result in results)

    assert told() == {"messages_out": 2, "send_failures": 2}


def test_a_send_that_aws_does_not_take_is_a_failure_of_its_gateway() -> None:
    gateway = new_gateway(endpoint_url="http://127.0.0.1:1", region="us-east-1", deployment_id="d")
    session = WebSocketSession.objects.create(connection_id="c", api_gateway=gateway)
    with endpoints.quickly(1), pytest.raises(ApigwWsError):
        messages.send(session, "Hello")
    WebSocketSession.objects.filter(pk=session.pk).send_message("Hello")

    assert told(gateway) == {"send_failures": 2}


def test_sessions_that_end_together_are_counted_by_gateway() -> None:
    one, other = new_gateway(), new_gateway(api_name="other", api_id="other")
    for number, gateway in enumerate((one, one, other)):
        WebSocketSession.objects.create(connection_id=str(number), api_gateway=gateway)

    sessions.close_all(WebSocketSession.objects.all(), by="reaper")

    assert (told(one), told(other)) == ({"disconnects": 2}, {"disconnects": 1})
    assert told() == {"disconnects": 3}


def test_minutes_are_kept_apart_and_added_to(clock: list[int]) -> None:
    rollups.count(7, connects=1)
    rollups.flush()
    rollups.count(7, connects=2, refusals=0)
    clock[0] += 1
    rollups.count(7, connects=4)

    assert told() == {"connects": 3}
    assert told(minute=MINUTE + 1) == {"connects": 4}


def test_a_minute_costs_an_update_once_it_is_there(django_assert_num_queries: Any) -> None:
    rollups.count(None, connects=1)
    rollups.flush()
    rollups.count(None, connects=1, messages_in=3)

    with django_assert_num_queries(1):
        rollups.flush()


@pytest.mark.django_db(transaction=True)
def test_nothing_is_lost_while_the_database_fails(clock: list[int]) -> None:
    rollups.count(7, connects=1)
    with connection.execute_wrapper(failing):
        rollups.flush()
    clock[0] += 1
    rollups.count(7, connects=2)

    assert told() == {"connects": 1}
    assert told(minute=MINUTE + 1) == {"connects": 2}


def test_live_sessions_are_sampled_again_within_a_minute() -> None:
    gateway = new_gateway()
    for number in range(3):
        WebSocketSession.objects.create(connection_id=str(number), api_gateway=gateway if number else None)
    rollups.count(gateway.pk, connects=3)
    rollups.flush()

    assert rollups.sample() == rollups.Report(live=3)
    WebSocketSession.objects.filter(connection_id="1").update(connected=False)
    rollups.sample()

    assert told(gateway) == {"connects": 3, "live": 1}
    assert told() == {"connects": 3, "live": 2}


def test_a_minute_without_sessions_is_sampled_too() -> None:
    rollups.sample()

    assert Rollup.objects.get().live == 0


def test_a_tick_of_the_upkeep_samples_but_once() -> None:
    assert rollups.sample(every=timedelta(minutes=1)) is not None
    assert rollups.sample(every=timedelta(minutes=1)) is None


def test_the_command_that_ends_writes_down_what_it_counted() -> None:
    old = WebSocketSession.objects.create(connection_id="old")
    WebSocketSession.objects.filter(pk=old.pk).update(created_on=timezone.now() - timedelta(hours=3))

    call_command("ws_reap", stdout=StringIO())

    assert Rollup.objects.get().disconnects == 1
    assert Rollup.objects.get().live == 0


def test_a_task_that_ends_writes_down_what_it_counted() -> None:
    rollups.count(None, connects=1)

    flush_rollups()

    assert Rollup.objects.get().connects == 1


def test_what_is_older_than_eight_days_goes() -> None:
    now = int(timezone.now().timestamp() // 60)
    for minutes in (0, 8 * 1440 - 2, 8 * 1440 + 2):
        Rollup.objects.create(minute=now - minutes)

    assert rollups.delete_old() == 1
    assert Rollup.objects.count() == 2


def test_a_thread_writes_it_down_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    written, closed = threading.Event(), []
    monkeypatch.setattr(rollups, "DELAY", 0.01)
    monkeypatch.setattr(rollups, "_writes_in_a_thread", lambda: True)
    monkeypatch.setattr(rollups, "flush", written.set)
    monkeypatch.setattr(connections, "close_all", lambda: closed.append(threading.current_thread()))
    rollups.count(None, connects=1)
    rollups.count(None, connects=1)
    thread = rollups._tally.timer

    assert thread is not None
    assert written.wait(10)
    thread.join(10)
    assert closed == [thread]


def test_what_was_not_written_down_is_forgotten_with_its_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rollups, "_writes_in_a_thread", lambda: True)
    rollups.count(None, connects=1)
    thread = rollups._tally.timer
    assert thread is not None

    rollups.forget()

    thread.join(10)
    assert told() == {}


def test_a_database_in_memory_has_no_thread() -> None:
    in_memory = connection.vendor == "sqlite"

    assert rollups._writes_in_a_thread() is not in_memory
