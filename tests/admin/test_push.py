"""What a save in the console does to AWS: one run and one deployment, an offer, or nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django_tasks_db.models import DBTaskResult

from apigw_ws.models import ApiGateway, AuditEvent, Run, Step
from apigw_ws.services import provisioning, runs
from apigw_ws.tasks import apply_gateway
from tests.admin.rows import gateway
from tests.emulator.serving import Served

pytestmark = pytest.mark.django_db(transaction=True)

PAGE = "/admin/apigw_ws/apigateway/{}/change/"
LIST = "/admin/apigw_ws/apigateway/"
Save = Callable[..., str]


@pytest.fixture
def chat(aws: Served) -> ApiGateway:
    """A gateway that is not in AWS yet, with two routes."""
    made = gateway(api_created=False, api_id="", api_endpoint="", push_mode="auto")
    for key in ("first", "second"):
        made.additional_routes.create(name=key, route_key=key, integration_url=f"https://example.com/{key}")
    return made


@pytest.fixture
def save() -> Save:
    """Post the gateway's page as it is, with some fields changed; the text of the page that follows."""

    def saved(browser: Client, made: ApiGateway, **changed: str) -> str:
        form = browser.get(PAGE.format(made.pk)).context["adminform"].form
        fields = {name: form[name].value() for name in form.fields}
        fields = {name: value for name, value in fields.items() if value not in {None, False}}
        fields |= {f"initial-{name}": fields[name] for name in ("stage_variables", "tags")}
        routes = list(made.additional_routes.all())
        fields |= {
            "additional_routes-TOTAL_FORMS": str(len(routes)),
            "additional_routes-INITIAL_FORMS": str(len(routes)),
        }
        for number, route in enumerate(routes):
            prefix = f"additional_routes-{number}"
            fields |= {f"{prefix}-id": str(route.pk), f"{prefix}-two_way": "on", f"{prefix}-enabled": "on"}
            fields |= {f"{prefix}-{name}": getattr(route, name) for name in ("name", "route_key")}
            fields |= {f"{prefix}-integration_url": route.integration_url}
        response = browser.post(PAGE.format(made.pk), fields | changed)
        assert response.status_code == 302, response.context["errors"]
        return browser.get(LIST).text

    return saved


def enqueued() -> list[list[Any]]:
    return [result.args_kwargs["args"] for result in DBTaskResult.objects.all()]


def test_a_save_that_adds_changes_and_removes_routes_is_one_run_and_one_deployment(
    operator: Client, chat: ApiGateway, save: Save
) -> None:
    provisioning.apply(chat)
    Run.objects.all().delete()

    text = save(
        operator,
        chat,
        **{
            "additional_routes-TOTAL_FORMS": "3",
            "additional_routes-0-integration_url": "https://example.com/moved",
            "additional_routes-1-DELETE": "on",
            "leaving": "second",
            "additional_routes-2-name": "third",
            "additional_routes-2-route_key": "third",
            "additional_routes-2-integration_url": "https://example.com/third",
            "additional_routes-2-two_way": "on",
            "additional_routes-2-enabled": "on",
        },
    )

    assert f"“{chat}” is being applied to AWS." in text
    assert f"/admin/apigw_ws/run/?gateway__id__exact={chat.pk}" in text
    (arguments,) = enqueued()
    apply_gateway.call(*arguments)
    assert Run.objects.get().state == Run.State.DONE
    operations = list(Step.objects.values_list("operation", flat=True))
    assert operations.count("Deploy") == 1
    assert {"CreateRoute", "UpdateRoute", "RemoveRoute"} <= set(operations)
    assert sorted(chat.additional_routes.values_list("route_key", "deployed")) == [
        ("first", True),
        ("third", True),
    ]
    assert provisioning.preview(chat).operations == ()


def test_what_was_applied_after_a_save_is_on_record(operator: Client, chat: ApiGateway, save: Save) -> None:
    save(operator, chat, api_description="New")

    apply_gateway.call(*enqueued()[0])

    saved, event = AuditEvent.objects.order_by("pk")
    assert (saved.verb, saved.after["api_description"]) == ("change", "New")
    assert (event.verb, event.who, event.ip_address) == ("apply", "operator", "127.0.0.1")
    assert event.run == Run.objects.get()
    assert event.after == {"operations": 8, "deployment_id": ApiGateway.objects.get().deployment_id}


def test_a_save_that_changes_nothing_applies_nothing(operator: Client, chat: ApiGateway, save: Save) -> None:
    assert "is being applied" not in save(operator, chat)
    assert enqueued() == []


def test_a_plan_is_offered_with_the_number_of_its_operations(
    operator: Client, chat: ApiGateway, save: Save
) -> None:
    text = save(operator, chat, push_mode="plan")

    assert f"“{chat}” is saved here; 8 operations are not applied yet." in text
    assert f'hx-get="/admin/apigw_ws/apigateway/{chat.pk}/apply/"' in text
    assert enqueued() == []


def test_a_change_that_aws_need_not_know_is_not_offered(
    operator: Client, chat: ApiGateway, save: Save
) -> None:
    provisioning.apply(chat)

    assert "not applied" not in save(operator, chat, push_mode="plan", default_channel_name="lobby")


def test_a_save_while_aws_is_gone_says_so_and_still_offers_the_plan(
    operator: Client, aws: Served, save: Save
) -> None:
    made = gateway(endpoint_url="http://127.0.0.1:1", region="us-east-1", push_mode="plan")

    text = save(operator, made, api_description="New")

    assert "what AWS has could not be compared" in text
    assert "No answer from AWS" in text
    assert ApiGateway.objects.get().api_description == "New"


def test_by_hand_means_that_a_save_says_nothing(operator: Client, chat: ApiGateway, save: Save) -> None:
    text = save(operator, chat, push_mode="manual", api_description="New")

    assert "being applied" not in text
    assert "not applied" not in text
    assert enqueued() == []


def test_staff_who_may_change_but_not_apply_do_not_apply_by_saving(
    staff: Callable[..., Client], chat: ApiGateway, save: Save
) -> None:
    routes = ("view_apigatewayadditionalroute", "change_apigatewayadditionalroute")
    browser = staff("view_apigateway", "change_apigateway", *routes)

    assert "somebody who may apply it" in save(browser, chat, api_description="New")
    assert enqueued() == []


def test_a_run_at_work_is_named_instead_of_starting_another(
    operator: Client, chat: ApiGateway, save: Save
) -> None:
    with runs.running(chat, User.objects.get()):
        text = save(operator, chat, api_description="New")

    assert "Not applied: operator has been applying to the gateway" in text
    assert enqueued() == []


def test_a_queue_that_does_not_answer_is_a_sentence(
    operator: Client, chat: ApiGateway, save: Save, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise ConnectionError("no broker")

    monkeypatch.setattr(type(apply_gateway.get_backend()), "enqueue", refuse)

    assert "the worker&#x27;s queue does not answer" in save(operator, chat, api_description="New")


def test_a_save_in_code_never_calls_aws(chat: ApiGateway) -> None:
    chat.api_description = "New"
    chat.save()

    assert enqueued() == []
    assert not Run.objects.exists()
