"""Drift in the console: three columns, and taking AWS's side."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from apigw_ws.emulator.faults import Fault
from apigw_ws.models import ApiGateway, AuditEvent
from apigw_ws.services import provisioning
from tests.admin.rows import gateway
from tests.emulator.serving import Served

pytestmark = pytest.mark.django_db

LIST = "/admin/apigw_ws/apigateway/{}/drift/"
TAKE = "/admin/apigw_ws/apigateway/{}/drift/take/?key=api.description"
PART = {"HX-Request": "true"}


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
    assert TAKE.format(chat.pk) in text
    assert f"/admin/apigw_ws/apigateway/{chat.pk}/apply/" in text
    assert 'hx-trigger="load"' in operator.get(LIST.format(chat.pk)).text


def test_no_drift_is_a_sentence(operator: Client, chat: ApiGateway) -> None:
    provisioning.apply(chat)

    assert "AWS has what the record says." in operator.get(LIST.format(chat.pk), headers=PART).text
    assert "has what the record says here" in operator.get(TAKE.format(chat.pk), headers=PART).text


def test_aws_side_that_was_shown_is_taken(operator: Client, chat: ApiGateway) -> None:
    assert 'value="By &lt;b&gt;hand"' in operator.get(TAKE.format(chat.pk), headers=PART).text

    response = operator.post(TAKE.format(chat.pk), {"aws": "By <b>hand"})

    assert response.headers["Location"] == LIST.format(chat.pk)
    chat.refresh_from_db()
    assert chat.api_description == "By <b>hand"
    event = AuditEvent.objects.latest("pk")
    assert (event.verb, event.who, event.ip_address) == ("take_aws", "operator", "127.0.0.1")


def test_another_value_than_was_shown_is_not_taken(operator: Client, chat: ApiGateway) -> None:
    response = operator.post(TAKE.format(chat.pk), {"aws": "Earlier"})

    assert response.headers["Location"] == TAKE.format(chat.pk)
    assert ApiGateway.objects.get().api_description == "Ours"


def test_aws_that_is_gone_leaves_what_was_seen_and_nothing_to_press(
    operator: Client, chat: ApiGateway, aws: Served
) -> None:
    operator.get(LIST.format(chat.pk), headers=PART)
    gone(aws)

    text = operator.get(LIST.format(chat.pk), headers=PART).text

    assert "What follows was so" in text
    assert "By &lt;b&gt;hand" in text
    assert TAKE.format(chat.pk) not in text
    assert "<form" not in operator.get(TAKE.format(chat.pk), headers=PART).text
    assert operator.post(TAKE.format(chat.pk), {"aws": "By <b>hand"}, follow=True).status_code == 200
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
    assert TAKE.format(chat.pk) not in text
    assert "/apply/" not in text
    assert browser.get(TAKE.format(chat.pk)).status_code == 403
    assert browser.post(TAKE.format(chat.pk), {"aws": "By <b>hand"}).status_code == 403


def test_strangers_and_staff_without_permission_see_nothing(
    client: Client, staff: Callable[..., Client], db: None
) -> None:
    made = gateway()

    assert client.get(LIST.format(made.pk)).headers["Location"].startswith("/admin/login/")
    assert client.get(TAKE.format(made.pk)).headers["Location"].startswith("/admin/login/")
    assert staff("change_run").get(LIST.format(made.pk)).status_code == 403
