"""The doctor's pages: what is wrong, why, and the way to what helps for those who may."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apigw_ws.models import ApiGateway, AwsAccount
from apigw_ws.services import provisioning, secrets, targets
from apigw_ws.services.doctor import Finding, Fix, Level
from apigw_ws_admin.screens import doctor as screen
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
    assert "OK: 8" in part and "OK: 8" in card
    assert "Every integration" not in card
    assert secrets.derive(chat) not in part


def test_what_is_wrong_comes_first_with_the_way_to_what_helps(operator: Client, chat: ApiGateway) -> None:
    ApiGateway.objects.update(api_description="Changed", secret_version=0, live_secret_version=0)

    part = operator.get(ONE.format(chat.pk), headers=PART).text

    assert part.index("Warning") < part.index("No run has left")
    apply, rotate = (f"/admin/apigw_ws/apigateway/{chat.pk}/{page}/" for page in ("apply", "security/rotate"))
    for name, url in (("applied", apply), ("secret", rotate)):
        assert f'id="fix-{chat.pk}-{name}" hx-get="{url}" hx-target="#modal-content"' in part
        assert operator.get(url, headers=PART).status_code == 200


def test_each_way_leads_to_a_page(operator: Client, chat: ApiGateway) -> None:
    request: Any = type("Request", (), {"user": User.objects.get()})()
    for fix in Fix:
        chat.account = AwsAccount.objects.get_or_create(label="live")[0]
        finding = Finding(key="x", title="x", level=Level.RED, why="x", fix=fix)
        way = screen._fix(request, chat, finding)
        assert way and operator.get(way["href"], follow=True).status_code == 200
    chat.account = None
    assert screen._fix(request, chat, finding) is None


def test_a_card_tells_in_short_what_is_not_known(operator: Client, aws: Served) -> None:
    nowhere = gateway(endpoint_url="http://127.0.0.1:1", region="us-east-1")

    card = operator.get(CARD.format(nowhere.pk)).text

    assert card.count("No answer from AWS") == 1
    assert "Not known: Access to AWS, Permissions, Record and AWS" in card


def test_who_may_look_sees_everything_and_no_button_that_would_be_refused(
    staff: Callable[..., Client], chat: ApiGateway
) -> None:
    ApiGateway.objects.update(api_description="Changed", secret_version=0, live_secret_version=0)
    browser = staff("view_apigateway")

    part = browser.get(ONE.format(chat.pk), headers=PART).text

    assert "AWS differs from the record" in part
    assert "Review and apply" not in part and "Rotate the secret …" not in part
    assert "Doctor" in browser.get(ALL).text


def test_strangers_and_staff_without_permission_see_nothing(
    client: Client, staff: Callable[..., Client], db: None
) -> None:
    made = gateway()
    browser = staff("deploy_apigateway")
    for page in (ALL, ONE.format(made.pk), CARD.format(made.pk)):
        assert client.get(page).headers["Location"] == f"/admin/login/?next={page}"
        assert browser.get(page).status_code == 403
    assert "Doctor" not in browser.get("/admin/").text


def test_the_page_of_all_gateways_takes_as_many_queries_for_many(operator: Client, aws: Served) -> None:
    counted = []
    for number in (1, 20):
        for each in range(number):
            gateway(100 * number + each)
        with CaptureQueriesContext(connection) as queries:
            assert operator.get(ALL).status_code == 200
        counted.append(len(queries))

    assert counted[0] == counted[1] <= 12


def test_the_pages_of_a_gateway_lead_to_the_doctor(operator: Client, chat: ApiGateway) -> None:
    for page in ("overview", "security"):
        assert ONE.format(chat.pk) in operator.get(f"/admin/apigw_ws/apigateway/{chat.pk}/{page}/").text


def test_without_gateways_the_page_says_so(operator: Client) -> None:
    assert "There is no gateway yet." in operator.get(ALL).text
