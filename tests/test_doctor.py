"""What the doctor finds in a project and in its gateways, with AWS well and with AWS ill."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache
from django.core.management import CommandError, call_command

from apigw_ws.models import ApiGateway
from apigw_ws.services import doctor, provisioning, targets
from apigw_ws.services.doctor import Finding, Fix, Level
from tests.app.factories import new_gateway
from tests.emulator.serving import Served

pytestmark = pytest.mark.django_db

#: Seconds; the machine may be busy.
BUDGET = 20.0


@pytest.fixture(autouse=True)
def target(monkeypatch: pytest.MonkeyPatch) -> list[targets.Finding]:
    """What asking the target finds: nobody in the suite asks the internet."""
    found = [targets.Finding(state="ok", text="A WebSocketView answers there.")]
    monkeypatch.setattr(targets, "check", lambda url, local: found)
    cache.clear()
    return found


@pytest.fixture
def chat(aws: Served) -> ApiGateway:
    gateway = new_gateway(api_name="chat", api_id="")
    provisioning.apply(gateway)
    return gateway


def examined(gateway: ApiGateway) -> dict[str, Finding]:
    fresh = ApiGateway.objects.get(pk=gateway.pk)
    return {finding.key: finding for finding in doctor.of_gateway(fresh, budget=BUDGET)}


def test_a_gateway_that_is_well_is_green(chat: ApiGateway) -> None:
    found = examined(chat)

    assert list(found) == [
        "last_run",
        "identity",
        "permissions",
        "applied",
        "target",
        "secret",
        "deployment",
        "log_role",
    ]
    assert {(each.level, each.what_to_do, each.fix) for each in found.values()} == {(Level.GREEN, "", None)}
    assert "user/emulator" in found["identity"].why
    assert "(3)" in found["secret"].why
