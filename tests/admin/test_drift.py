"""Drift in the console: three columns, and taking AWS's side."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django_tasks_db.models import DBTaskResult

from apigw_ws.emulator.faults import Fault
from apigw_ws.models import ApiGateway, AuditEvent
from apigw_ws.services import provisioning
from apigw_ws.tasks import apply_gateway
from tests.admin.rows import gateway
from tests.emulator.serving import Served

pytestmark = pytest.mark.django_db

LIST = "/admin/apigw_ws/apigateway/{}/drift/"
TAKE = "/admin/apigw_ws/apigateway/{}/drift/take/?choice-1=api.description"
PART = {"HX-Request": "true"}
HAND = {"key": "api.description", "aws": "By <b>hand"}


@pytest.fixture
def chat(aws: Served) -> ApiGateway:
    made = gateway(api_created=False, api_id="", api_endpoint="", api_description="Ours")
    provisioning.apply(made)
    aws.client("apigatewayv2").update_api(ApiId=made.api_id, Description="By <b>hand")
    return made


def gone(aws: Served) -> None:
    assert aws.emulator is not None
    aws.emulator.faults.add(Fault(operation="apigateway:*", effect="error", status=503, times=None))


def test_both_sides_are_shown_with_what_applying_would_do(operator: Client, chat: ApiGateway) -> None:
    text = operator.get(LIST.format(chat.pk), headers=PART).text

    assert "Ours" in text
    assert "By &lt;b&gt;hand" in text
    assert "What applying would do" in text
    assert 'name="choice-1" value="api.description"' in text
    assert f'action="{TAKE.format(chat.pk).partition("?")[0]}"' in text
    assert 'hx-trigger="load"' in operator.get(LIST.format(chat.pk)).text


def test_no_drift_is_a_sentence(operator: Client, chat: ApiGateway) -> None:
    provisioning.apply(chat)

    assert "AWS has what the record says." in operator.get(LIST.format(chat.pk), headers=PART).text
    text = operator.get(TAKE.format(chat.pk), headers=PART).text
    assert "AWS and the record do not differ in api.description." in text
    assert "<form" not in text


def test_aws_side_that_was_shown_is_taken(operator: Client, chat: ApiGateway) -> None:
    text = operator.get(TAKE.format(chat.pk), headers=PART).text
    assert 'name="aws" value="By &lt;b&gt;hand"' in text
    assert "there is nothing left to apply" in text
    assert ApiGateway.objects.get().api_description == "Ours"

    response = operator.post(TAKE.format(chat.pk), HAND)

    assert response.headers["Location"] == LIST.format(chat.pk)
    chat.refresh_from_db()
    assert chat.api_description == "By <b>hand"
    event = AuditEvent.objects.get(verb="take_aws")
    assert (event.verb, event.who, event.ip_address) == ("take_aws", "operator", "127.0.0.1")


def test_several_lines_are_taken_as_they_were_shown(operator: Client, chat: ApiGateway, aws: Served) -> None:
    aws.client("apigatewayv2").update_api(ApiId=chat.api_id, Description="By\nhand")

    operator.post(TAKE.format(chat.pk), HAND | {"aws": "By\r\nhand"})  # as browsers send it

    chat.refresh_from_db()
    assert chat.api_description == "By\nhand"


def test_some_are_taken_and_the_others_kept_and_applied(
    operator: Client, chat: ApiGateway, aws: Served
) -> None:
    aws.client("apigatewayv2").update_api(ApiId=chat.api_id, Name="theirs")
    page = TAKE.format(chat.pk) + "&choice-2="

    text = operator.get(page, headers=PART).text

    assert "By &lt;b&gt;hand" in text
    assert "Take AWS's and apply the rest" in text
    assert "theirs" not in text.split("Written on the record")[1].split("to keep ours")[0]
    seen = text.split('name="seen" value="')[1].split('"')[0]
    response = operator.post(page, HAND | {"seen": seen})

    assert response.headers["Location"].endswith("/overview/")
    apply_gateway.call(*DBTaskResult.objects.get().args_kwargs["args"])
    found = aws.client("apigatewayv2").get_api(ApiId=chat.api_id)
    assert (found["Name"], found["Description"]) == (chat.api_name, "By <b>hand")
    assert ApiGateway.objects.get().api_description == "By <b>hand"


def test_ours_are_kept_by_applying_what_was_shown(operator: Client, chat: ApiGateway) -> None:
    page = TAKE.format(chat.pk).partition("?")[0]
    text = operator.get(page, headers=PART).text
    assert "Written on the record" not in text
    seen = text.split('name="seen" value="')[1].split('"')[0]

    operator.post(page, {"seen": seen})

    assert DBTaskResult.objects.get().args_kwargs["args"][2] == seen
    assert not AuditEvent.objects.filter(verb="take_aws").exists()


def test_another_value_than_was_shown_is_not_taken(operator: Client, chat: ApiGateway) -> None:
    data = {"key": "api.description", "aws": "Earlier", "seen": "x"}

    response = operator.post(TAKE.format(chat.pk), data, follow=True)

    assert "AWS has changed since" in response.text
    assert ApiGateway.objects.get().api_description == "Ours"
    assert not DBTaskResult.objects.exists()


def test_who_may_not_apply_takes_and_leaves_the_rest(
    staff: Callable[..., Client], chat: ApiGateway, aws: Served
) -> None:
    aws.client("apigatewayv2").update_api(ApiId=chat.api_id, Name="theirs")
    browser = staff("view_apigateway", "change_apigateway")

    text = browser.get(TAKE.format(chat.pk), headers=PART).text

    assert 'name="seen"' not in text
    assert browser.post(TAKE.format(chat.pk), HAND | {"seen": "x"}).headers["Location"] == LIST.format(
        chat.pk
    )
    assert ApiGateway.objects.get().api_description == "By <b>hand"
    assert not DBTaskResult.objects.exists()


def test_aws_that_is_gone_leaves_what_was_seen_and_nothing_to_press(
    operator: Client, chat: ApiGateway, aws: Served
) -> None:
    operator.get(LIST.format(chat.pk), headers=PART)
    gone(aws)

    text = operator.get(LIST.format(chat.pk), headers=PART).text

    assert "What follows was so" in text
    assert "By &lt;b&gt;hand" in text
    assert "choice-1" not in text
    assert "<form" not in operator.get(TAKE.format(chat.pk), headers=PART).text
    assert operator.post(TAKE.format(chat.pk), HAND, follow=True).status_code == 200
    assert ApiGateway.objects.get().api_description == "Ours"


def test_aws_that_was_never_seen_is_a_sentence(operator: Client, aws: Served) -> None:
    nowhere = gateway(endpoint_url="http://127.0.0.1:1", region="us-east-1")

    text = operator.get(LIST.format(nowhere.pk), headers=PART).text

    assert "No answer from AWS" in text
    assert "has what the record says" not in text


def test_who_may_look_sees_the_drift_and_nothing_to_press(
    staff: Callable[..., Client], chat: ApiGateway
) -> None:
    browser = staff("view_apigateway")

    text = browser.get(LIST.format(chat.pk), headers=PART).text

    assert "By &lt;b&gt;hand" in text
    assert "choice-1" not in text
    assert "/apply/" not in text
    assert browser.get(TAKE.format(chat.pk)).status_code == 403
    assert browser.post(TAKE.format(chat.pk), HAND).status_code == 403


def test_strangers_and_staff_without_permission_see_nothing(
    client: Client, staff: Callable[..., Client], db: None
) -> None:
    made = gateway()

    assert client.get(LIST.format(made.pk)).headers["Location"].startswith("/admin/login/")
    assert client.get(TAKE.format(made.pk)).headers["Location"].startswith("/admin/login/")
    assert staff("change_run").get(LIST.format(made.pk)).status_code == 403
