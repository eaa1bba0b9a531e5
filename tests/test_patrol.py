"""Gateways are looked at in AWS while nobody opens their pages."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from apigw_ws.emulator.faults import Fault
from apigw_ws.models import ApiGateway, Sighting
from apigw_ws.services import (
    attention,
    doctor,
    domains,
    health,
    observation,
    patrol,
    provisioning,
    sightings,
    upkeep,
)
from apigw_ws.services.health import State
from apigw_ws.services.patrol import Report
from tests.admin.conftest import console, nothing_seen_before, operator  # noqa: F401  (fixtures)
from tests.admin.rows import gateway as recorded
from tests.emulator.serving import Served
from tests.test_drift import InAws, certificates
from tests.test_provisioning import new_gateway

pytestmark = pytest.mark.django_db

HOME = "/admin/apigw_ws/apigateway/home/"


@pytest.fixture
def gateway(aws: Served) -> ApiGateway:
    gateway = new_gateway()
    provisioning.apply(gateway)
    return gateway


@pytest.fixture
def with_domain(aws: Served, gateway: ApiGateway) -> ApiGateway:
    """It is to have a custom domain, the certificate of which ends within a month."""
    gateway.domain_name = f"{gateway.api_id}.example.com"
    gateway.certificate_arn = certificates(aws)["chat.example.com"]
    gateway.save()
    return gateway


@pytest.fixture
def elsewhere() -> Callable[[], None]:
    """From now on it is another process, with a cache of its own."""
    return cache.clear


def overview(client: Client) -> str:
    text = client.get(HOME).text.partition('<div id="home"')[2]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", text)).split())


def due_again() -> None:
    Sighting.objects.update(tried_on=timezone.now() - timedelta(hours=1))


def test_drift_is_on_the_overview_though_nobody_has_opened_the_gateway(
    aws: Served,
    gateway: ApiGateway,
    operator: Client,  # noqa: F811
    elsewhere: Callable[[], None],
) -> None:
    InAws(aws, gateway).change_integration("$default", TimeoutInMillis=1234)

    assert patrol.tick() == Report(seen=1)
    elsewhere()

    said = overview(operator)
    assert f"“{gateway}” is not in AWS as it is recorded." in said
    assert "See both sides seen just now" in said
    assert attention.drifted_gateways() == 1

    provisioning.apply(gateway)
    due_again()
    patrol.tick()
    elsewhere()
    assert "is not in AWS as it is recorded" not in overview(operator)
    assert attention.drifted_gateways() == 0


def test_a_certificate_that_ends_soon_is_on_the_overview_until_it_is_renewed(
    aws: Served,
    with_domain: ApiGateway,
    operator: Client,  # noqa: F811
    elsewhere: Callable[[], None],
) -> None:
    patrol.tick()
    elsewhere()
    assert f"The certificate of {with_domain.domain_name} ends on" in overview(operator)

    with_domain.certificate_arn = certificates(aws)["*.example.com"]
    with_domain.save()
    due_again()
    patrol.tick()
    elsewhere()
    assert "The certificate of" not in overview(operator)


def test_a_certificate_of_an_earlier_domain_is_no_news(gateway: ApiGateway) -> None:
    gateway.domain_name = "new.example.com"
    gateway.save()
    now = timezone.now()
    Sighting.objects.create(
        gateway=gateway, domain_name="old.example.com", domain_seen_on=now, certificate_ends_on=now
    )

    assert domains.ending([gateway]) == []


def test_what_one_process_has_seen_another_knows(gateway: ApiGateway, elsewhere: Callable[[], None]) -> None:
    patrol.tick()
    (seen,) = observation.last_seen([gateway])
    assert seen is not None
    elsewhere()

    (known,) = observation.last_seen([gateway])

    assert known is not None
    assert (known.pending, known.digest, known.routes) == (seen.pending, seen.digest, seen.routes)
    assert (known.seen_on, known.deployment_id) == (seen.seen_on, gateway.deployment_id)
    assert known.deployed_on is not None


def test_what_another_version_has_noted_otherwise_was_not_seen(gateway: ApiGateway) -> None:
    Sighting.objects.create(gateway=gateway, seen_on=timezone.now(), observation={"plan": "none"})

    assert observation.last_seen([gateway]) == [None]


def test_where_aws_refuses_what_was_seen_before_stays_and_the_doctor_says_so(
    aws: Served,
    gateway: ApiGateway,
    operator: Client,  # noqa: F811
    elsewhere: Callable[[], None],
) -> None:
    InAws(aws, gateway).change_integration("$default", TimeoutInMillis=1234)
    patrol.tick()
    assert doctor.of_looks() == []
    assert aws.emulator is not None
    aws.emulator.faults.add(Fault(operation="apigateway:*", times=None, effect="error", status=403))
    due_again()

    assert patrol.tick() == Report(unseen=1)
    elsewhere()

    (finding,) = doctor.of_looks()
    assert finding.why.startswith(f"1 gateway could not be looked at in AWS, “{gateway}”: AWS refused")
    said = overview(operator)
    assert f"1 gateway could not be looked at in AWS, “{gateway}”: AWS refused" in said
    assert "is not in AWS as it is recorded." in said
    assert [each.state for each in health.of([gateway])] == [State.NEEDS_APPLY]

    aws.emulator.faults.clear()
    due_again()
    assert patrol.tick() == Report(seen=1)
    assert doctor.of_looks() == []


def test_a_certificate_that_aws_does_not_show_is_remembered(
    aws: Served, with_domain: ApiGateway, elsewhere: Callable[[], None]
) -> None:
    patrol.tick()
    assert aws.emulator is not None
    aws.emulator.faults.add(Fault(operation="acm:*", times=None, effect="error", status=403))
    due_again()

    patrol.tick()
    elsewhere()

    assert [each.gateway for each in domains.ending([with_domain])] == [with_domain]


def test_each_gateway_has_its_turn_and_the_longest_unseen_has_it_first(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.APIGW_WS = {"REAPER_INTERVAL": 60, "LOOK_INTERVAL": 180}
    gateways = [recorded(number, deployment_id="d") for number in range(5)]
    recorded(9)  # is not deployed
    looked_at: list[ApiGateway] = []

    def observe(asked: list[ApiGateway], **how: Any) -> list[observation.Sight]:
        looked_at.extend(asked)
        return [observation.Sight()]

    monkeypatch.setattr(observation, "observe", observe)

    assert [patrol.tick() for _tick in range(4)] == [Report(seen=2), Report(seen=2), Report(seen=1), Report()]
    assert looked_at == gateways


def test_a_tick_takes_so_many_and_so_long_at_most(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.APIGW_WS = {"LOOK_INTERVAL": 1}
    for number in range(patrol.MOST + 1):
        recorded(number, deployment_id="d")
    monkeypatch.setattr(observation, "observe", lambda asked, **how: [observation.Sight()])

    assert patrol.tick() == Report(seen=patrol.MOST)

    due_again()
    monkeypatch.setattr(patrol, "_TICK", -1)
    assert patrol.tick() == Report()


def test_it_can_be_turned_off(settings: Any) -> None:
    settings.APIGW_WS = {"LOOK_INTERVAL": 0}
    recorded(deployment_id="d")

    assert patrol.tick() is None
    assert doctor.of_looks() == []


def test_the_upkeep_looks(gateway: ApiGateway) -> None:
    upkeep.once()

    assert Sighting.objects.get(gateway=gateway).seen_on is not None


def test_nothing_is_noted_of_a_gateway_that_was_deleted_meanwhile(gateway: ApiGateway) -> None:
    deleted = ApiGateway.objects.get(pk=gateway.pk)
    ApiGateway.objects.filter(pk=gateway.pk).delete()

    sightings.note(deleted, tried_on=timezone.now())

    assert not Sighting.objects.exists()


def test_a_page_writes_nothing_down_and_its_process_knows_what_it_has_seen(with_domain: ApiGateway) -> None:
    (sight,) = observation.observe([with_domain], budget=20)
    domains.observe(with_domain, budget=20)

    assert not Sighting.objects.exists()
    assert observation.last_seen([with_domain]) == [sight.observation]
    assert [each.gateway for each in domains.ending([with_domain])] == [with_domain]


def test_what_was_seen_is_read_with_the_gateway(
    gateway: ApiGateway, elsewhere: Callable[[], None], django_assert_num_queries: Any
) -> None:
    patrol.tick()
    elsewhere()
    selected = ApiGateway.objects.select_related("sighting").get(pk=gateway.pk)

    with django_assert_num_queries(0):
        (known,) = observation.last_seen([selected])

    assert known is not None
