"""The deployment panel: what it shows, to whom, and that AWS cannot break it."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from apigw_ws.emulator.faults import Fault
from apigw_ws.exceptions import ApigwWsError, RunInProgress
from apigw_ws.models import ApiGateway, Run, Step
from apigw_ws.services import glances, provisioning, runs
from tests.admin.reading import words
from tests.admin.rows import gateway
from tests.emulator.serving import Served

pytestmark = pytest.mark.django_db

PANEL = "/admin/apigw_ws/apigateway/{}/deployment/"
PAGE = "/admin/apigw_ws/apigateway/{}/change/"


@pytest.fixture
def chat(aws: Served) -> ApiGateway:
    """A gateway that is not in AWS yet."""
    return gateway(api_created=False, api_id="", api_endpoint="")


def fail(aws: Served, effect: str, *, operation: str = "apigateway:*", **how: object) -> None:
    assert aws.emulator is not None
    aws.emulator.faults.add(Fault(operation=operation, effect=effect, times=None, **how))  # type: ignore[arg-type]


def test_the_page_does_not_ask_aws_but_leaves_it_to_the_panel(operator: Client, db: None) -> None:
    nowhere = gateway(endpoint_url="http://127.0.0.1:1", region="us-east-1")

    response = operator.get(PAGE.format(nowhere.pk))

    assert f'hx-get="{PANEL.format(nowhere.pk)}" hx-trigger="load"' in response.text
    assert "apigw_ws_admin/deployment.js" in response.text


def test_a_new_gateway_has_no_panel(operator: Client) -> None:
    assert 'id="deployment"' not in operator.get("/admin/apigw_ws/apigateway/add/").text


def test_what_is_not_deployed_yet_is_listed(operator: Client, chat: ApiGateway) -> None:
    text = operator.get(PANEL.format(chat.pk)).text

    assert "nothing is deployed" in text
    assert "6 operations are not applied yet" in text
    assert "Create the route “$connect”" in text
    assert f'hx-get="/admin/apigw_ws/apigateway/{chat.pk}/apply/"' in text
    assert "X-Apigw-Secret" not in text


def test_the_live_deployment_and_its_age_are_shown(operator: Client, chat: ApiGateway) -> None:
    provisioning.apply(chat)

    text = operator.get(PANEL.format(chat.pk)).text

    assert f"the deployment {chat.deployment_id} is live" in words(text)
    assert "made less than a minute ago" in words(text)
    assert "there is nothing to do" in text
    assert "hx-trigger" not in text


def test_a_run_at_work_is_polled_and_shown_again_only_when_it_moved(
    operator: Client, chat: ApiGateway
) -> None:
    with runs.running(chat, User.objects.get()) as run:
        runs.planned(run, 3)
        now = timezone.now()
        step = {"run": run, "operation": "CreateApi", "started_on": now, "finished_on": now}
        Step.objects.create(position=1, description="Create the API.", **step)

        text = operator.get(PANEL.format(chat.pk)).text
        assert "Being applied to AWS by operator" in text
        assert "1 of 3 operations done" in text
        assert "Create the API." in text
        assert 'hx-trigger="every 2s"' in text
        seen = text.split("?seen=")[1].split('"')[0]
        assert operator.get(PANEL.format(chat.pk), {"seen": seen}).status_code == 204

        Step.objects.create(position=2, description="Create a route.", **step)
        assert "2 of 3" in operator.get(PANEL.format(chat.pk), {"seen": seen}).text

        Run.objects.update(waiting_until=now)
        assert "AWS limits the rate of calls: waiting until" in operator.get(PANEL.format(chat.pk)).text

    assert "every 2s" not in operator.get(PANEL.format(chat.pk), {"seen": seen}).text


def test_a_task_that_no_worker_takes_up_says_so(operator: Client, chat: ApiGateway) -> None:
    apply = f"/admin/apigw_ws/apigateway/{chat.pk}/apply/"
    operator.post(apply, {"_form_submitted": "True", "seen": "anything"})

    text = operator.get(PANEL.format(chat.pk)).text

    assert "for a worker to take it up" in text
    assert "No worker seems to run" not in text
    assert 'hx-trigger="every 2s"' in text
    DBTaskResult.objects.update(enqueued_at=timezone.now() - timedelta(minutes=1))
    seen = text.split("?seen=")[1].split('"')[0]
    assert "No worker seems to run" in operator.get(PANEL.format(chat.pk), {"seen": seen}).text
    DBTaskResult.objects.all().delete()
    assert "for a worker" not in operator.get(PANEL.format(chat.pk)).text


def test_the_last_failure_is_shown_with_its_code_its_request_and_a_retry(
    operator: Client, chat: ApiGateway, aws: Served
) -> None:
    fail(aws, "error", operation="apigateway:CreateStage", status=400)
    with pytest.raises(ApigwWsError):
        provisioning.apply(chat)
    failed = Step.objects.get(finished_on=None)

    text = operator.get(PANEL.format(chat.pk)).text

    assert failed.request_ids and f"<code>{failed.request_ids}</code><button" in text
    assert failed.error_code and failed.error_code in text
    assert Run.objects.get().error_text.split(":")[0] in text
    assert "Retry</a>" in text
    assert aws.emulator is not None
    aws.emulator.faults.clear()
    provisioning.apply(chat)
    assert "Retry" not in operator.get(PANEL.format(chat.pk)).text


def test_what_failed_is_called_by_its_kind_and_tried_again_where_it_began(
    operator: Client, chat: ApiGateway, staff: Callable[..., Client]
) -> None:
    provisioning.apply(chat)
    pages = f"/admin/apigw_ws/apigateway/{chat.pk}"
    for kind, called, again in (
        ("rollback", "Roll back", f"{pages}/deployments/abc123/rollback/"),
        ("teardown", "Tear down", f"{pages}/teardown/"),
    ):
        Run.objects.create(
            gateway=chat, kind=kind, deployment_id="abc123", state="failed", finished_on=timezone.now()
        )
        text = operator.get(PANEL.format(chat.pk)).text

        assert f"The last run ({called}), less than a minute ago, failed." in words(text)
        assert f'href="{again}">Retry</a>' in text
        assert text.count("Retry") == 1
        assert "nothing of it is left" not in text

    assert "Retry" not in staff("view_apigateway", "deploy_apigateway").get(PANEL.format(chat.pk)).text


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("apply", "Being applied to AWS by A command or task since"),
        ("rollback", "Being rolled back to the deployment abc123 by A command or task since"),
        ("teardown", "Being torn down by A command or task since"),
    ],
)
def test_a_run_at_work_is_called_by_its_kind(
    operator: Client, chat: ApiGateway, kind: str, said: str
) -> None:
    Run.objects.create(gateway=chat, kind=kind, deployment_id="abc123")

    assert said in words(operator.get(PANEL.format(chat.pk)).text)


def test_a_failure_of_which_nothing_is_left_needs_no_retry(operator: Client, chat: ApiGateway) -> None:
    provisioning.apply(chat)
    Run.objects.update(state=Run.State.FAILED, error_text="It failed.")

    text = operator.get(PANEL.format(chat.pk)).text

    assert "It failed." in text
    assert "nothing of it is left to do" in text
    assert "Retry" not in text


def test_a_task_that_met_somebody_elses_run_says_so(operator: Client, chat: ApiGateway) -> None:
    operator.post(f"/admin/apigw_ws/apigateway/{chat.pk}/apply/", {"_form_submitted": "True", "seen": "any"})
    refused = f"{RunInProgress.__module__}.{RunInProgress.__qualname__}"
    DBTaskResult.objects.update(status="FAILED", exception_class_path=refused, traceback="…")

    text = operator.get(PANEL.format(chat.pk)).text

    assert "somebody else's run was at work" in text
    assert "Retry</a>" in text


def test_a_rollback_that_met_somebody_elses_run_is_tried_again_as_one(
    operator: Client, chat: ApiGateway
) -> None:
    provisioning.apply(chat)
    page = f"/admin/apigw_ws/apigateway/{chat.pk}/deployments/abc123/rollback/"
    operator.post(page, {"seen": "any"})
    refused = f"{RunInProgress.__module__}.{RunInProgress.__qualname__}"
    DBTaskResult.objects.update(status="FAILED", exception_class_path=refused, traceback="…")

    text = operator.get(PANEL.format(chat.pk)).text

    assert "somebody else's run was at work" in text
    assert f'href="{page}">Retry</a>' in text


@pytest.mark.parametrize(
    ("effect", "how"),
    [("throttle", {}), ("error", {"status": 503}), ("reset", {}), ("error", {"status": 403})],
)
def test_aws_that_refuses_leaves_the_last_known_state_with_its_age(
    operator: Client, chat: ApiGateway, aws: Served, effect: str, how: dict[str, int]
) -> None:
    operator.get(PANEL.format(chat.pk))
    fail(aws, effect, **how)

    response = operator.get(PANEL.format(chat.pk))

    assert response.status_code == 200
    assert "What follows was so less than a minute ago." in words(response.text)
    assert "6 operations are not applied yet" in response.text
    assert "Look again" in response.text


def test_aws_that_is_slow_is_waited_for_no_longer_than_the_budget(
    operator: Client, chat: ApiGateway, aws: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(glances, "BUDGET", 0.1)
    fail(aws, "delay", seconds=1.0)

    started = time.monotonic()
    text = operator.get(PANEL.format(chat.pk)).text

    assert time.monotonic() - started < 1.0
    assert "AWS has not answered in time" in text
    assert "Nothing of it has been seen in AWS so far" in text
    assert "?look=1" in text
    assert "?look=" not in operator.get(PANEL.format(chat.pk), {"look": "2"}).text


def test_a_gateway_that_cannot_be_planned_is_a_sentence(operator: Client, aws: Served) -> None:
    assert "has no target base URL" in operator.get(PANEL.format(gateway(target_base_endpoint="").pk)).text


def test_who_may_look_sees_the_panel_and_nothing_to_press(
    staff: Callable[..., Client], chat: ApiGateway
) -> None:
    text = staff("view_apigateway").get(PANEL.format(chat.pk)).text

    assert "6 operations are not applied yet" in text
    assert "/apply/" not in text


def test_who_may_not_look_sees_nothing(staff: Callable[..., Client], chat: ApiGateway) -> None:
    assert staff("view_run").get(PANEL.format(chat.pk)).status_code == 403


def test_a_session_that_has_ended_moves_the_page(client: Client, chat: ApiGateway) -> None:
    response = client.get(PANEL.format(chat.pk), headers={"HX-Request": "true"})

    assert (response.status_code, response.headers["HX-Redirect"][:14]) == (204, "/admin/login/?")


def test_a_gateway_that_is_gone_is_not_found(operator: Client) -> None:
    assert operator.get(PANEL.format(7)).status_code == 404
