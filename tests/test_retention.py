"""What is old goes, in batches; what somebody still needs stays."""

from __future__ import annotations

import datetime as dt
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.models import Model
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apigw_ws.models import (
    Act,
    ActOutcome,
    AuditEvent,
    Broadcast,
    BroadcastRecipient,
    Chore,
    Refusal,
    Run,
    WebSocketSession,
    WebSocketToken,
)
from apigw_ws.services import audit, batches, retention, sessions, upkeep
from apigw_ws.services.retention import Pruned
from tests.app.factories import new_gateway
from tests.test_session_states import aged

pytestmark = pytest.mark.django_db


def days_ago(days: float) -> dt.datetime:
    return timezone.now() - dt.timedelta(days=days)


def dated(row: Model, **moments: dt.datetime) -> Any:
    type(row)._base_manager.filter(pk=row.pk).update(**moments)
    row.refresh_from_db()
    return row


def closed(name: str, days: float | None) -> WebSocketSession:
    session = aged(name, age=60, evidence=60, connected=False)
    return dated(session, disconnected_on=days and days_ago(days))  # type: ignore[arg-type,no-any-return]


def test_closed_sessions_go_after_their_time_and_connected_ones_never() -> None:
    closed("old=", 31)
    kept = [
        closed("young=", 29),
        closed("undated=", None),
        dated(aged("connected=", age=1, evidence=1), created_on=days_ago(90), updated_on=days_ago(90)),
    ]
    dated(closed("undated and old=", None), updated_on=days_ago(31))

    assert retention.prune() == Pruned(sessions=2)
    assert set(WebSocketSession.objects.all()) == set(kept)


def test_acts_go_as_sessions_do_and_with_their_outcomes() -> None:
    session = closed("young=", 1)
    for age in (31, 29):
        act = Act.objects.create(deed=Act.Deed.JOIN)
        act.outcomes.create(session=session)
        dated(act, created_on=days_ago(age))

    assert retention.prune() == Pruned(acts=1)
    assert ActOutcome.objects.count() == 1


def test_broadcasts_that_are_over_go_with_all_that_they_tell_and_others_never() -> None:
    state = Broadcast.State
    for age, each in ((91, state.DONE), (91, state.FAILED), (89, state.DONE), (91, state.PAUSED)):
        broadcast = Broadcast.objects.create(payload="{}", state=each)
        broadcast.recipients.create(connection_id="a=", result="gone")
        dated(broadcast, finished_on=None if each == state.PAUSED else days_ago(age), created_on=days_ago(91))
    dated(Broadcast.objects.create(payload="{}"), created_on=days_ago(91))

    assert retention.prune() == Pruned(broadcasts=3)
    assert {one.state for one in Broadcast.objects.all()} == {state.DONE, state.PAUSED}
    assert BroadcastRecipient.objects.count() == 2


def test_tokens_and_refusals_go_by_their_age(settings: Any) -> None:
    settings.APIGW_WS = {"REFUSALS_KEPT_DAYS": 2}
    for number, days in enumerate((0.5, 1.5, 3)):
        token = WebSocketToken.objects.create(token_hash=f"{number}", session_key_hash="f")
        refusal = Refusal.objects.create(guard="origin", phase="connect", status=403, reason="no")
        dated(token, created_on=days_ago(days))
        dated(refusal, created_on=days_ago(days))

    assert retention.prune() == Pruned(tokens=2, refusals=1)


def test_a_token_that_is_still_good_is_never_deleted(settings: Any) -> None:
    settings.APIGW_WS = {"TOKEN_MAX_AGE": 2 * 24 * 3600}
    dated(WebSocketToken.objects.create(token_hash="a", session_key_hash="f"), created_on=days_ago(1.5))

    assert retention.prune() == Pruned()


def test_runs_go_but_the_last_of_each_gateway_and_those_at_work(settings: Any) -> None:
    settings.APIGW_WS = {"RUNS_KEPT_DAYS": 10}
    chat, mail = new_gateway(api_name="chat", api_id="a"), new_gateway(api_name="mail", api_id="b")
    long_ago = days_ago(11)
    old = Run.objects.create(gateway=chat, finished_on=long_ago)
    old.steps.create(position=1, operation="x", description="x", started_on=long_ago)
    event = audit.record(AuditEvent.Verb.APPLY, chat, run=old)
    kept = [
        Run.objects.create(gateway=chat, finished_on=days_ago(9)),
        Run.objects.create(gateway=chat),
        Run.objects.create(gateway=mail, finished_on=long_ago),
    ]

    assert retention.prune() == Pruned(runs=1)

    assert set(Run.objects.all()) == set(kept)
    event.refresh_from_db()
    assert event.run is None


def test_0_days_keep_everything(settings: Any) -> None:
    names = ("SESSIONS", "TOKENS", "REFUSALS", "RUNS")
    settings.APIGW_WS = {f"{name}_KEPT_DAYS": 0 for name in names}
    closed("old=", 3000)

    assert retention.prune() == Pruned()


def test_rows_are_deleted_in_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "SIZE", 2)
    for number in range(5):
        closed(f"{number}", 31)
    aged("open=", age=1, evidence=1)

    with CaptureQueriesContext(connection) as captured:
        assert sessions.delete_closed() == 5

    deletes = [q["sql"] for q in captured if q["sql"].startswith('DELETE FROM "apigw_ws_websocketsession"')]
    assert len(deletes) == 3
    assert WebSocketSession.objects.get().connection_id == "open="


def test_the_command_says_what_it_deleted() -> None:
    closed("old=", 31)
    out = StringIO()

    call_command("ws_prune", stdout=out)

    lines = [line.split() for line in out.getvalue().splitlines()]
    assert lines[0] == ["sessions:", "1", "deleted"]
    assert (
        " ".join(line[0] for line in lines)
        == "sessions: acts: tokens: refusals: runs: traces: broadcasts: rollups:"
    )


def test_the_command_leaves_it_to_another_that_is_at_it() -> None:
    Chore.objects.create(name="prune", held_until=timezone.now() + dt.timedelta(minutes=1))
    out = StringIO()

    call_command("ws_prune", stdout=out)

    assert out.getvalue() == "Another process is at it; this one did nothing.\n"


def test_the_tick_does_it_once_a_day() -> None:
    upkeep.once()
    closed("old=", 31)
    upkeep.once()
    assert WebSocketSession.objects.exists()

    Chore.objects.update(started_on=days_ago(1))
    upkeep.once()
    assert not WebSocketSession.objects.exists()
