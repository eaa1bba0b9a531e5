"""Ghosts are found and closed, and nothing else is: with real sockets, and with AWS at its worst."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import asdict
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import DatabaseError
from django.utils import timezone
from websockets.sync.client import ClientConnection, connect

from apigw_ws.models import ApiGateway, Chore, SessionState, WebSocketSession
from apigw_ws.services import calls, chores, reaper, upkeep
from apigw_ws.services.reaper import Report
from apigw_ws.services.sessions import ClosedBy
from tests.emulator.serving import Served
from tests.test_round_trip import eventually, gateway, site  # noqa: F401  (fixtures)
from tests.test_session_states import aged

UNKNOWN = "e_d2EewNLPECIGw="
Open = Callable[[], tuple[ClientConnection, WebSocketSession]]


@pytest.fixture
def open_one(gateway: ApiGateway, settings: Any) -> Iterator[Open]:  # noqa: F811
    """Connect through the emulator and Django; the session was silent for two minutes."""
    settings.APIGW_WS["PROBE_RATE"] = 1000
    with ExitStack() as sockets:

        def open_socket() -> tuple[ClientConnection, WebSocketSession]:
            socket = sockets.enter_context(connect(gateway.client_url))
            session = WebSocketSession.objects.latest("pk")
            silent(session)
            return socket, session

        yield open_socket


def silent(*sessions: WebSocketSession, minutes: float = 2) -> None:
    moment = timezone.now() - dt.timedelta(minutes=minutes)
    mine = WebSocketSession.objects.filter(pk__in=[session.pk for session in sessions])
    mine.update(active_on=moment, created_on=moment)


def found(**expected: int) -> dict[str, int]:
    """The fields of a tick's report that are not 0 must be these."""
    report = reaper.tick()
    assert report is not None
    counts = {name: count for name, count in asdict(report).items() if count}
    assert counts == expected
    return counts


def test_a_lost_disconnect_leaves_no_row_live_for_longer_than_the_tick(aws: Served, open_one: Open) -> None:
    _socket, lost = open_one()
    _other, kept = open_one()
    aws.backstage("DELETE", f"connections/{lost.connection_id}")
    assert lost.state == SessionState.LIVE

    found(probed=2, ghosts=1, kept=1)

    lost.refresh_from_db()
    kept.refresh_from_db()
    assert (lost.state, lost.closed_by) == (SessionState.CLOSED, ClosedBy.REAPER)
    assert kept.state == SessionState.LIVE
    found()  # what AWS has said counts as evidence


def test_a_drop_whose_disconnect_never_arrives_is_found_too(aws: Served, open_one: Open) -> None:
    socket, session = open_one()
    aws.fault("execute-api:$disconnect", "drop")
    socket.close()
    assert eventually(lambda: aws.backstage("GET", "connections")[1] in ([], {"connections": []}))

    found(probed=1, ghosts=1)

    session.refresh_from_db()
    assert not session.connected


@pytest.mark.parametrize(
    ("effect", "details", "field"),
    [
        ("throttle", {}, "throttled"),
        ("error", {"status": 403}, "refused"),
        ("error", {"status": 500}, "refused"),
        ("reset", {}, "unreachable"),
    ],
)
def test_only_gone_closes(
    aws: Served, open_one: Open, effect: str, details: dict[str, int], field: str
) -> None:
    for _ in range(3):
        open_one()
    before = list(WebSocketSession.objects.order_by("pk").values())
    aws.fault("execute-api:GetConnection", effect, times=None, **details)

    found(probed=3, **{field: 3})

    assert list(WebSocketSession.objects.order_by("pk").values()) == before
    assert WebSocketSession.objects.live().count() == 3


def test_a_gateway_that_limits_the_rate_is_asked_no_more_until_the_next_tick(
    aws: Served, open_one: Open, settings: Any
) -> None:
    settings.APIGW_WS["SEND_WORKERS"] = 1
    for _ in range(3):
        open_one()
    aws.fault("execute-api:GetConnection", "throttle")

    found(probed=3, throttled=3)
    found(probed=3, kept=3)


def test_an_idle_connection_that_is_open_after_all_is_live_again(open_one: Open) -> None:
    _socket, session = open_one()
    silent(session, minutes=30)
    assert list(WebSocketSession.objects.idle()) == [session]

    found(probed=1, kept=1)

    session.refresh_from_db()
    assert session.state == SessionState.LIVE


