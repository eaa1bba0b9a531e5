"""To whom a broadcast goes, and how that is said."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone

from apigw_ws.exceptions import BroadcastError
from apigw_ws.models import ApiGateway, Broadcast, ChannelMembership, WebSocketSession
from apigw_ws.services import narrowing
from apigw_ws.services.broadcasts import audiences
from tests.app.factories import new_gateway, new_user
from tests.broadcasts.conftest import new_sessions

pytestmark = pytest.mark.django_db


@pytest.fixture
def gateway(db: None) -> ApiGateway:
    return new_gateway()


def keys(audience: dict[str, Any]) -> set[int]:
    audiences.validate(audience)
    found = list(audiences.queryset(audience).values_list("pk", flat=True))
    assert len(found) == len(set(found))
    return set(found)


def test_everybody_of_several_channels_is_there_once(gateway: ApiGateway) -> None:
    news, both, further = new_sessions(gateway, 3)
    WebSocketSession.objects.filter(pk=further.pk).update(channel_name="other")
    ChannelMembership.objects.create(session=both, name="sport")
    ChannelMembership.objects.create(session=further, name="sport")
    (closed,) = new_sessions(gateway, 1, connected=False)

    assert keys({"kind": "channels", "channels": ["news"]}) == {news.pk, both.pk}
    assert keys({"kind": "channels", "channels": ["news", "sport"]}) == {news.pk, both.pk, further.pk}
    assert closed.pk not in keys({"kind": "gateway"})


def test_users_groups_lists_and_gateways_are_audiences(gateway: ApiGateway) -> None:
    other = new_gateway("other", api_id="other")
    ada, bob = new_user("ada"), new_user("bob")
    for name in ("a", "b"):
        Group.objects.create(name=name).user_set.add(ada)
    (adas,), (bobs,), (nobodys,) = (
        new_sessions(gateway, 1, user=ada),
        new_sessions(other, 1, user=bob),
        new_sessions(other, 1),
    )
    groups = list(Group.objects.values_list("pk", flat=True))

    assert keys({"kind": "users", "users": [ada.pk, bob.pk]}) == {adas.pk, bobs.pk}
    assert keys({"kind": "groups", "groups": groups}) == {adas.pk}
    assert keys({"kind": "sessions", "sessions": [adas.pk, nobodys.pk]}) == {adas.pk, nobodys.pk}
    assert keys({"kind": "connections", "connections": [bobs.connection_id]}) == {bobs.pk}
    assert keys({"kind": "gateway"}) == {adas.pk, bobs.pk, nobodys.pk}
    assert keys({"kind": "gateway", "gateway": other.pk}) == {bobs.pk, nobodys.pk}
    assert keys({"kind": "users", "users": [ada.pk, bob.pk], "gateway": other.pk}) == {bobs.pk}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, {"ada", "bob", "old"}),
        ({"state": "live"}, {"ada", "bob"}),
        ({"state": "idle"}, {"old"}),
        ({"state": "all"}, {"ada", "bob", "old"}),
        ({"state": "closed"}, set()),
        ({"state": "nonsense"}, {"ada", "bob", "old"}),
        ({"user": "ad"}, {"ada"}),
        ({"channel": "sport"}, {"bob"}),
        ({"address": "192.0.2.7"}, {"ada"}),
        ({"address": "nonsense"}, set()),
        ({"q": "192.0.2.7"}, {"ada"}),
        ({"q": "bo"}, {"bob"}),
        ({"for": "gt10"}, {"old"}),
        ({"for": "nonsense"}, {"ada", "bob", "old"}),
        ({"idle": "lt1"}, {"ada", "bob"}),
        ({"api_gateway__id__exact": "x"}, set()),
        ({"created_on_from_0": "2000-01-01", "o": "1", "p": "2"}, {"ada", "bob", "old"}),
        ({"created_on_to_0": "2000-01-01", "created_on_to_1": "12:00"}, set()),
        ({"created_on_to_0": "nonsense", "q": "\0"}, {"ada", "bob", "old"}),
    ],
)
def test_a_filter_chooses_whom_the_list_shows(
    gateway: ApiGateway, query: dict[str, str], found: set[str]
) -> None:
    address = {"ip_address": "192.0.2.7", "address_block": "192.0.2.7"}
    new_sessions(gateway, 1, user=new_user("ada"), **address)
    new_sessions(gateway, 1, user=new_user("bob"), channel_name="sport")
    (old,) = new_sessions(gateway, 1, user=new_user("old"))
    ago = timezone.now() - dt.timedelta(minutes=30)
    WebSocketSession.objects.filter(pk=old.pk).update(created_on=ago, active_on=ago)
    new_sessions(gateway, 1, connected=False)

    chosen = keys({"kind": "filter", "query": query})

    named = WebSocketSession.objects.filter(pk__in=chosen).values_list("user__username", flat=True)
    assert set(named) == found


def test_a_filter_may_name_the_gateway(gateway: ApiGateway) -> None:
    (here,) = new_sessions(gateway, 1)
    new_sessions(new_gateway("other", api_id="other"), 1)

    assert keys({"kind": "filter", "query": {"api_gateway__id__exact": str(gateway.pk)}}) == {here.pk}


def test_a_parameter_that_nobody_knows_is_not_overlooked() -> None:
    assert narrowing.unknown({"o": "1", "state": "live", "colour": "red", "empty": ""}) == ["colour"]


def test_whoever_has_a_figure_a_sample_and_the_idle(gateway: ApiGateway) -> None:
    *_rest, last = new_sessions(gateway, 4)
    idle = WebSocketSession.objects.exclude(pk=last.pk)[:2]
    ago = timezone.now() - dt.timedelta(minutes=30)
    WebSocketSession.objects.filter(pk__in=list(idle.values_list("pk", flat=True))).update(active_on=ago)
    audience = {"kind": "gateway", "gateway": gateway.pk}

    assert audiences.count(audience) == (4, True)
    assert audiences.count(audience, 3) == (3, False)
    assert audiences.count(audience, None) == (4, True)
    assert audiences.idle_count(audience) == 2
    assert audiences.sample(audience, 1) == [last]


def test_strangers_are_named_once(gateway: ApiGateway) -> None:
    (known,) = new_sessions(gateway, 1)
    listed = [known.connection_id, "eA==", "eA==", "eQ=="]

    assert audiences.strangers({"kind": "connections", "connections": listed}) == ["eA==", "eQ=="]
    assert audiences.strangers({"kind": "gateway"}) == []


@pytest.mark.parametrize(
    ("audience", "problem"),
    [
        ({}, "Say to whom"),
        ({"kind": "nobody"}, "Say to whom"),
        ({"kind": "channels"}, "Nobody is named"),
        ({"kind": "channels", "channels": "news"}, "Nobody is named"),
        ({"kind": "channels", "channels": [1]}, "holds something else"),
        ({"kind": "channels", "channels": ["no name"]}, "“no name” is no name of a channel"),
        ({"kind": "users", "users": [99]}, "There is no user 99"),
        ({"kind": "users", "users": ["x"]}, "There is no user x"),
        ({"kind": "groups", "groups": [99]}, "There is no group 99"),
        ({"kind": "gateway", "gateway": 99}, "There is no gateway 99"),
        ({"kind": "not_reached", "broadcast": 99}, "There is no broadcast 99"),
        ({"kind": "connections", "connections": ["a\0"]}, "holds what is no text"),
        ({"kind": "sessions", "sessions": list(range(20_001))}, "20001 are too many to list"),
        ({"kind": "filter", "query": {"colour": "red"}}, "narrowed by colour"),
    ],
)
def test_what_is_no_audience_is_refused_with_a_sentence(audience: dict[str, Any], problem: str) -> None:
    with pytest.raises(BroadcastError, match=problem):
        audiences.validate(audience)


def test_an_audience_is_said_in_a_line(gateway: ApiGateway) -> None:
    ada = new_user("ada")
    staff = Group.objects.create(name="staff")
    broadcast = Broadcast.objects.create(payload="{}")
    names = [f"c{n}" for n in range(7)]
    at = {"gateway": gateway.pk}

    said = [
        audiences.describe(audience)
        for audience in (
            {"kind": "channels", "channels": ["news"]},
            {"kind": "channels", "channels": names, **at},
            {"kind": "users", "users": [ada.pk]},
            {"kind": "groups", "groups": [staff.pk]},
            {"kind": "gateway"},
            {"kind": "gateway", **at},
            {"kind": "gateway", "gateway": 99},
            {"kind": "sessions", "sessions": [1]},
            {"kind": "connections", "connections": ["a", "b"]},
            {"kind": "filter", "query": {"state": "live", "address": "192.0.2.7"}},
            {"kind": "filter", "query": {}},
            {"kind": "not_reached", "broadcast": broadcast.pk},
            {},
        )
    ]

    assert said == [
        "Channel news",
        f"Channels c0, c1, c2, c3, c4 and 2 more, at {gateway}",
        "User ada",
        "Group staff",
        "Everybody",
        f"Everybody at {gateway}",
        "Everybody at gateway 99, which is gone",
        "1 session",
        "2 connection IDs",
        "Whom the list of sessions shows for: state=live, address=…",
        "Whom the list of sessions shows for: everybody",
        f"Whom broadcast {broadcast.pk} did not reach",
        "Nobody",
    ]
