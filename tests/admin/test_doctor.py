"""The doctor's pages: what is wrong, why, and the way to what helps for those who may."""

from __future__ import annotations

import pytest
from django.test import Client

from apigw_ws.models import ApiGateway
from apigw_ws.services import provisioning, secrets, targets
from tests.admin.rows import gateway
from tests.emulator.serving import Served

pytestmark = pytest.mark.django_db

ALL = "/admin/apigw_ws/apigateway/doctor/"
ONE = "/admin/apigw_ws/apigateway/{}/doctor/"
CARD = "/admin/apigw_ws/apigateway/{}/doctor/card/"
PART = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def target(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody in the suite asks the internet."""
    found = [targets.Finding(state="ok", text="A WebSocketView answers there.")]
    monkeypatch.setattr(targets, "check", lambda url, local: found)


@pytest.fixture
def chat(aws: Served) -> ApiGateway:
    made = gateway(api_created=False, api_id="", api_endpoint="")
    provisioning.apply(made)
    return made


def test_the_pages_come_before_aws_is_asked(operator: Client, aws: Served) -> None:
    nowhere = gateway(endpoint_url="http://127.0.0.1:1", region="us-east-1", target_base_endpoint="")

    everything, one = operator.get(ALL).text, operator.get(ONE.format(nowhere.pk)).text

    assert f'hx-get="{CARD.format(nowhere.pk)}"' in everything
    assert "The system checks find nothing to complain about." in everything
    assert f'hx-get="{ONE.format(nowhere.pk)}" hx-trigger="load"' in one
    part = operator.get(ONE.format(nowhere.pk), headers=PART).text
    assert "No answer from AWS" in part
    assert "The gateway has no target URL" in part


def test_a_gateway_that_is_well_is_all_green(operator: Client, chat: ApiGateway) -> None:
    part = operator.get(ONE.format(chat.pk), headers=PART).text
    card = operator.get(CARD.format(chat.pk), headers=PART).text

    assert "Every integration brings a secret that Django accepts (3)." in part
    assert "Problem" not in part and "Warning" not in part
    assert "8 OK" in part and "8 OK" in card
    assert "Every integration" not in card
    assert secrets.derive(chat) not in part