def test_no_gateway_takes_anothers_turn(
    open_one: Open, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    """Without a share for each, the longest silent of a gateway that AWS refuses would fill every tick."""
    _socket, session = open_one()
    elsewhere = ApiGateway.objects.create(api_name="never deployed")
    for number in range(5):
        aged(f"{number}", age=50, evidence=50, api_gateway=elsewhere)
    settings.APIGW_WS |= {"PROBE_RATE": 1, "REAPER_INTERVAL": 5}
    monkeypatch.setattr("apigw_ws.services.calls.time.sleep", lambda seconds: None)

    found(probed=3, kept=1, refused=2, left=3)

    session.refresh_from_db()
    assert session.state == SessionState.LIVE


@pytest.mark.django_db
class TestWithoutAws:
    def test_what_is_two_hours_old_is_closed_unasked(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("apigw_ws.services.sessions.BATCH", 2)
        for number in range(5):
            aged(f"old{number}", age=121, evidence=0)
        young = aged("young", age=119, evidence=0)

        found(expired=5)

        closed = WebSocketSession.objects.closed()
        assert {(s.closed_by, s.close_reason) for s in closed} == {(ClosedBy.REAPER, "Two hours old")}
        young.refresh_from_db()
        assert young.connected

    def test_sessions_without_a_gateway_wait_until_they_expire(self) -> None:
        aged("a=", age=50, evidence=50)

        found()

    def test_a_rate_of_0_asks_nothing(self, settings: Any) -> None:
        settings.APIGW_WS = {"PROBE_RATE": 0}
        aged("a=", age=50, evidence=50, api_gateway=ApiGateway.objects.create(api_name="any"))

        found()

    def test_what_the_rate_leaves_is_said(self, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        settings.APIGW_WS = {"PROBE_RATE": 1, "REAPER_INTERVAL": 5}
        gateway = ApiGateway.objects.create(api_name="never deployed")  # noqa: F811
        for number in range(7):
            aged(f"{number}", age=50, evidence=50 - number, api_gateway=gateway)
        asked: list[str] = []

        def answer(sessions: list[WebSocketSession], *args: Any, **how: Any) -> list[None]:
            asked.extend(session.connection_id for session in sessions)
            return [None] * len(sessions)

        monkeypatch.setattr(calls, "call_each", answer)

        found(probed=5, kept=5, left=2)
        assert asked == ["0", "1", "2", "3", "4"]  # the longest silent first

    def test_no_more_calls_are_begun_in_a_second_than_the_rate(self, monkeypatch: pytest.MonkeyPatch) -> None:
        slept: list[float] = []
        monkeypatch.setattr("apigw_ws.services.calls.time.sleep", slept.append)
        sessions = [aged(f"{number}", age=1, evidence=1) for number in range(3)]
        clients = calls.Clients({None: calls.GatewayClient(client="AWS")})

        assert calls.call_each(sessions, lambda *_: None, clients=clients, rate=10) == [None] * 3
        assert slept == [0.1] * 3


@pytest.mark.django_db
class TestTurns:
    def turn(self, work: Callable[[], Report] = Report, **how: Any) -> Report | None:
        return chores.take_turn("test", work, lease=dt.timedelta(minutes=1), **how)

    def test_two_at_the_same_time_do_not_double_the_work(self) -> None:
        inner: list[Report | None] = []

        def work() -> Report:
            inner.append(self.turn())
            return Report(ghosts=2)

        assert (self.turn(work), inner) == (Report(ghosts=2), [None])
        assert self.turn() == Report()

    def test_a_turn_is_kept_where_others_can_read_it(self) -> None:
        assert chores.last_turn("test") is None
        self.turn(lambda: Report(kept=3))

        chore = chores.last_turn("test")
        assert chore is not None
        assert (str(chore), chore.report["kept"], chore.error_text) == ("test", 3, "")
        assert chore.started_on is not None
        assert chore.finished_on is not None
        assert chore.finished_on >= chore.started_on

    def test_it_is_not_done_before_it_is_due(self) -> None:
        assert self.turn(every=dt.timedelta(minutes=1)) == Report()
        assert self.turn(every=dt.timedelta(minutes=1)) is None

    def test_who_died_at_it_is_followed_when_the_lease_is_over(self) -> None:
        soon = timezone.now() + dt.timedelta(minutes=1)
        Chore.objects.create(name="test", started_on=timezone.now(), held_until=soon)
        assert self.turn() is None

        Chore.objects.update(held_until=timezone.now())
        assert self.turn() == Report()

    def test_who_comes_back_late_does_not_overwrite_who_followed(self) -> None:
        def late() -> Report:
            Chore.objects.update(held_until=timezone.now())
            assert self.turn(lambda: Report(kept=1)) == Report(kept=1)
            return Report(kept=2)

        self.turn(late)

        assert Chore.objects.get().report["kept"] == 1

    def test_a_failure_is_kept_and_ends_the_turn(self) -> None:
        def fail() -> Report:
            raise KeyboardInterrupt("stopped")  # as a deployment stops a worker

        with pytest.raises(KeyboardInterrupt):
            self.turn(fail)

        assert Chore.objects.get().error_text == "KeyboardInterrupt: stopped"
        assert self.turn() == Report()
        assert Chore.objects.get().error_text == ""


@pytest.mark.django_db
class TestCommand:
    def printed(self, *arguments: str) -> str:
        out = StringIO()
        call_command("ws_reap", *arguments, stdout=out)
        return out.getvalue()

    def test_it_prints_the_report(self) -> None:
        aged("old", age=121, evidence=0)

        lines = dict(line.split(":") for line in self.printed().splitlines())
        assert {name: int(count) for name, count in lines.items()} == asdict(Report(expired=1))

    def test_it_says_where_another_is_at_work(self) -> None:
        Chore.objects.create(name="reaper", held_until=timezone.now() + dt.timedelta(minutes=1))

        assert self.printed() == "Another tick is at work; this one did nothing.\n"

    def test_forever_outlives_a_failure(
        self, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        ticks: list[int] = []

        def once() -> None:
            ticks.append(1)
            if len(ticks) == 1:
                raise DatabaseError("The database is gone.")

        def sleep(seconds: float) -> None:
            if len(ticks) == 2:
                raise KeyboardInterrupt

        monkeypatch.setattr(upkeep, "once", once)
        monkeypatch.setattr("apigw_ws.services.upkeep.time.sleep", sleep)

        with pytest.raises(KeyboardInterrupt):
            self.printed("--forever")

        assert len(ticks) == 2
        assert "A tick failed; the next is in 60 seconds." in caplog.text

    def test_several_processes_share_the_ticks(self) -> None:
        upkeep.once()
        first = Chore.objects.get(name="reaper").started_on
        upkeep.once()

        assert Chore.objects.get(name="reaper").started_on == first
