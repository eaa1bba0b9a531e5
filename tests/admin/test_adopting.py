"""Adopting an API in the console."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

import pytest
from django.test import Client

from apigw_ws.models import ApiGateway, AuditEvent, AwsAccount
from tests.admin.rows import gateway
from tests.emulator.serving import Served, running_emulator
from tests.foreign import LAMBDA, Elsewhere, as_the_peer_does, by_hand

if TYPE_CHECKING:
    from pytest_django import Settings

pytestmark = pytest.mark.django_db

Queries = Callable[[int], AbstractContextManager[None]]
LIST = "/admin/apigw_ws/apigateway/adopt/"
PART = {"HX-Request": "true"}
BASE = "https://www.example.com/ws/"
UID = "57609ff0-3153-5b6c-abf2-d9c2e1eefd42"


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


def test_the_page_comes_before_aws_is_asked(operator: Client, aws: Served, settings: Settings) -> None:
    settings.APIGW_WS = {"REGION": "us-east-1", "ENDPOINT_URL": "http://127.0.0.1:1"}

    for url in (LIST, f"{LIST}abc123/"):
        assert f'hx-get="{url}" hx-trigger="load"' in " ".join(operator.get(url).text.split())
        text = operator.get(url, headers=PART).text
        assert "No answer from AWS" in text
        assert "Look again" in text
        assert 'name="seen"' not in text


def test_apis_are_listed_with_whose_they_are(operator: Client, peer: Elsewhere, hand: Elsewhere) -> None:
    ours = gateway(api_id=hand.api_id)
    arn = f"arn:aws:apigateway:us-east-1::/apis/{peer.api_id}"
    peer.api.tag_resource(ResourceArn=arn, Tags={"apigw-ws:uid": UID})

    text = operator.get(LIST, headers=PART).text

    assert f"/admin/apigw_ws/apigateway/{ours.pk}/" in text
    assert "Another project's" in text
    assert f"{LIST}{peer.api_id}/?" in text
    assert f"{LIST}{hand.api_id}/" not in text


def test_a_region_without_apis_says_what_to_do(operator: Client, settings: Settings) -> None:
    with running_emulator() as empty:
        settings.APIGW_WS = {"REGION": empty.region, "ENDPOINT_URL": empty.url}
        settings.AWS_ACCESS_KEY_ID = empty.access_key
        settings.AWS_SECRET_ACCESS_KEY = empty.secret_key

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


def message(browser: Client) -> str:
    """What the next page says first."""
    return " ".join(str(each) for each in browser.get(LIST).context["messages"])


def test_the_account_that_was_chosen_is_recorded(operator: Client, peer: Elsewhere) -> None:
    account = AwsAccount.objects.create(label="EU live", environment="production", default_region="us-east-1")
    assert "EU live · Production" in operator.get(LIST).text
    query = f"?account={account.pk}&region="
    assert f"{LIST}{peer.api_id}/?account={account.pk}" in operator.get(LIST + query, headers=PART).text

    text = operator.get(page(peer, query), headers=PART).text
    operator.post(page(peer, query), {"seen": seen(text)})

    assert ApiGateway.objects.get().account == account


def test_an_account_that_is_gone_leads_back_to_the_choice(operator: Client, peer: Elsewhere) -> None:
    for url in (f"{LIST}?account=7", page(peer, "?region=nowhere")):
        assert operator.get(url).headers["Location"] == LIST
        assert "no such account or region" in message(operator)


def test_many_apis_can_be_searched(operator: Client, aws: Served) -> None:
    made = [Elsewhere(aws) for _number in range(8)]
    for number, each in enumerate(made):
        each.make(Name=f"<b>{number}</b>")

    text = operator.get(LIST, headers=PART).text

    assert "data-filter" in text
    assert "&lt;b&gt;7&lt;/b&gt;" in text
    for each in made:
        each.clean()


def test_a_list_costs_the_same_however_long_it_is(
    operator: Client,
    aws: Served,
    django_assert_max_num_queries: Queries,
) -> None:
    made = [Elsewhere(aws) for _number in range(3)]
    for number, each in enumerate(made):
        each.make(Name=f"api {number}")
        gateway(number, api_id=each.api_id)

    with django_assert_max_num_queries(4):  # the session, the user, whether there are accounts, the gateways
        operator.get(LIST, headers=PART)

    for each in made:
        each.clean()


def test_an_api_of_functions_cannot_be_adopted_and_says_why(operator: Client, aws: Served) -> None:
    api = Elsewhere(aws)
    api.make(Name="functions")
    api.route("$connect", LAMBDA, IntegrationType="AWS_PROXY")

    text = operator.get(page(api), headers=PART).text

    assert "“$connect” calls a Lambda function" in text
    assert "Look again" in text
    assert 'name="seen"' not in text
    api.clean()


def test_a_stage_is_chosen_where_there_are_several(
    operator: Client, peer: Elsewhere, hand: Elsewhere
) -> None:
    assert 'name="stage_name"' not in operator.get(page(peer), headers=PART).text.split("<table")[0]
    text = operator.get(page(hand, "?stage_name=dev"), headers=PART).text
    assert '<option value="dev" selected>' in text
    assert "Change the stage “dev”: auto deploy, owner." in text
    assert "Its stages: dev, live" in operator.get(page(hand, "?stage_name=test"), headers=PART).text


def test_an_api_that_was_never_deployed_is_adopted_without_a_stage(operator: Client, aws: Served) -> None:
    api = Elsewhere(aws)
    api.make(Name="new")
    text = operator.get(page(api), headers=PART).text
    assert "Enter where your WebSocketView is" in text
    posted = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', text))

    operator.post(page(api), posted)

    assert ApiGateway.objects.get().stage_name == "production"
    api.clean()


def test_what_is_another_projects_is_taken_back_only_when_that_is_ticked(
    operator: Client, peer: Elsewhere
) -> None:
    arn = f"arn:aws:apigateway:us-east-1::/apis/{peer.api_id}"
    peer.api.tag_resource(ResourceArn=arn, Tags={"apigw-ws:uid": UID})
    text = operator.get(page(peer), headers=PART).text
    assert UID in text

    operator.post(page(peer), {"seen": seen(text)})
    assert "Say that you take it back" in message(operator)
    operator.post(page(peer), {"seen": seen(text), "take_back": "on"})

    assert str(ApiGateway.objects.get().uid) == UID


def test_a_tag_that_names_nobody_is_a_sentence(operator: Client, peer: Elsewhere) -> None:
    arn = f"arn:aws:apigateway:us-east-1::/apis/{peer.api_id}"
    peer.api.tag_resource(ResourceArn=arn, Tags={"apigw-ws:uid": "chat"})

    assert "names no gateway" in operator.get(page(peer), headers=PART).text


def test_of_two_people_one_is_told_that_the_other_was_first(operator: Client, peer: Elsewhere) -> None:
    shown = {"seen": seen(operator.get(page(peer), headers=PART).text)}
    operator.post(page(peer), shown)

    response = operator.post(page(peer), shown)

    assert response.headers["Location"].startswith(page(peer))
    assert f"is the gateway “peer {peer.number}” already" in message(operator)
    assert ApiGateway.objects.count() == 1


def test_nothing_is_recorded_that_nobody_was_shown(operator: Client, peer: Elsewhere) -> None:
    operator.post(page(peer))

    assert not ApiGateway.objects.exists()
    assert AuditEvent.objects.get().result == "failed"


def test_aws_that_is_gone_meanwhile_leaves_nothing_half_recorded(operator: Client, peer: Elsewhere) -> None:
    shown = {"seen": seen(operator.get(page(peer), headers=PART).text)}
    peer.aws.fault("apigateway:*", "error", status=503, times=50)

    response = operator.post(page(peer), shown)

    peer.aws.backstage("DELETE", "faults")
    assert response.headers["Location"].startswith(page(peer))
    assert "AWS refused" in message(operator)
    assert not ApiGateway.objects.exists()


@pytest.mark.parametrize("permissions", [("add_apigateway",), ("view_apigateway", "deploy_apigateway")])
def test_who_may_not_make_gateways_may_not_adopt_any(
    staff: Callable[..., Client], aws: Served, permissions: tuple[str, ...]
) -> None:
    browser = staff("view_apigateway", *permissions)

    assert "Adopt an API" not in browser.get("/admin/apigw_ws/apigateway/").text
    for url in (LIST, f"{LIST}abc123/"):
        assert browser.get(url).status_code == 403
        assert browser.get(url, headers=PART).status_code == 403
        assert browser.post(url, {"seen": "x"}).status_code == 403


def test_strangers_are_asked_to_sign_in(client: Client, db: None) -> None:
    for url in (LIST, f"{LIST}abc123/"):
        assert client.get(url).headers["Location"] == f"/admin/login/?next={url}"
