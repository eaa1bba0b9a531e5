"""Looks at AWS that nobody waits for longer than they have to."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.utils import timezone, translation

from apigw_ws.exceptions import AwsError
from apigw_ws.models import ApiGateway
from apigw_ws.services import glances
from apigw_ws.services.glances import Glance, TooSlow, glance

pytestmark = pytest.mark.django_db

go_on = threading.Event()
looks: list[str] = []


@pytest.fixture(autouse=True)
def nothing_seen() -> None:
    cache.clear()
    looks.clear()
    go_on.clear()


@pytest.fixture
def gateway() -> ApiGateway:
    return ApiGateway.objects.create(api_name="chat")


def name(gateway: ApiGateway) -> str:
    looks.append(gateway.api_name)
    return gateway.api_name


def slow(gateway: ApiGateway) -> str:
    looks.append(gateway.api_name)
    go_on.wait(5)
    return gateway.api_name


def refuse(gateway: ApiGateway) -> str:
    if gateway.api_description == "refuse":
        raise AwsError("AWS says no.")
    return gateway.api_name


def crash(gateway: ApiGateway) -> str:
    raise ZeroDivisionError


def wait_for(known: Callable[[], Any]) -> Any:
    for _attempt in range(200):
        if found := known():
            return found
        threading.Event().wait(0.01)
    return None


def test_what_is_found_in_time_is_so_now(gateway: ApiGateway) -> None:
    seen = glance(gateway, name)

    assert (seen.found, seen.problem, seen.just_now) == ("chat", None, True)
    assert not replace(seen, seen_on=timezone.now() - timedelta(minutes=2)).just_now
    assert not Glance().just_now
    assert glances.last_seen([gateway], name) == [Glance()]


def test_a_look_that_takes_too_long_goes_on_and_the_next_finds_what_it_found(gateway: ApiGateway) -> None:
    first = glance(gateway, slow, keep=True, budget=0.01)
    assert isinstance(first.problem, TooSlow)
    assert (first.found, first.seen_on) == (None, None)

    go_on.set()

    (seen,) = wait_for(lambda: [g for g in glances.last_seen([gateway], slow) if g.found])
    assert seen.found == "chat"


def test_who_looks_at_the_same_meanwhile_waits_for_the_same(gateway: ApiGateway) -> None:
    glance(gateway, slow, keep=True, budget=0.01)
    glance(gateway, slow, keep=True, budget=0.01)
    assert looks == ["chat"]

    gateway.api_name = "renamed"
    gateway.save()
    glance(gateway, slow, keep=True, budget=0.01)
    assert looks == ["chat", "renamed"]
    go_on.set()


def test_a_look_that_is_not_kept_is_shared_with_nobody(gateway: ApiGateway) -> None:
    for _person in range(2):
        glance(gateway, slow, budget=0.01)

    assert looks == ["chat", "chat"]
    go_on.set()


def test_what_aws_refuses_leaves_what_was_seen_last(gateway: ApiGateway) -> None:
    before = glance(gateway, refuse, keep=True)
    gateway.api_description = "refuse"

    seen = glance(gateway, refuse, keep=True)

    assert (seen.found, seen.seen_on, str(seen.problem)) == ("chat", before.seen_on, "AWS says no.")
    assert glance(gateway, refuse).found is None


def test_many_are_looked_at_at_once_and_answered_in_their_order(gateway: ApiGateway) -> None:
    other = ApiGateway.objects.create(api_name="other")

    assert [seen.found for seen in glances.glances([other, gateway], name)] == ["other", "chat"]


def test_a_look_finds_loaded_what_it_needs_of_the_database(gateway: ApiGateway) -> None:
    gateway.additional_routes.create(name="join", route_key="join", integration_url="https://example.com/")

    seen = glance(gateway, lambda gateway: list(gateway.additional_routes.all()), load=[glances.ROUTES])

    assert [route.route_key for route in seen.found or ()] == ["join"]


def test_a_bug_in_a_look_is_not_hidden(gateway: ApiGateway) -> None:
    with pytest.raises(ZeroDivisionError):
        glance(gateway, crash)


def test_a_look_speaks_the_language_and_knows_the_time_zone_of_who_waits(gateway: ApiGateway) -> None:
    def speak(gateway: ApiGateway) -> tuple[str | None, str]:
        return translation.get_language(), timezone.get_current_timezone_name()

    with translation.override("de"), timezone.override("Asia/Tokyo"):
        assert glance(gateway, speak).found == ("de", "Asia/Tokyo")


def test_several_looks_at_one_gateway_wait_together_and_each_is_kept(gateway: ApiGateway) -> None:
    named, waited = glances.together(gateway, [name, slow], budget=0.2)

    assert (named.found, waited.found) == ("chat", None)
    assert isinstance(waited.problem, TooSlow)
    go_on.set()
    assert [seen.found for seen in glances.together(gateway, [slow, name], budget=5)] == ["chat", "chat"]
    assert glances.last_seen([gateway], name)[0].found == "chat"
