"""All that happened, on one timeline: nothing is missing, nothing is there twice."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.db.models import Model, QuerySet
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apigw_ws.models import ApiGateway, AuditEvent, Broadcast, BroadcastShard, Refusal, Run
from apigw_ws.services import activity, audit
from apigw_ws.services.activity import Entry, Kind, Position, Result, Wanted, refusals
from tests.admin.rows import gateway

pytestmark = pytest.mark.django_db

NOON = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
MOMENTS: dict[type[Model], str] = {Run: "started_on", Broadcast: "started_on", Refusal: "created_on"}


def at(minutes: float, model: type[Any], **fields: Any) -> Any:
    """A row of what happened so many minutes after noon."""
    moment = NOON + dt.timedelta(minutes=minutes)
    if model is AuditEvent:
        row = audit.record(AuditEvent.Verb.CHANGE, fields.pop("gateway", None), what="x", **fields)
        # Its own queries refuse to change one.
        QuerySet(AuditEvent).filter(pk=row.pk).update(happened_on=moment)
        return row
    row = model.objects.create(**fields)
    model.objects.filter(pk=row.pk).update(**{MOMENTS[model]: moment})
    return row


def run(minutes: float, made: ApiGateway, **fields: Any) -> Any:
    return at(minutes, Run, **{"gateway": made, "state": "done", "finished_on": NOON} | fields)


def refusal(minutes: float, **fields: Any) -> Any:
    return at(
        minutes, Refusal, **{"guard": "origin", "phase": "connect", "status": 403, "reason": "No."} | fields
    )


def broadcast(minutes: float, **fields: Any) -> Any:
    return at(minutes, Broadcast, **{"payload": "{}", "state": "done", "title": "News"} | fields)


def kinds(entries: Any) -> list[Kind]:
    return [each.kind for each in entries]


def all_pages(wanted: Wanted, size: int) -> list[Entry]:
    found: list[Entry] = []
    before = None
    while True:
        page = activity.page(wanted, before=before, size=size)
        assert len(page.entries) <= size
        found += page.entries
        if (before := page.older) is None:
            return found


def test_what_happened_is_told_the_newest_first() -> None:
    made = gateway()
    run(1, made)
    at(2, AuditEvent)
    broadcast(3)
    refusal(4)

    page = activity.page(Wanted())

    assert kinds(page.entries) == [Kind.REFUSAL, Kind.BROADCAST, Kind.EVENT, Kind.RUN]
    assert page.older is None


@pytest.mark.parametrize("size", [1, 2, 3, 5, 100])
def test_the_pages_have_everything_once_even_what_happened_at_one_moment(size: int) -> None:
    made = gateway()
    for minute in (0, 0, 5, 5, 5, 12, 30):
        run(minute, made)
        at(minute, AuditEvent)
        broadcast(minute)
        refusal(minute, reason=f"Reason {minute % 2}")
        refusal(minute, guard="rate")

    found = all_pages(Wanted(), size)

    assert found == list(activity.everything(Wanted()))
    positions = [each.position for each in found]
    assert positions == sorted(set(positions), reverse=True)
    by_kind = {kind: kinds(found).count(kind) for kind in Kind}
    assert by_kind == {Kind.RUN: 7, Kind.EVENT: 7, Kind.BROADCAST: 7, Kind.REFUSAL: 7}
    assert sum(each.times for each in found if each.kind is Kind.REFUSAL) == 14


@pytest.mark.parametrize("size", [1, 4, 100])
def test_a_flood_of_refusals_is_read_bit_by_bit(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refusals, "ROWS", 5)
    made = gateway()
    for minute in range(45):
        refusal(minute, guard="origin" if minute % 3 else "rate", times=2)
    for minute in (3, 17, 44):
        run(minute, made)

    found = all_pages(Wanted(), size)

    assert sum(each.times for each in found if each.kind is Kind.REFUSAL) == 90
    assert kinds(found).count(Kind.REFUSAL) == 10  # of two guards, in five times of ten minutes
    assert kinds(found).count(Kind.RUN) == 3
    assert [each.at for each in found] == sorted((each.at for each in found), reverse=True)


def test_refusals_that_are_alike_are_one_line_for_ten_minutes() -> None:
    made = gateway()
    first, *_others, last = (refusal(minute, api_gateway=made) for minute in (0, 3, 9))
    refusal(10, api_gateway=made)
    refusal(4, api_gateway=None)

    later, line, elsewhere = activity.page(Wanted()).entries

    assert (line.times, line.first, line.at, line.pk) == (3, NOON, NOON + dt.timedelta(minutes=9), last.pk)
    assert (later.times, elsewhere.gateway) == (1, None)
    assert line.detail == first.reason


@pytest.mark.parametrize(
    ("wanted", "minutes"),
    [
        ({"since": NOON + dt.timedelta(minutes=3)}, [4, 3]),
        ({"until": NOON + dt.timedelta(minutes=3)}, [2, 1]),
        ({"kinds": (Kind.EVENT, Kind.REFUSAL)}, [4, 2]),
        ({"result": Result.WRONG}, [4, 2]),
        ({"result": Result.UNDER_WAY}, [3]),
        ({"result": Result.DONE}, [1]),
        ({"who": "alice"}, [4, 3, 2, 1]),
        ({"who": "bob"}, []),
        ({"who": "A command or task"}, []),
        ({"who": "alice", "result": Result.WRONG, "kinds": (Kind.REFUSAL,)}, [4]),
    ],
)
def test_the_timeline_is_narrowed(wanted: dict[str, Any], minutes: list[int]) -> None:
    made, alice = gateway(), User.objects.create_user("alice")
    run(1, made, started_by=alice)
    at(2, AuditEvent, gateway=made, by=alice, error=ValueError("It failed."))
    broadcast(3, state="sending", created_by=alice)
    refusal(4, api_gateway=made, user=alice)

    found = activity.page(Wanted(**wanted)).entries

    assert [(each.at - NOON).total_seconds() // 60 for each in found] == minutes


def test_whoever_is_no_user_is_found_in_the_audit_trail() -> None:
    at(1, AuditEvent)
    run(2, gateway())

    assert kinds(activity.page(Wanted(who="A command or task")).entries) == [Kind.EVENT]


def test_a_gateway_has_what_was_sent_there_and_what_is_about_to() -> None:
    here, elsewhere = gateway(0), gateway(1)
    sent = broadcast(1)
    for number, made in enumerate((here, here, elsewhere)):
        BroadcastShard.objects.create(broadcast=sent, number=number, gateway=made, size=1)
    waiting = Broadcast.objects.create(
        payload="{}", state="scheduled", audience={"kind": "gateway", "gateway": here.pk}
    )
    for made in (here, elsewhere):
        run(2, made)
        refusal(3, api_gateway=made)

    found = activity.page(Wanted(gateway=here.pk)).entries

    assert kinds(found) == [Kind.BROADCAST, Kind.REFUSAL, Kind.RUN, Kind.BROADCAST]
    assert [each.pk for each in found if each.kind is Kind.BROADCAST] == [waiting.pk, sent.pk]


def test_drafts_are_nobodys_business() -> None:
    broadcast(1, state="draft")

    assert activity.page(Wanted()).entries == ()


def test_what_has_happened_since_is_counted_up_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(activity, "MANY", 3)
    for minute in range(3):
        at(minute, AuditEvent)
        refusal(minute)

    assert activity.newer(Wanted(), NOON + dt.timedelta(minutes=1)) == 2
    assert activity.newer(Wanted(kinds=(Kind.EVENT,)), NOON) == 2
    assert activity.newer(Wanted(), NOON - dt.timedelta(minutes=1)) == 4


def test_each_part_of_a_time_says_how_much_there_was() -> None:
    made = gateway()
    until = NOON + dt.timedelta(minutes=activity.PARTS)
    for minute in (0, 0.5, 10, 47.99):
        run(minute, made)
        refusal(minute + 0.001 if minute else 0, times=5)
    broadcast(-0.1)
    broadcast(48)

    found = activity.counted(Wanted(), since=NOON, until=until)

    expected = [0] * activity.PARTS
    expected[0], expected[10], expected[47] = 2, 1, 1
    assert [*found.acts] == expected
    assert [*found.refusals] == expected
    only = activity.counted(Wanted(kinds=(Kind.RUN,)), since=NOON, until=until)
    assert (sum(only.acts), sum(only.refusals)) == (4, 0)


def test_a_page_costs_five_queries_however_much_there_is() -> None:
    made = gateway()
    for minute in range(30):
        run(minute, made)
        refusal(minute)

    with CaptureQueriesContext(connection) as captured:
        activity.page(Wanted(), before=Position.before(timezone.now()), size=5)

    assert len(captured) == 5
    assert not [query["sql"] for query in captured if "COUNT(" in query["sql"]]


def test_a_position_survives_the_url() -> None:
    position = Position(NOON + dt.timedelta(microseconds=1), 2, 77)

    assert Position.parse(str(position)) == position
    for text in ("", "x", "2026-03-01_1_1", "2026-03-01T12:00:00Z_1_x", f"2026-03-01T12:00:00Z_1_{'9' * 30}"):
        assert Position.parse(text) is None
