"""The deployments of a gateway in the console, and rolling back."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django_tasks_db.models import DBTaskResult

from apigw_ws.emulator.faults import Fault
from apigw_ws.models import ApiGateway, AuditEvent
from apigw_ws.services import provisioning
from apigw_ws.tasks import rollback_gateway
from tests.admin.rows import gateway
from tests.emulator.serving import Served

pytestmark = pytest.mark.django_db

LIST = "/admin/apigw_ws/apigateway/{}/deployments/"
ROLLBACK = "/admin/apigw_ws/apigateway/{}/deployments/{}/rollback/"
PART = {"HX-Request": "true"}


@pytest.fixture
def chat(aws: Served) -> ApiGateway:
    """A gateway with two deployments, the first of which is its ``first``."""
    made = gateway(api_created=False, api_id="", api_endpoint="")
    provisioning.apply(made)
    made.first = made.deployment_id  # type: ignore[attr-defined]
    made.additional_routes.create(name="join", route_key="join", integration_url="https://www.example.com/j")
    provisioning.apply(made)
    return made


def gone(aws: Served) -> None:
    assert aws.emulator is not None
    aws.emulator.faults.add(Fault(operation="apigateway:*", effect="error", status=503, times=None))


def test_the_page_comes_before_aws_is_asked(operator: Client, aws: Served) -> None:
    nowhere = gateway(endpoint_url="http://127.0.0.1:1", region="us-east-1")

    text = operator.get(LIST.format(nowhere.pk)).text

    assert f'hx-get="{LIST.format(nowhere.pk)}" hx-trigger="load"' in text
    assert "No answer from AWS" in operator.get(LIST.format(nowhere.pk), headers=PART).text


def test_deployments_are_listed_with_what_going_back_changes(operator: Client, chat: ApiGateway) -> None:
    text = operator.get(LIST.format(chat.pk), headers=PART).text

    assert text.index(chat.deployment_id) < text.index(chat.first)  # type: ignore[attr-defined]
    assert "The route “join” goes." in text
    assert text.count("Roll back to this") == 1
    assert "/deployments/" in operator.get(f"/admin/apigw_ws/apigateway/{chat.pk}/overview/").text


def test_a_gateway_without_deployments_says_what_to_do(operator: Client, aws: Served) -> None:
    new = gateway(api_created=False, api_id="", api_endpoint="")

    assert "Nothing is deployed yet" in operator.get(LIST.format(new.pk), headers=PART).text


def test_what_was_shown_is_rolled_back_by_the_worker(operator: Client, chat: ApiGateway) -> None:
    first = chat.first  # type: ignore[attr-defined]
    page = ROLLBACK.format(chat.pk, first)
    assert 'hx-trigger="load"' in operator.get(page).text
    text = operator.get(page, headers=PART).text
    assert "The route “join” goes." in text
    seen = text.split('name="seen" value="')[1].split('"')[0]

    response = operator.post(page, {"seen": seen})

    assert response.headers["Location"] == f"/admin/apigw_ws/apigateway/{chat.pk}/overview/"
    assert "Waiting since" in operator.get(f"/admin/apigw_ws/apigateway/{chat.pk}/deployment/").text
    arguments = DBTaskResult.objects.get().args_kwargs["args"]
    assert arguments == [chat.pk, first, int(operator.session["_auth_user_id"]), seen, "127.0.0.1"]
    rollback_gateway.call(*arguments)
    chat.refresh_from_db()
    assert chat.deployment_id == first
    event = AuditEvent.objects.latest("pk")
    assert (event.verb, event.who, event.ip_address) == ("rollback", "operator", "127.0.0.1")
    text = operator.get(LIST.format(chat.pk), headers=PART).text
    assert "The gateway was rolled back from the deployment" in text
    assert "The route “join” comes." in text
    assert "live already" in operator.get(page, headers=PART).text


def test_nothing_is_rolled_back_that_nobody_was_shown(operator: Client, chat: ApiGateway) -> None:
    page = ROLLBACK.format(chat.pk, chat.first)  # type: ignore[attr-defined]

    assert operator.post(page).headers["Location"] == page
    assert not DBTaskResult.objects.exists()


def test_aws_that_is_gone_leaves_the_last_known_list_and_nothing_to_press(
    operator: Client, chat: ApiGateway, aws: Served
) -> None:
    operator.get(LIST.format(chat.pk), headers=PART)
    gone(aws)

    text = operator.get(LIST.format(chat.pk), headers=PART).text

    assert "What follows was so" in text
    assert chat.deployment_id in text
    assert "Roll back to this" not in text
    page = operator.get(ROLLBACK.format(chat.pk, chat.deployment_id), headers=PART)
    assert page.status_code == 200
    assert "<form" not in page.text


def test_a_deployment_that_is_not_there_is_a_sentence(operator: Client, chat: ApiGateway) -> None:
    response = operator.get(ROLLBACK.format(chat.pk, "nowhere"), headers=PART)

    assert response.status_code == 200
    assert "Look again" in response.text


def test_who_may_look_sees_the_list_and_nothing_to_press(
    staff: Callable[..., Client], chat: ApiGateway
) -> None:
    browser = staff("view_apigateway", "change_apigateway", "deploy_apigateway")
    page = ROLLBACK.format(chat.pk, chat.first)  # type: ignore[attr-defined]

    assert "Roll back to this" not in browser.get(LIST.format(chat.pk), headers=PART).text
    assert browser.get(page).status_code == browser.post(page, {"seen": "x"}).status_code == 403
    assert not DBTaskResult.objects.exists()


def test_strangers_and_staff_without_permission_see_nothing(
    client: Client, staff: Callable[..., Client], db: None
) -> None:
    made = gateway()
    browser = staff("rollback_apigateway")
    for page in (LIST.format(made.pk), ROLLBACK.format(made.pk, "abc")):
        assert client.get(page).headers["Location"] == f"/admin/login/?next={page}"
        assert browser.get(page).status_code == 403


def test_a_gateway_that_is_gone_is_not_found(operator: Client) -> None:
    assert operator.get(LIST.format(7)).status_code == 404
