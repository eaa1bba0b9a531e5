"""How much of AWS's quotas a gateway uses."""

from __future__ import annotations

import pytest
from django.test import override_settings

from apigw_ws.models import WebSocketSession
from apigw_ws.services.quotas import Quota, quotas
from tests.admin.rows import gateway

pytestmark = pytest.mark.django_db


def test_routes_connects_and_connections_are_counted() -> None:
    chat = gateway()
    for key, enabled in (("join", True), ("leave", True), ("off", False)):
        chat.additional_routes.create(
            name=key, route_key=key, integration_url="https://www.example.com/", enabled=enabled
        )
    for number, connected in enumerate((True, True, False)):
        WebSocketSession.objects.create(
            connection_id=f"connection-{number}=", api_gateway=chat, connected=connected
        )

    routes, connects, connections = quotas(chat, peak=12.5, seconds=60)

    assert (routes.used, routes.limit) == (5, 300)
    assert (connects.used, connects.limit) == (12.5, 500)
    assert "60 seconds" in connects.note
    assert (connections.used, connections.limit) == (2, 3_600_000)


def test_what_is_not_known_is_not_tight() -> None:
    connects = quotas(gateway(), peak=None, seconds=60)[1]

    assert (connects.used, connects.tight) == (None, False)


@pytest.mark.parametrize(("used", "tight"), [(239, False), (240, True), (300, True), (400, True)])
def test_a_quota_is_tight_from_four_fifths_on(used: float, tight: bool) -> None:
    assert Quota(name="Routes", used=used, limit=300, note="").tight is tight


@override_settings(APIGW_WS={"ROUTES_QUOTA": 1000, "CONNECTS_QUOTA": 2000})
def test_quotas_that_aws_has_raised_are_settings() -> None:
    assert [quota.limit for quota in quotas(gateway(), peak=0, seconds=60)] == [1000, 2000, 14_400_000]
