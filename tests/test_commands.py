from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from apigw_ws.models import ApiGateway, Run
from apigw_ws.tasks import apply_gateway
from tests.emulator.serving import Served

pytestmark = pytest.mark.django_db


@pytest.fixture
def gateway(aws: Served) -> ApiGateway:
    return ApiGateway.objects.create(
        api_name="chat", target_base_endpoint="https://www.example.com/ws/", stage_name="live"
    )


def run(command: str, gateway: ApiGateway, *arguments: str) -> str:
    out = StringIO()
    call_command(command, f"--pk={gateway.pk}", *arguments, stdout=out, no_color=True)
    return out.getvalue()


def test_the_plan_is_printed_before_it_is_done_and_each_step_with_its_request_id(gateway: ApiGateway) -> None:
    lines = run("createApiGateway", gateway).splitlines()

    assert lines[0] == "chat: 6 operations"
    assert lines[1] == "    1. Create the WebSocket API “chat”."
    assert lines[7].startswith("  done 1: Create the WebSocket API “chat”. [")
    gateway.refresh_from_db()
    assert lines[-1] == f"Clients connect to {gateway.client_url}"
    assert gateway.client_url.endswith(f"/{gateway.api_id}/live")


def test_a_second_time_there_is_nothing_to_do(gateway: ApiGateway) -> None:
    run("createApiGateway", gateway)

    assert "nothing to do" in run("createApiGateway", gateway)
    assert run("ws_plan", gateway, "--exit-code") == "chat: AWS holds what the record says; nothing to do.\n"


def test_a_plan_is_printed_and_not_applied(gateway: ApiGateway) -> None:
    assert run("ws_plan", gateway).startswith("chat: 6 operations\n")
    assert not Run.objects.exists()


def test_the_exit_code_says_that_there_is_something_to_do(gateway: ApiGateway) -> None:
    with pytest.raises(SystemExit) as caught:
        run("ws_plan", gateway, "--exit-code")

    assert caught.value.code == 2


def test_destructive_operations_are_marked(gateway: ApiGateway) -> None:
    run("createApiGateway", gateway)
    gateway.refresh_from_db()
    gateway.stage_name = "test"
    gateway.save()

    assert "Remove the stage “live”; its connections are closed. (destructive)" in run("ws_plan", gateway)


def test_an_unknown_gateway_is_answered_with_the_known_ones(gateway: ApiGateway) -> None:
    with pytest.raises(CommandError, match=rf"no gateway 999\. There are: {gateway.pk} \(chat\)\."):
        call_command("createApiGateway", "--pk=999")

    ApiGateway.objects.all().delete()
    with pytest.raises(CommandError, match="There are: none yet"):
        call_command("createApiGateway", "--pk=999")


def test_an_error_of_aws_is_a_sentence_with_its_code_and_request_id(gateway: ApiGateway, aws: Served) -> None:
    aws.fault("apigateway:CreateStage", "error", status=500)

    with pytest.raises(CommandError, match=r"AWS refused CreateStage: .* \(.+, request ID [0-9a-f-]{36}\)"):
        run("createApiGateway", gateway)


def test_an_error_of_ours_is_a_sentence(gateway: ApiGateway) -> None:
    gateway.target_base_endpoint = ""
    gateway.save()

    with pytest.raises(CommandError, match="has no target base URL"):
        run("createApiGateway", gateway)


def test_the_task_applies_for_the_user_who_asked(gateway: ApiGateway, django_user_model: Any) -> None:
    user = django_user_model.objects.create(username="Grace")

    made = apply_gateway.call(gateway.pk, user.pk)

    assert Run.objects.get(pk=made).started_by == user
    assert Run.objects.get(pk=made).state == Run.State.DONE


def test_the_task_needs_no_user(gateway: ApiGateway) -> None:
    assert Run.objects.get(pk=apply_gateway.call(gateway.pk)).started_by is None


@pytest.mark.django_db(transaction=True)  # the worker closes its connections
def test_the_task_is_run_by_the_projects_worker(gateway: ApiGateway) -> None:
    result = apply_gateway.enqueue(gateway.pk)

    call_command("db_worker", "--batch", "--no-startup-delay", verbosity=0)

    result.refresh()
    assert Run.objects.get(pk=result.return_value).state == Run.State.DONE
