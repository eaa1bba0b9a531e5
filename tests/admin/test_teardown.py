"""Tearing a gateway down in the console."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django_tasks_db.models import DBTaskResult

from apigw_ws.emulator.faults import Fault
from apigw_ws.models import ApiGateway, AuditEvent
from apigw_ws.services import provisioning
from apigw_ws.tasks import teardown_gateway
from tests.admin.rows import gateway
from tests.emulator.serving import Served

pytestmark = pytest.mark.django_db

PAGE = "/admin/apigw_ws/apigateway/{}/teardown/"
OVERVIEW = "/admin/apigw_ws/apigateway/{}/overview/"
PART = {"HX-Request": "true"}


@pytest.fixture
def chat(aws: Served) -> ApiGateway:
    made = gateway(api_created=False, api_id="", api_endpoint="")
    provisioning.apply(made)
    return made


def seen(browser: Client, chat: ApiGateway) -> str:
    text = browser.get(PAGE.format(chat.pk), headers=PART).text
    return text.split('name="seen" value="')[1].split('"')[0]


def test_the_page_lists_what_goes_and_what_stays(operator: Client, chat: ApiGateway) -> None:
    text = operator.get(PAGE.format(chat.pk), headers=PART).text

    assert chat.api_id in text
    assert "What goes from AWS" in text
    assert f"type the gateway&#x27;s name: {chat.api_name}" in text
    assert PAGE.format(chat.pk) in operator.get(OVERVIEW.format(chat.pk)).text


@pytest.mark.parametrize("deleted", [False, True])
def test_what_was_shown_is_torn_down_by_the_worker(operator: Client, chat: ApiGateway, deleted: bool) -> None:
    plan = seen(operator, chat)
    data = {"seen": plan, "name": chat.api_name} | ({"delete_record": "on"} if deleted else {})

    response = operator.post(PAGE.format(chat.pk), data)

    back = "/admin/apigw_ws/apigateway/" if deleted else OVERVIEW.format(chat.pk)
    assert response.headers["Location"] == back
    call = DBTaskResult.objects.get().args_kwargs
    who = int(operator.session["_auth_user_id"])
    assert call["args"] == [chat.pk, chat.api_name, who, plan, "127.0.0.1"]
    teardown_gateway.call(*call["args"], **call["kwargs"])
    assert ApiGateway.objects.exists() is not deleted
    event = AuditEvent.objects.latest("pk")
    assert (event.verb, event.ip_address, event.result) == ("teardown", "127.0.0.1", "done")
    if not deleted:
        assert "Nothing of this gateway is in AWS" in operator.get(PAGE.format(chat.pk), headers=PART).text


def test_who_may_not_delete_records_tears_down_and_keeps_the_record(
    staff: Callable[..., Client], chat: ApiGateway
) -> None:
    browser = staff("view_apigateway", "teardown_apigateway")
    plan = seen(browser, chat)

    browser.post(PAGE.format(chat.pk), {"seen": plan, "name": chat.api_name, "delete_record": "on"})

    assert "delete_record" not in browser.get(PAGE.format(chat.pk), headers=PART).text
    assert DBTaskResult.objects.get().args_kwargs["kwargs"] == {"delete_record": False}


@pytest.mark.parametrize("typed", ["", "gateway", "GATEWAY-0"])
def test_the_name_has_to_be_typed(operator: Client, chat: ApiGateway, typed: str) -> None:
    response = operator.post(PAGE.format(chat.pk), {"seen": seen(operator, chat), "name": typed}, follow=True)

    assert "Nothing was done" in response.text
    assert not DBTaskResult.objects.exists()


def test_nothing_is_torn_down_that_nobody_was_shown(operator: Client, chat: ApiGateway) -> None:
    operator.post(PAGE.format(chat.pk), {"name": chat.api_name})

    assert not DBTaskResult.objects.exists()


def test_aws_that_is_gone_is_a_sentence_and_nothing_to_press(
    operator: Client, chat: ApiGateway, aws: Served
) -> None:
    assert aws.emulator is not None
    aws.emulator.faults.add(Fault(operation="apigateway:*", effect="error", status=503, times=None))

    response = operator.get(PAGE.format(chat.pk), headers=PART)

    assert response.status_code == 200
    assert "Look again" in response.text
    assert "<form" not in response.text


def test_staff_need_the_permission(staff: Callable[..., Client], chat: ApiGateway) -> None:
    browser = staff("view_apigateway", "change_apigateway", "delete_apigateway", "deploy_apigateway")

    data = {"seen": "x", "name": chat.api_name}
    assert browser.get(PAGE.format(chat.pk)).status_code == 403
    assert browser.post(PAGE.format(chat.pk), data).status_code == 403
    assert PAGE.format(chat.pk) not in browser.get(OVERVIEW.format(chat.pk)).text
    assert not DBTaskResult.objects.exists()


def test_a_stranger_is_sent_to_sign_in(client: Client, db: None) -> None:
    page = PAGE.format(gateway().pk)

    assert client.get(page).headers["Location"] == f"/admin/login/?next={page}"


def test_a_post_without_a_csrf_token_is_refused(operator: Client, chat: ApiGateway) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = operator.cookies

    assert strict.post(PAGE.format(chat.pk), {"seen": "x", "name": chat.api_name}).status_code == 403
