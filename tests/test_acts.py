"""Acts on many sessions: who is chosen, what is recorded, and what a killed worker leaves."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db.models import QuerySet
from django.utils import timezone

from apigw_ws.models import Act, ActOutcome, AuditEvent, Ban, WebSocketSession
from apigw_ws.services import acts, bannable, channels
from apigw_ws.services.channels import Change
from apigw_ws.signals import joined, left
from tests.test_messages import backend, gateway  # noqa: F401  (fixtures)

pytestmark = pytest.mark.django_db


def crowd(number: int, **fields: Any) -> QuerySet[WebSocketSession]:
    WebSocketSession.objects.bulk_create(
        WebSocketSession(connection_id=f"{each:015x}=", **fields) for each in range(number)
    )
    return WebSocketSession.objects.all()


def joining(rows: QuerySet[WebSocketSession], channel: str = "ops") -> Act:
    act, _is_new = acts.begin(uuid4(), Act.Deed.JOIN, rows, {"channel": channel}, audience="all", by=None)
    return act


def results(act: Act) -> dict[str, int]:
    return dict(acts.progress(act).numbers)


def test_who_is_chosen_is_fixed_by_one_query_however_many_they_are(django_assert_num_queries: Any) -> None:
    rows = crowd(300)

    with django_assert_num_queries(7):  # four are savepoints
        act = joining(rows.filter(connected=True).order_by("-created_on"))

    crowd_later = WebSocketSession.objects.create(connection_id="later=")
    assert acts.progress(act) == acts.Progress(total=300, numbers={"": 300})
    assert acts.run(act)
    assert results(act) == {"done": 300}
    assert not crowd_later.memberships.exists()


def test_the_same_act_is_not_begun_twice() -> None:
    rows, uid = crowd(2), uuid4()
    what = {"channel": "ops"}

    begun = [acts.begin(uid, Act.Deed.JOIN, rows, what, audience="all", by=None) for _ in range(2)]

    assert [is_new for _act, is_new in begun] == [True, False]
    assert begun[0][0] == begun[1][0]
    assert acts.progress(begun[0][0]).total == 2


def test_nobody_is_a_choice_too() -> None:
    act = joining(WebSocketSession.objects.none())

    assert acts.run(act)
    assert (acts.progress(act).total, acts.progress(act).waiting) == (0, 0)


def test_an_act_that_is_over_or_held_is_left_alone() -> None:
    act = joining(crowd(2))
    Act.objects.update(held_until=timezone.now() + timedelta(minutes=1))
    assert not acts.run(Act.objects.get())
    assert results(act) == {"": 2}

    Act.objects.update(held_until=timezone.now() - timedelta(seconds=1))
    assert acts.run(Act.objects.get())

    assert not acts.run(Act.objects.get())
    assert AuditEvent.objects.count() == 1


def test_what_a_killed_worker_has_done_is_not_done_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(acts, "BATCH", 2)
    act, batches = joining(crowd(5)), list[int]()
    deed = acts.DEEDS[Act.Deed.JOIN]

    def killed(batch: Any, *how: Any) -> Any:
        batches.append(len(batch))
        if len(batches) == 2:
            raise ConnectionError("The database went away.")
        return deed(batch, *how)

    monkeypatch.setitem(acts.DEEDS, Act.Deed.JOIN, killed)  # type: ignore[arg-type]
    with pytest.raises(ConnectionError):
        acts.run(act)

    assert results(act) == {"": 3, "done": 2}
    assert not acts.is_stuck(Act.objects.get(), timedelta(minutes=1))
    assert acts.is_stuck(Act.objects.get(), timedelta(0))
    assert acts.run(Act.objects.get())
    assert batches == [2, 2, 2, 1]
    assert results(act) == {"done": 5}
    assert list(AuditEvent.objects.order_by("pk").values_list("result", flat=True)) == ["failed", "done"]


def test_a_worker_that_was_taken_for_dead_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(acts, "BATCH", 1)
    act = joining(crowd(3))
    deed = acts.DEEDS[Act.Deed.JOIN]

    def slow(*how: Any) -> Any:
        done = deed(*how)
        Act.objects.update(held_until=timezone.now() + timedelta(hours=1))  # somebody else goes on
        return done

    monkeypatch.setitem(acts.DEEDS, Act.Deed.JOIN, slow)  # type: ignore[arg-type]
    acts.run(act)

    act.refresh_from_db()
    assert (results(act), act.finished_on) == ({"": 2, "done": 1}, None)
    assert not acts.is_stuck(act, timedelta(0))


def test_an_outcome_goes_with_its_session() -> None:
    act = joining(crowd(2))
    WebSocketSession.objects.all()[0].delete()

    acts.run(act)

    assert results(act) == {"done": 1}
    assert str(ActOutcome.objects.get()).endswith("Done")
    assert str(act) == "Put into a channel: all"


def test_a_hundred_join_and_leave_in_a_few_queries(django_assert_num_queries: Any) -> None:
    sessions = list(crowd(100))

    with django_assert_num_queries(2):
        assert set(channels.join_all(sessions, "ops")) == {Change.CHANGED}
    with django_assert_num_queries(1):
        assert set(channels.join_all(sessions, "ops", most=0)) == {Change.ALREADY}
    assert set(channels.join_all(sessions, "more", most=1)) == {Change.FULL}
    with django_assert_num_queries(3):
        assert set(channels.leave_all(sessions, "ops")) == {Change.CHANGED}
    assert set(channels.leave_all(sessions, "ops")) == {Change.ALREADY}


def test_projects_hear_who_joins_and_leaves() -> None:
    (session,) = crowd(1, channel_name="lobby")
    heard = list[tuple[str, str]]()
    for name, signal in (("joined", joined), ("left", left)):
        signal.connect(
            lambda name=name, channel="", **_: heard.append((name, channel)), weak=False, dispatch_uid=name
        )
    try:
        channels.join(session, "ops")
        channels.join(session, "ops")
        channels.leave(session, "ops")
        channels.change(session, "kitchen")
        channels.change(session, "kitchen")
        channels.leave_all([session], "kitchen")
    finally:
        joined.disconnect(dispatch_uid="joined")
        left.disconnect(dispatch_uid="left")

    assert heard == [
        ("joined", "ops"),
        ("left", "ops"),
        ("left", "lobby"),
        ("joined", "kitchen"),
        ("left", "kitchen"),
    ]


@pytest.mark.parametrize(
    ("addresses", "kind", "networks"),
    [
        (["192.0.2.7", "192.0.2.7", "192.0.2.8"], "address", ["192.0.2.7/32", "192.0.2.8/32"]),
        (["192.0.2.7", "192.0.2.8", "192.0.3.1"], "network", ["192.0.2.0/24", "192.0.3.0/24"]),
        (["2001:db8::"], "address", ["2001:db8::/64"]),
        (["2001:db8::", "2001:db8:0:1::", "192.0.2.7"], "network", ["192.0.2.0/24", "2001:db8::/48"]),
        ([], "address", []),
    ],
)
def test_each_address_or_network_is_banned_once(addresses: list[str], kind: str, networks: list[str]) -> None:
    for number, block in enumerate(addresses):
        WebSocketSession.objects.create(connection_id=f"{number}=", ip_address=block, address_block=block)
    WebSocketSession.objects.create(connection_id="nowhere=")

    found = bannable.behind(WebSocketSession.objects.all(), bannable.Kind(kind))

    assert [ban.network for ban in found.bans] == networks
    assert not found.more
    assert not Ban.objects.exists()
