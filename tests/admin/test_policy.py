"""The page with a gateway's IAM policy."""

from __future__ import annotations

import json
from collections.abc import Callable
from html import unescape

import pytest
from django.test import Client

from apigw_ws.services import policies
from tests.admin.rows import gateway
from tests.emulator.serving import Served

pytestmark = pytest.mark.django_db

PAGE = "/admin/apigw_ws/apigateway/{}/policy/"
PART = {"HX-Request": "true"}


def test_the_policy_is_ready_to_paste(operator: Client, aws: Served) -> None:
    made = gateway()

    text = operator.get(PAGE.format(made.pk), headers=PART).text

    pasted = unescape(text.split("<pre")[1].split(">", 1)[1].split("</pre>")[0])
    assert json.loads(pasted) == policies.for_gateway(made)
    assert "is not made yet" not in text
    assert 'hx-trigger="load"' in operator.get(PAGE.format(made.pk)).text


def test_a_gateway_that_is_not_made_says_that_its_id_is_missing(operator: Client, aws: Served) -> None:
    new = gateway(api_created=False, api_id="")

    assert "is not made yet" in operator.get(PAGE.format(new.pk), headers=PART).text


def test_an_endpoint_that_is_no_url_is_a_sentence(operator: Client, aws: Served) -> None:
    wrong = gateway(endpoint_url="nowhere")

    response = operator.get(PAGE.format(wrong.pk), headers=PART)

    assert response.status_code == 200
    assert "Look again" in response.text
    assert "<pre" not in response.text


def test_strangers_and_staff_without_permission_see_nothing(
    client: Client, staff: Callable[..., Client], db: None
) -> None:
    page = PAGE.format(gateway().pk)

    assert client.get(page).headers["Location"] == f"/admin/login/?next={page}"
    assert staff("view_run").get(page).status_code == 403
