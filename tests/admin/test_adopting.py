"""Adopting an API in the console."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client

from apigw_ws.models import ApiGateway, AuditEvent
from tests.admin.rows import gateway
from tests.emulator.serving import Served, running_emulator
from tests.foreign import Elsewhere, as_the_peer_does, by_hand

pytestmark = pytest.mark.django_db

LIST = "/admin/apigw_ws/apigateway/adopt/"
PART = {"HX-Request": "true"}
BASE = "https://www.example.com/ws/"


def page(api: Elsewhere, query: str = "") -> str:
    return f"{LIST}{api.api_id}/{query}"


@pytest.fixture
def peer(aws: Served) -> Iterator[Elsewhere]:
    made = as_the_peer_does(aws, BASE)
    yield made
    made.clean()


@pytest.fixture
def hand(aws: Served) -> Iterator[Elsewhere]:
    made = by_hand(aws)
    yield made
    made.clean()


def seen(text: str) -> str:
    return text.split('name="seen" value="')[1].split('"')[0]


def test_the_list_of_gateways_leads_to_adopting(operator: Client) -> None:
    assert f'href="{LIST}"' in operator.get("/admin/apigw_ws/apigateway/").text


def test_the_page_comes_before_aws_is_asked(operator: Client, settings: pytest.FixtureRequest) -> None:
    settings.APIGW_WS = {"REGION": "us-east-1", "ENDPOINT_URL": "http://127.0.0.1:1"}  # type: ignore[attr-defined]

    assert f'hx-get="{LIST}" hx-trigger="load"' in operator.get(LIST).text.replace("\n         ", " ")
    assert "No answer from AWS" in operator.get(LIST, headers=PART).text
    preview = operator.get(f"{LIST}abc123/")
    assert f'hx-get="{LIST}abc123/"' in preview.text
    text = operator.get(f"{LIST}abc123/", headers=PART).text
    assert "No answer from AWS" in text
    assert "Look again" in text
    assert 'name="seen"' not in text


def test_apis_are_listed_with_whose_they_are(operator: Client, peer: Elsewhere, hand: Elsewhere) -> None:
    ours = gateway(api_id=hand.api_id)
    arn = f"arn:aws:apigateway:us-east-1::/apis/{peer.api_id}"
    peer.api.tag_resource(ResourceArn=arn, Tags={"apigw-ws:uid": "57609ff0-3153-5b6c-abf2-d9c2e1eefd42"})

    text = operator.get(LIST, headers=PART).text

    assert f"/admin/apigw_ws/apigateway/{ours.pk}/" in text
    assert "Another project's" in text
    assert f"{LIST}{peer.api_id}/?" in text
    assert f"{LIST}{hand.api_id}/" not in text


def test_a_region_without_apis_says_what_to_do(operator: Client, settings: pytest.FixtureRequest) -> None:
    with running_emulator() as empty:
        settings.APIGW_WS = {"REGION": empty.region, "ENDPOINT_URL": empty.url}  # type: ignore[attr-defined]
        settings.AWS_ACCESS_KEY_ID = empty.access_key  # type: ignore[attr-defined]
        settings.AWS_SECRET_ACCESS_KEY = empty.secret_key  # type: ignore[attr-defined]

        text = operator.get(LIST, headers=PART).text

    assert "No WebSocket API in this region" in text


def test_what_was_shown_is_recorded_and_leads_to_the_gateway(operator: Client, hand: Elsewhere) -> None:
    before = hand.dump()
    text = operator.get(page(hand), headers=PART).text
    assert "a Lambda function" in text
    assert "Tag the API with" in text

    response = operator.post(page(hand), {"seen": seen(text), "name": "chat", "stage_name": "live"})
    assert response.headers["Location"].startswith(f"{LIST}{hand.api_id}/?"), "the name was not the one shown"
    query = "?name=chat&stage_name=live"
    text = operator.get(page(hand, query), headers=PART).text
    response = operator.post(page(hand), {"seen": seen(text), "name": "chat", "stage_name": "live"})

    adopted = ApiGateway.objects.get()
    assert f"/admin/apigw_ws/apigateway/{adopted.pk}/" in response.headers["Location"]
    landed = operator.get(response.headers["Location"], follow=True).text
    assert "is recorded, and AWS is as it was" in landed
    assert hand.dump() == before
    assert (adopted.api_name, adopted.stage_name) == ("chat", "live")
    event = AuditEvent.objects.latest("pk")
    assert (event.verb, event.who, event.ip_address, event.gateway) == (
        "adopt",
        "operator",
        "127.0.0.1",
        adopted,
    )
    panel = operator.get(f"/admin/apigw_ws/apigateway/{adopted.pk}/deployment/").text
    assert "Tag the API with" in panel
    assert "already" in operator.get(page(hand), headers=PART).text
