"""Started once, paused, resumed, cancelled, given up: in whichever state it ends, the counts are true."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any
from unittest.mock import Mock

import pytest
from django.db import DatabaseError
from django.utils import timezone

from apigw_ws.exceptions import BroadcastError
from apigw_ws.models import ApiGateway, AuditEvent, Broadcast, BroadcastShard, WebSocketSession
from apigw_ws.services import broadcasts, upkeep
from apigw_ws.services.broadcasts import claims, ledger, queue, running
from apigw_ws.signals import broadcast_finished
from tests.app.factories import new_gateway, new_user
from tests.broadcasts.conftest import new_sessions, prepared, sent
from tests.broadcasts.stub import Stub

pytestmark = pytest.mark.django_db
State = Broadcast.State


def counts(broadcast: Broadcast) -> dict[str, int]:
    broadcast.refresh_from_db()
    return {name: count for name, count in broadcasts.progress(broadcast).counts.items() if count}


def while_sending(monkeypatch: pytest.MonkeyPatch, act: Callable[[], Any]) -> None:
    """``act`` happens when the worker looks at the state for the first time, after the first answers."""
    monkeypatch.setattr(running, "BEAT", 0.0)
    renew, acted = claims.Claims.renew, list[bool]()

    def renewing(self: claims.Claims) -> None:
        renew(self)
        if not acted and Broadcast.objects.get().done_count:
            acted.append(True)
            act()

    monkeypatch.setattr(claims.Claims, "renew", renewing)


def test_a_double_click_starts_once(at_stub: ApiGateway, stub: Stub) -> None:
    new_sessions(at_stub, 2)
    broadcast = prepared()
    same = Broadcast.objects.get()

    assert broadcasts.start(broadcast) is True
    assert broadcasts.start(same) is False
    assert broadcasts.begin(broadcast) is True
    same.refresh_from_db()
    assert broadcasts.begin(same) is False
    broadcasts.run(broadcast)
    broadcasts.run(same)

    assert counts(broadcast) == {"sent": 2}
    assert set(stub.posts.values()) == {1}
    assert AuditEvent.objects.filter(verb="broadcast").count() == 1


def test_two_who_begin_at_the_same_time_begin_once(at_stub: ApiGateway) -> None:
    new_sessions(at_stub, 2)
    broadcast = prepared()
    broadcasts.start(broadcast)
    other = Broadcast.objects.get()

    assert (broadcasts.begin(broadcast), broadcasts.begin(other)) == (True, False)
    assert BroadcastShard.objects.count() == 1


def test_what_is_paused_goes_on_where_it_was(
    at_stub: ApiGateway, stub: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    new_sessions(at_stub, 100)
    broadcast = prepared(rate=400)
    while_sending(monkeypatch, lambda: broadcasts.pause(Broadcast.objects.get()))

    sent(broadcast)

    assert broadcast.state == State.PAUSED
    assert 0 < broadcast.done_count < 100
    assert not broadcast.shards.exclude(worker="").exists()
    assert broadcasts.resume(broadcast) is True
    assert broadcasts.resume(broadcast) is False
    broadcasts.run(broadcast)
    assert (broadcast.state, counts(broadcast)) == (State.DONE, {"sent": 100})
    assert len(stub.posts) == 100


def test_what_is_cancelled_counts_whom_it_did_not_reach(
    at_stub: ApiGateway, stub: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    new_sessions(at_stub, 100)
    broadcast = prepared(rate=400)
    while_sending(monkeypatch, lambda: broadcasts.cancel(Broadcast.objects.get()))

    sent(broadcast)

    assert broadcast.state == State.CANCELLED
    assert broadcast.sent + broadcast.cancelled == broadcast.total == 100
    assert 0 < broadcast.sent < 100
    assert broadcast.recipients.filter(result="cancelled").count() == broadcast.cancelled
    assert broadcasts.cancel(broadcast) is False


def test_retry_is_for_whom_it_did_not_reach(at_stub: ApiGateway, stub: Stub) -> None:
    sessions = new_sessions(at_stub, 4)
    lost, forbidden = sessions[0].connection_id, sessions[1].connection_id
    stub.answer = lambda connection_id: {lost: 410, forbidden: 403}.get(connection_id, 200)
    first = sent(prepared(reason="News"))
    assert counts(first) == {"sent": 2, "gone": 1, "forbidden": 1}
    stub.answer = lambda connection_id: 200

    again = broadcasts.retry(first)

    assert (again.state, again.retry_of, again.reason) == (State.DRAFT, first, "News")
    sent(again)
    assert counts(again) == {"sent": 1}
    assert stub.posts[forbidden] == 2
    again.refresh_from_db()
    with pytest.raises(BroadcastError, match="Nobody is there to get it"):
        broadcasts.retry(again)


def test_what_is_not_over_cannot_be_retried(at_stub: ApiGateway) -> None:
    new_sessions(at_stub, 1)

    with pytest.raises(BroadcastError, match="not over yet"):
        broadcasts.retry(prepared())


@pytest.mark.parametrize("state", [State.DRAFT, State.SCHEDULED, State.QUEUED])
def test_cancelled_before_it_begins_nobody_gets_it(at_stub: ApiGateway, stub: Stub, state: State) -> None:
    new_sessions(at_stub, 1)
    later = timezone.now() + dt.timedelta(hours=1) if state == State.SCHEDULED else None
    broadcast = prepared(scheduled_for=later)
    if state != State.DRAFT:
        broadcasts.start(broadcast)
    assert broadcast.state == state

    assert broadcasts.cancel(broadcast) is True

    broadcasts.begin(broadcast)
    assert (broadcast.state, broadcast.total) == (State.CANCELLED, 0)
    assert not stub.posts


def test_a_draft_can_be_discarded_and_replaced(at_stub: ApiGateway) -> None:
    new_sessions(at_stub, 1)
    draft = prepared()

    broadcast = prepared(replaces=draft)

    assert list(Broadcast.objects.all()) == [broadcast]
    broadcasts.start(broadcast)
    assert broadcasts.discard(broadcast) is False


@pytest.mark.parametrize(
    ("status", "state", "name", "sentence"),
    [
        (403, State.FAILED, "forbidden", "execute-api:ManageConnections"),
        (413, State.FAILED, "too_large", "Send it in parts"),
        (410, State.DONE, "gone", "Nobody was there any more"),
    ],
)
def test_what_aws_answers_everybody_ends_it_with_a_sentence(
    at_stub: ApiGateway, stub: Stub, status: int, state: State, name: str, sentence: str
) -> None:
    new_sessions(at_stub, 60)
    stub.answer = lambda connection_id: status

    broadcast = sent(prepared())

    assert (broadcast.state, counts(broadcast)) == (state, {name: 60})
    assert sentence in broadcast.error_text
    assert sentence in broadcasts.failures(broadcast)[0].meaning or status == 410
    if status == 403:
        assert stub.posts.total() < 60  # not a million times


def test_half_may_be_gone(at_stub: ApiGateway, stub: Stub) -> None:
    sessions = new_sessions(at_stub, 40)
    gone = {session.connection_id for session in sessions[::2]}
    stub.answer = lambda connection_id: 410 if connection_id in gone else 200

    broadcast = sent(prepared())

    assert (broadcast.state, counts(broadcast)) == (State.DONE, {"sent": 20, "gone": 20})
    assert broadcast.error_text == ""
    assert WebSocketSession.objects.filter(connected=True).count() == 20
    assert {one.connection_id for one in broadcast.recipients.filter(result="gone")} == gone


def test_where_aws_does_not_answer_it_pauses_and_keeps_whom_it_owes(
    at_stub: ApiGateway, stub: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apigw_ws.delivery.feed._FIRST_PAUSE", 0.001)
    new_sessions(at_stub, 300)
    ApiGateway.objects.update(api_endpoint="ws://127.0.0.1:9")  # nobody listens there

    broadcast = sent(prepared())

    assert broadcast.state == State.PAUSED
    assert "AWS took no message" in broadcast.error_text
    assert broadcast.done_count < 300
    ApiGateway.objects.update(api_endpoint=stub.url)
    broadcasts.resume(broadcast)
    broadcasts.run(broadcast)
    assert broadcast.done_count == broadcast.total == 300
    assert (broadcast.state, broadcast.error_text != "") == (State.DONE, broadcast.failed > 0)


def test_a_gateway_that_does_not_answer_holds_up_nobody_at_another(
    at_stub: ApiGateway, stub: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apigw_ws.delivery.feed._FIRST_PAUSE", 0.001)
    lost = new_gateway("lost", api_id="lost", api_endpoint="ws://127.0.0.1:9", deployment_id="d2")
    new_sessions(lost, 300)
    new_sessions(at_stub, 40)
    broadcasts.start(broadcast := prepared())
    broadcasts.begin(broadcast)
    BroadcastShard.objects.filter(gateway=at_stub).update(held_until=timezone.now() + claims.LEASE)

    broadcasts.run(broadcast)
    assert broadcast.state == State.SENDING  # somebody else is at the others
    BroadcastShard.objects.update(held_until=None)
    broadcasts.run(broadcast)

    assert (broadcast.state, broadcast.sent) == (State.PAUSED, 40)
    assert "AWS took no message" in broadcast.error_text
    assert 0 < broadcast.failed < 300
    ApiGateway.objects.filter(pk=lost.pk).update(api_endpoint=stub.url)
    broadcasts.resume(broadcast)
    broadcasts.run(broadcast)
    assert broadcast.is_over
    assert broadcast.done_count == broadcast.total == 340


def test_a_gateway_that_hangs_is_given_up_though_that_takes_longer_than_a_turn(
    at_stub: ApiGateway, stub: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apigw_ws.delivery.multi._CALL", 30)
    monkeypatch.setattr("apigw_ws.delivery.feed._FIRST_PAUSE", 0.001)
    monkeypatch.setattr(running, "SLICE", 0.05)
    new_sessions(at_stub, 200)
    stub.latency = 60.0

    broadcast = sent(prepared())

    assert broadcast.state == State.PAUSED
    assert "AWS took no message" in broadcast.error_text


def test_a_gateway_that_is_not_deployed_is_said_of_each(at_stub: ApiGateway) -> None:
    new_sessions(at_stub, 2)
    new_sessions(None, 1)
    ApiGateway.objects.update(deployment_id="")

    broadcast = sent(prepared())

    assert (broadcast.state, counts(broadcast)) == (State.FAILED, {"failed": 3})
    (failure,) = broadcasts.failures(broadcast)
    assert (failure.code, failure.count) == ("NotProvisioned", 3)
    assert "Apply its plan" in broadcast.error_text


def test_who_has_closed_meanwhile_costs_no_call(at_stub: ApiGateway, stub: Stub) -> None:
    closed, deleted, _open = new_sessions(at_stub, 3)
    broadcast = prepared()
    broadcasts.start(broadcast)
    broadcasts.begin(broadcast)
    WebSocketSession.objects.filter(pk=closed.pk).update(connected=False)
    WebSocketSession.objects.filter(pk=deleted.pk).delete()

    broadcasts.run(broadcast)

    assert counts(broadcast) == {"sent": 1, "gone": 2}
    assert stub.posts.total() == 1


def test_strangers_are_posted_to_where_a_gateway_is_named(at_stub: ApiGateway, stub: Stub) -> None:
    (known,) = new_sessions(at_stub, 1)
    audience = {"kind": "connections", "connections": [known.connection_id, "c3RyYW5nZXI="]}

    without = sent(prepared(audience=audience))
    named = sent(prepared(audience={**audience, "gateway": at_stub.pk}))

    assert counts(without) == {"sent": 1, "failed": 1}
    assert broadcasts.failures(without)[0].code == ledger.UNKNOWN
    assert counts(named) == {"sent": 2}
    assert stub.posts["c3RyYW5nZXI="] == 1


def test_nobody_is_posted_through_the_gateway_of_another(at_stub: ApiGateway, stub: Stub) -> None:
    from tests.broadcasts.stub import running_stub

    with running_stub() as other:
        elsewhere = new_gateway("other", api_id="other", api_endpoint=other.url, deployment_id="d2")
        here, there = new_sessions(at_stub, 3), new_sessions(elsewhere, 4)

        broadcast = sent(prepared())

        assert counts(broadcast) == {"sent": 7}
        assert set(stub.posts) == {session.connection_id for session in here}
        assert set(other.posts) == {session.connection_id for session in there}


def test_it_is_for_whoever_is_there_when_their_turn_comes(
    at_stub: ApiGateway, stub: Stub, settings: Any
) -> None:
    settings.APIGW_WS = {**settings.APIGW_WS, "BROADCAST_SHARD": 2}
    early = new_sessions(at_stub, 5)
    broadcast = prepared(snapshot=False)
    broadcasts.start(broadcast)
    broadcasts.begin(broadcast)
    assert broadcast.total == 5
    late = new_sessions(at_stub, 4)
    WebSocketSession.objects.filter(pk=early[0].pk).update(connected=False)

    broadcasts.run(broadcast)

    assert (broadcast.state, broadcast.total, counts(broadcast)) == (State.DONE, 8, {"sent": 8})
    assert set(stub.posts) == {session.connection_id for session in [*early[1:], *late]}


def test_what_is_scheduled_begins_when_it_is_due(at_stub: ApiGateway) -> None:
    new_sessions(at_stub, 1)
    broadcast = prepared(scheduled_for=timezone.now() + dt.timedelta(hours=1))
    broadcasts.start(broadcast)
    assert (broadcast.state, broadcasts.begin(broadcast)) == (State.SCHEDULED, False)
    Broadcast.objects.update(scheduled_for=timezone.now() - dt.timedelta(seconds=1), queued_on=None)

    assert broadcasts.tend() == 1

    broadcast.refresh_from_db()
    assert broadcasts.begin(broadcast) is True


def test_what_nobody_begins_in_time_is_not_sent(at_stub: ApiGateway, stub: Stub) -> None:
    new_sessions(at_stub, 1)
    broadcast = prepared(expires_on=timezone.now() + dt.timedelta(hours=1))
    broadcasts.start(broadcast)
    broadcast.expires_on = timezone.now()
    broadcast.save()

    assert broadcasts.begin(broadcast) is False

    assert (broadcast.state, broadcast.total) == (State.FAILED, 0)
    assert "before it expired" in broadcast.error_text
    with pytest.raises(BroadcastError, match="over before it begins"):
        prepared(expires_on=timezone.now())


def test_what_was_scheduled_for_nobody_ends_with_a_sentence(at_stub: ApiGateway) -> None:
    broadcast = prepared(scheduled_for=timezone.now() + dt.timedelta(seconds=1))
    broadcast.scheduled_for = timezone.now()

    sent(broadcast)

    assert (broadcast.state, broadcast.total, broadcast.error_text) == (
        State.DONE,
        0,
        "Nobody was there to get it.",
    )


def test_the_project_hears_of_the_end_once(at_stub: ApiGateway) -> None:
    heard: list[Broadcast] = []

    def hear(sender: Any, broadcast: Broadcast, **_: Any) -> None:
        heard.append(broadcast)

    broadcast_finished.connect(hear)
    try:
        new_sessions(at_stub, 1)
        broadcast = sent(prepared())
        broadcasts.run(broadcast)
    finally:
        broadcast_finished.disconnect(hear)

    assert heard == [broadcast]


def test_the_end_is_in_the_audit_trail_with_what_came_of_it(at_stub: ApiGateway, stub: Stub) -> None:
    new_sessions(at_stub, 2)
    sent(prepared(reason="News"))
    stub.answer = lambda connection_id: 403
    forbidden = sent(prepared())

    good, bad = AuditEvent.objects.filter(verb="end_broadcast").order_by("pk")

    assert good.after is not None
    assert (good.after["state"], good.after["recipients"], good.after["sent"]) == ("done", 2, 2)
    assert (good.result, good.after["reason"]) == ("done", "News")
    assert (bad.result, bad.error_text) == ("failed", forbidden.error_text)


def test_a_silent_workers_shard_goes_to_the_next(at_stub: ApiGateway, stub: Stub) -> None:
    new_sessions(at_stub, 2)
    broadcast = prepared()
    broadcasts.start(broadcast)
    broadcasts.begin(broadcast)
    dead = claims.Claims(broadcast)
    shard = dead.take()
    assert shard is not None
    held = ledger.Held(shard=shard, targets=shard.targets or ())

    assert broadcasts.run(broadcast) == 0
    assert broadcasts.tend() == 0
    BroadcastShard.objects.update(held_until=timezone.now())
    Broadcast.objects.update(queued_on=timezone.now() - dt.timedelta(minutes=1))
    assert broadcasts.tend() == 1
    assert broadcasts.run(broadcast) == 2

    # It was not dead: what it says now counts no more.
    held.entries = [entry.told(ledger.Result.SENT) for entry in ledger.pages(held)][:1]
    ledger.settle(held, b"{}")
    assert held.is_lost
    assert counts(broadcast) == {"sent": 2}


def test_a_commit_whose_answer_was_lost_is_not_made_twice(at_stub: ApiGateway) -> None:
    new_sessions(at_stub, 3)
    broadcast = prepared()
    broadcasts.start(broadcast)
    broadcasts.begin(broadcast)
    shard = claims.Claims(broadcast).take()
    assert shard is not None
    held = ledger.Held(shard=shard, targets=shard.targets or ())
    entries = list(ledger.pages(held))

    assert ledger._write(held, 1, [2], [entries[0], entries[2]]) is True
    assert ledger._write(held, 1, [2], [entries[0], entries[2]]) is True

    assert counts(broadcast) == {"sent": 2}
    shard.refresh_from_db()
    assert ledger.Held(shard=shard, targets=held.targets).open_offsets() == [1]


def test_a_database_that_does_not_answer_for_a_moment_is_waited_for(
    at_stub: ApiGateway, stub: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    new_sessions(at_stub, 20)
    broadcast = prepared(rate=200)
    write, failed = ledger._write, list[bool]()

    def writing(*args: Any) -> bool:
        if not failed:
            failed.append(True)
            raise DatabaseError("The connection is lost.")
        return write(*args)

    monkeypatch.setattr(ledger, "_write", writing)
    monkeypatch.setattr(ledger, "_PAUSE", 0.01)
    monkeypatch.setattr(ledger.transactions, "connection", Mock(return_value=Mock(in_atomic_block=False)))

    sent(broadcast)

    assert failed
    assert (broadcast.state, counts(broadcast)) == (State.DONE, {"sent": 20})
    assert set(stub.posts.values()) == {1}


def test_a_worker_leaves_the_rest_to_the_queue_after_a_while(
    at_stub: ApiGateway, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    new_sessions(at_stub, 100)
    broadcast = prepared(rate=200)
    broadcasts.start(broadcast)
    broadcasts.begin(broadcast)
    monkeypatch.setattr(running, "SLICE", 0.1)

    with django_capture_on_commit_callbacks() as handed_over:
        broadcasts.run(broadcast)

    assert len(handed_over) == 1
    assert broadcast.state == State.SENDING
    assert broadcast.done_count < 100
    assert broadcasts.progress(broadcast).total == 100


def test_a_queue_that_does_not_answer_is_tried_again_by_the_next_tick(
    at_stub: ApiGateway,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    django_capture_on_commit_callbacks: Any,
) -> None:
    new_sessions(at_stub, 1)

    def refuse(*args: Any, **how: Any) -> None:
        raise ConnectionError("The broker is not there.")

    with monkeypatch.context() as broken, django_capture_on_commit_callbacks(execute=True):
        broken.setattr("django_tasks_db.DatabaseBackend.enqueue", refuse)
        assert broadcasts.start(prepared()) is True
    assert "the next tick tries again" in caplog.text

    Broadcast.objects.update(queued_on=timezone.now() - dt.timedelta(minutes=1))
    with django_capture_on_commit_callbacks() as handed_over:
        upkeep.once()
    assert len(handed_over) >= 1


def test_the_ceiling_is_shared_by_who_is_alive(at_stub: ApiGateway, settings: Any) -> None:
    settings.APIGW_WS = {**settings.APIGW_WS, "BROADCAST_SHARD": 1, "BROADCAST_RATE": 600}
    new_sessions(at_stub, 3)
    broadcast, other = prepared(rate=100), prepared()
    for each in (broadcast, other):
        broadcasts.start(each)
        broadcasts.begin(each)
    workers = [claims.Claims(broadcast), claims.Claims(broadcast), claims.Claims(other)]
    pools = [shard.pool for worker in workers if (shard := worker.take())]

    assert [worker.share(pools[0]) for worker in workers] == [50, 50, 200]
    workers[0].give_back()
    assert [worker.share(pools[0]) for worker in workers[1:]] == [100, 300]


def test_own_broadcasts_and_with_a_permission_those_of_others_are_controlled(at_stub: ApiGateway) -> None:
    new_sessions(at_stub, 1)
    ada, eve = new_user("ada", is_superuser=True), new_user("eve")
    broadcast = prepared(by=ada)

    assert broadcasts.may_control(broadcast, ada)
    assert not broadcasts.may_control(broadcast, eve)
    broadcast.created_by = eve
    assert broadcasts.may_control(broadcast, ada)
    assert not broadcasts.may_control(broadcast, eve)


def test_workers_are_not_asked_for_more_than_may_share(
    at_stub: ApiGateway, settings: Any, django_capture_on_commit_callbacks: Any
) -> None:
    settings.APIGW_WS = {**settings.APIGW_WS, "BROADCAST_SHARD": 1}
    new_sessions(at_stub, 20)
    broadcast = prepared()
    broadcasts.start(broadcast)

    with django_capture_on_commit_callbacks() as handed_over:
        broadcasts.begin(broadcast)

    assert len(handed_over) == queue.WORKERS
