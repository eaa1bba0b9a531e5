"""The settings of a gateway: the form of its record, among the tabs of its pages."""

from __future__ import annotations

import re
from html import unescape

import pytest
from django.test import Client

from apigw_ws.models import ApiGateway
from tests.admin.rows import gateway

pytestmark = pytest.mark.django_db

PAGE = "/admin/apigw_ws/apigateway/{}/change/"


@pytest.fixture
def made(db: None) -> ApiGateway:
    return gateway(deployment_id="abc", live_stage_name="production", push_mode="manual")


def fields(text: str) -> dict[str, str]:
    """What a browser sends back of the form as it stands."""
    found = dict(re.findall(r'<input[^>]*?name="([^"]+)"[^>]*?value="([^"]*)"', text))
    chosen = re.findall(r'<select[^>]*?name="([^"]+)".*?</select>', text, re.S)
    for name in chosen:
        select = text.split(f'name="{name}"')[1].split("</select>")[0]
        found[name] = "".join(re.findall(r'value="([^"]*)" selected', select))
    found |= dict.fromkeys(("tags", "stage_variables"), "{}")
    return {name: unescape(value) for name, value in found.items() if not name.startswith("_")}


def words(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def test_after_a_save_one_is_where_one_was(operator: Client, made: ApiGateway) -> None:
    page = PAGE.format(made.pk)
    sent = fields(operator.get(page).text) | {"api_description": "New.", "_save": "Save"}

    response = operator.post(page, sent)

    assert response.headers["Location"] == page
    made.refresh_from_db()
    assert made.api_description == "New."
    assert "was changed successfully" in operator.get(page).text


def test_there_is_one_way_to_save(operator: Client, made: ApiGateway) -> None:
    text = operator.get(PAGE.format(made.pk)).text

    assert 'name="_save"' in text
    assert 'name="_continue"' not in text and 'name="_addanother"' not in text


def test_what_is_live_stands_below_what_is_wanted_where_they_differ(
    operator: Client, made: ApiGateway
) -> None:
    assert "Live until the next apply" not in operator.get(PAGE.format(made.pk)).text

    made.stage_name, made.domain_name, made.live_domain_name = "blue", "new.example.com", "old.example.com"
    made.save()

    text = words(operator.get(PAGE.format(made.pk)).text)
    assert "Live until the next apply production" in text
    assert "Live until the next apply old.example.com" in text


def test_a_new_gateway_shows_nothing_of_aws_and_has_no_tabs(operator: Client) -> None:
    text = operator.get("/admin/apigw_ws/apigateway/add/").text

    assert "In AWS" not in text
    assert "data-tabs" not in text


def test_what_clients_connect_to_is_told_once_it_is_live(operator: Client, made: ApiGateway) -> None:
    assert made.client_url in words(operator.get(PAGE.format(made.pk)).text)

    made.deployment_id = ""
    made.save()
    assert "URL for clients Apply to AWS first" in words(operator.get(PAGE.format(made.pk)).text)


@pytest.mark.parametrize("name", ["tags", "stage_variables"])
@pytest.mark.parametrize("value", ["5", '"x"', "true", '["x"]', '{"a": 1}'])
@pytest.mark.parametrize("end", ["change/", "routes/summary/"])
def test_what_is_no_mapping_is_said_at_its_field(
    operator: Client, made: ApiGateway, name: str, value: str, end: str
) -> None:
    sent = fields(operator.get(PAGE.format(made.pk)).text) | {name: value, "_save": "Save"}
    sent |= {"additional_routes-TOTAL_FORMS": "1", "additional_routes-0-route_key": "join"}
    sent |= {"additional_routes-0-integration_url": "https://www.example.com/ws/join"}

    response = operator.post(PAGE.format(made.pk).replace("change/", end), sent)

    assert ("Write " in response.text) is (end == "change/")
    made.refresh_from_db()
    assert getattr(made, name) == {}
