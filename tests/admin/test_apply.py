"""“Apply to AWS”: the plan in a dialog, the work in a task."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django_tasks_db.models import DBTaskResult

from apigw_ws.emulator.faults import Fault
from apigw_ws.models import ApiGateway, Run
from apigw_ws.tasks import apply_gateway
from apigw_ws_admin.screens import applying
from tests.admin.rows import gateway
from tests.emulator.serving import Served

pytestmark = pytest.mark.django_db

PART = {"HX-Request": "true"}
APPLY = "/admin/apigw_ws/apigateway/{}/apply/"


@pytest.fixture
def chat(aws: Served) -> ApiGateway:
    """A gateway that is not in AWS yet."""
    return gateway(api_created=False, api_id="", api_endpoint="")


def seen(text: str) -> str:
    """The plan's digest that the dialog would send back."""
    return text.split('name="seen"')[1].split('value="')[1].split('"')[0]


def enqueued() -> list[list[object]]:
    return [result.args_kwargs["args"] for result in DBTaskResult.objects.all()]


def test_the_dialog_shows_the_plan_and_changes_nothing(operator: Client, chat: ApiGateway) -> None:
    text = operator.get(APPLY.format(chat.pk), headers=PART).text

    assert f"Create the WebSocket API “{chat.api_name}”." in text
    assert "Create the route “$connect”" in text
    assert "X-Apigw-Secret" not in text
    assert enqueued() == []


def test_what_was_shown_is_what_the_worker_is_asked_to_do(operator: Client, chat: ApiGateway) -> None:
    plan = seen(operator.get(APPLY.format(chat.pk), headers=PART).text)

    response = operator.post(APPLY.format(chat.pk), {"_form_submitted": "True", "seen": plan})

    assert response.headers["HX-Redirect"] == f"/admin/apigw_ws/apigateway/{chat.pk}/overview/"
    assert enqueued() == [[chat.pk, int(operator.session["_auth_user_id"]), plan, "127.0.0.1"]]
    apply_gateway.call(*enqueued()[0])
    assert Run.objects.get().state == Run.State.DONE
    assert "there is nothing to do" in operator.get(APPLY.format(chat.pk), headers=PART).text


def test_a_plan_that_nobody_was_shown_is_not_applied(operator: Client, chat: ApiGateway) -> None:
    response = operator.post(APPLY.format(chat.pk), {"_form_submitted": "True"})

    assert "Create the WebSocket API" in response.text
    assert seen(response.text)
    assert enqueued() == []


def test_aws_that_is_slow_is_a_sentence(
    operator: Client, chat: ApiGateway, aws: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(applying, "PATIENCE", 0.1)
    assert aws.emulator is not None
    aws.emulator.faults.add(Fault(operation="apigateway:*", effect="delay", seconds=1.0, times=None))

    text = operator.get(APPLY.format(chat.pk), headers=PART).text

    assert "AWS has not answered in time" in text
    assert 'value="' not in text.split('name="seen"')[1].split(">")[0]


def test_aws_that_does_not_answer_is_a_sentence(operator: Client, aws: Served) -> None:
    nowhere = gateway(endpoint_url="http://127.0.0.1:1")

    response = operator.get(APPLY.format(nowhere.pk), headers=PART)

    assert response.status_code == 200
    assert "No answer from AWS" in response.text


def test_a_gateway_that_cannot_be_planned_is_a_sentence(operator: Client, aws: Served) -> None:
    aimless = gateway(target_base_endpoint="")

    assert "has no target base URL" in operator.get(APPLY.format(aimless.pk), headers=PART).text


@pytest.mark.parametrize("number", ["7", "abc", "1_0", "-1", "9" * 30])
def test_a_gateway_that_is_gone_is_not_found(operator: Client, aws: Served, number: str) -> None:
    assert operator.get(APPLY.format(number), headers=PART).status_code == 404


def test_a_post_without_a_csrf_token_is_refused(operator: Client, chat: ApiGateway) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = operator.cookies

    assert strict.post(APPLY.format(chat.pk), {"_form_submitted": "True", "seen": "x"}).status_code == 403


def test_who_may_not_look_at_gateways_sees_no_plan(staff: Callable[..., Client], chat: ApiGateway) -> None:
    assert staff("deploy_apigateway").get(APPLY.format(chat.pk), headers=PART).status_code == 403


def test_staff_need_the_permission_to_apply(staff: Callable[..., Client], chat: ApiGateway) -> None:
    browser = staff("view_apigateway", "change_apigateway")

    assert browser.get(APPLY.format(chat.pk), headers=PART).status_code == 403
    assert browser.post(APPLY.format(chat.pk), {"_form_submitted": "True", "seen": "x"}).status_code == 403
    assert APPLY.format(chat.pk) not in browser.get(f"/admin/apigw_ws/apigateway/{chat.pk}/change/").text
    assert enqueued() == []


def test_staff_who_may_apply_but_see_no_runs_come_back_to_the_gateway(
    staff: Callable[..., Client], chat: ApiGateway
) -> None:
    browser = staff("view_apigateway", "deploy_apigateway")

    response = browser.post(APPLY.format(chat.pk), {"_form_submitted": "True", "seen": "x"})

    assert response.headers["HX-Redirect"] == f"/admin/apigw_ws/apigateway/{chat.pk}/overview/"


def test_in_a_tab_of_its_own_it_is_the_gateway_with_the_way_to_the_dialog(
    operator: Client, chat: ApiGateway
) -> None:
    response = operator.get(APPLY.format(chat.pk), follow=True)

    assert response.redirect_chain == [(f"/admin/apigw_ws/apigateway/{chat.pk}/overview/", 302)]
    assert f'href="{APPLY.format(chat.pk)}"' in response.text
