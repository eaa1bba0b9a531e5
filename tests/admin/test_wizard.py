"""The wizard: from nothing to a gateway in AWS, a step at a time."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django_tasks_db.models import DBTaskResult

from apigw_ws.models import ApiGateway, Run
from apigw_ws.tasks import apply_gateway
from tests.emulator.serving import Served

pytestmark = pytest.mark.django_db

WIZARD = "/admin/apigw_ws/apigateway/wizard/"
ROUTES = {"routes-TOTAL_FORMS": "1", "routes-INITIAL_FORMS": "0", "routes-0-two_way": "on"}
ANSWERS = {
    "account": {"region": "us-east-1"},
    "basics": {"api_name": "chat", "stage_name": "production"},
    "endpoint": {"target_base_endpoint": "https://www.example.com/ws"},
    "routes": ROUTES
    | {"routes-0-route_key": "time", "routes-0-integration_url": "https://www.example.com/clock"},
    "domain": {},
}


@pytest.fixture
def draft(operator: Client) -> str:
    """The URL of a new draft, without the step."""
    response = operator.get(WIZARD)
    assert response.headers["Location"].endswith("/account/")
    return response.headers["Location"].removesuffix("account/")


def answer(client: Client, draft: str, *steps: str, **changes: dict[str, str]) -> str:
    """Post the steps, all but the last if none is named; the page that follows."""
    location = ""
    for step in steps or ANSWERS:
        response = client.post(f"{draft}{step}/", changes.get(step, ANSWERS[step]))
        assert response.status_code == 302
        location = response.headers["Location"]
    return location


def create(client: Client, draft: str) -> str:
    """Press “Create gateway”; where it leads."""
    text = client.get(f"{draft}review/").text
    seen = text.split('name="seen" value="')[1].split('"')[0]
    response = client.post(f"{draft}review/", {"seen": seen})
    assert response.status_code == 302
    return response.headers["Location"]


def work() -> None:
    for result in DBTaskResult.objects.all():
        apply_gateway.call(*result.args_kwargs["args"])


def test_from_the_first_step_to_a_gateway_in_aws(
    operator: Client, draft: str, aws: Served, django_capture_on_commit_callbacks: Callable[..., object]
) -> None:
    assert answer(operator, draft) == f"{draft}review/"
    text = operator.get(f"{draft}review/").text
    assert "Create the WebSocket API “chat”." in text
    assert "Create the route “time”" in text
    with django_capture_on_commit_callbacks(execute=True):
        progress = create(operator, draft)
    assert "Waiting for the worker" in operator.get(progress).text

    work()

    gateway = ApiGateway.objects.get()
    assert str(gateway.uid) in draft
    assert Run.objects.get().state == Run.State.DONE
    text = operator.get(progress).text
    assert "The gateway is live." in text
    assert gateway.client_url in text
