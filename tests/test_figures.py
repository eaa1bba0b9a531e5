"""How many are in each channel, and how many messages a minute."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apigw_ws.models import ApiGateway, Channel, ChannelPermission, Chore, WebSocketSession
from apigw_ws.services import channels, figures, sessions, upkeep

pytestmark = pytest.mark.django_db


def member(name: str, channel: str = "lobby", **fields: Any) -> WebSocketSession:
    return WebSocketSession.objects.create(connection_id=name, channel_name=channel, **fields)


def counted() -> dict[str, tuple[int, int, int]]:
    """Members, live and messages of each channel."""
    figures.count()
    return {each.name: (each.members, each.live, each.messages) for each in Channel.objects.all()}


def at(monkeypatch: pytest.MonkeyPatch, moment: datetime) -> None:
    monkeypatch.setattr(timezone, "now", lambda: moment)


def test_members_are_counted_by_first_and_further_channels() -> None:
    both = member("both=")
    channels.join(both, "ops/room:1")
    member("idle=", active_on=timezone.now() - timedelta(minutes=11))
    channels.join(member("closed=", connected=False), "ops/room:1")
    member("nowhere=", channel="")

    assert counted() == {"lobby": (2, 1, 0), "ops/room:1": (1, 1, 0)}


def test_a_session_that_is_in_a_channel_twice_is_counted_once() -> None:
    session = member("twice=")
    channels.join(session, "ops")
    channels.change(session, "ops")

    assert counted() == {"ops": (1, 1, 0)}


def test_a_channel_with_a_rule_of_its_own_is_there_without_members() -> None:
    ChannelPermission.objects.create(channel_name="ops")
    ChannelPermission.objects.create(channel_name="tenant-*")

    assert counted() == {"ops": (0, 0, 0)}


def test_a_channel_that_everybody_left_is_gone() -> None:
    session = member("one=")
    assert counted() == {"lobby": (1, 1, 0)}

    sessions.close(session)

    assert counted() == {}


def test_the_gateways_of_the_members_are_known() -> None:
    one, two = (ApiGateway.objects.create(api_name=name) for name in ("one", "two"))
    channels.join(member("a=", channel="ops", api_gateway=two), "lobby")
    member("b=", api_gateway=one)
    member("c=", api_gateway=one)
    member("d=")

    counted()

    assert Channel.objects.get(name="lobby").gateways == [one.pk, two.pk]
    assert Channel.objects.get(name="ops").gateways == [two.pk]


def test_messages_of_the_last_full_minute_are_counted_both_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    minute = timezone.now().replace(second=0, microsecond=0)
    one, two = member("one="), member("two=")
    at(monkeypatch, minute + timedelta(seconds=10))
    sessions.touch(one, received=5, sent=7)
    sessions.touch(one, received=5)
    sessions.count_sent(["one=", "two="], b"123456789")
    assert counted() == {"lobby": (2, 2, 0)}  # the minute is not over

    at(monkeypatch, minute + timedelta(seconds=70))
    assert counted() == {"lobby": (2, 2, 5)}
    sessions.touch(two)
    sessions.touch(two)
    assert counted() == {"lobby": (2, 2, 5)}

    at(monkeypatch, minute + timedelta(seconds=130))
    assert counted() == {"lobby": (2, 2, 2)}
    at(monkeypatch, minute + timedelta(seconds=190))
    assert counted() == {"lobby": (2, 2, 0)}


def test_who_was_silent_for_a_minute_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    minute = timezone.now().replace(second=0, microsecond=0)
    one = member("one=")
    for minutes in (0, 2):
        at(monkeypatch, minute + timedelta(minutes=minutes))
        sessions.touch(one)

    assert counted() == {"lobby": (1, 1, 0)}


def test_what_has_not_changed_is_not_written() -> None:
    member("one=")
    counted()

    with CaptureQueriesContext(connection) as captured:
        figures._count()

    assert [query["sql"].split()[0] for query in captured] == ["SELECT"] * 4


def test_a_page_counts_what_was_counted_quickly_and_not_just_now(monkeypatch: pytest.MonkeyPatch) -> None:
    member("one=")
    first = figures.looked_at()
    member("two=")

    assert first == figures.looked_at()
    assert Channel.objects.get().members == 1
    Chore.objects.update(started_on=timezone.now() - timedelta(seconds=6))
    figures.looked_at()
    assert Channel.objects.get().members == 2


def test_a_page_leaves_to_the_tick_what_takes_long_unless_there_is_no_tick() -> None:
    member("one=")
    figures.count()
    member("two=")
    slow = {"channels": 1, "milliseconds": 900}

    Chore.objects.update(report=slow, started_on=timezone.now() - timedelta(seconds=110))
    figures.looked_at()
    assert Channel.objects.get().members == 1
    Chore.objects.update(report=slow, started_on=timezone.now() - timedelta(seconds=130))
    figures.looked_at()
    assert Channel.objects.get().members == 2


def test_the_upkeep_counts() -> None:
    member("one=")

    upkeep.once()

    assert Channel.objects.get().members == 1


def test_the_members_of_one_channel_are_counted_now_unless_they_are_very_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    member("one=")
    figures.count()
    channels.join(member("two=", "attic", active_on=timezone.now() - timedelta(minutes=11)), "lobby")

    exact = figures.of_channel("lobby")
    assert (exact.members, exact.live) == (2, 1)
    assert figures.of_channel("cellar").members == 0
    monkeypatch.setattr(figures, "_COUNTED_NOW", 0)
    assert figures.of_channel("lobby").members == 1
