from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django import VERSION
from django.contrib.auth import get_user_model
from django.utils import timezone

from apigw_ws.models import ApiGateway, Run, WebSocketSession
from apigw_ws_admin.demo import console
from apigw_ws_admin.demo.state import DemoError
from tests.emulator.serving import Served

pytestmark = pytest.mark.django_db(transaction=True)

SITE = "http://127.0.0.1:8000"


@pytest.fixture
def at_once(settings: Any) -> None:
    """A worker that is done as soon as it is asked."""
    tasks = "django.tasks" if VERSION >= (6, 0) else "django_tasks"
    settings.TASKS = {"default": {"BACKEND": f"{tasks}.backends.immediate.ImmediateBackend"}}


def fine() -> None:
    """All children are running."""


def test_the_gateway_is_made_once_and_moved_when_its_ports_move(aws: Served, at_once: None) -> None:
    first = console.provision(aws.url, SITE, fine)
    second = console.provision(aws.url, "http://127.0.0.1:8001", fine)

    gateway = ApiGateway.objects.get()
    assert first == second == f"{gateway.api_endpoint}/production"
    assert gateway.target_base_endpoint == "http://127.0.0.1:8001/ws/"
    assert gateway.additional_routes.get().integration_url == "http://127.0.0.1:8001/clock/message"


def test_what_an_operator_changed_stays(aws: Served, at_once: None) -> None:
    console.provision(aws.url, SITE, fine)
    ApiGateway.objects.update(default_channel_name="attic")

    console.provision(aws.url, SITE, fine)

    assert ApiGateway.objects.get().default_channel_name == "attic"


def test_a_gateway_that_cannot_be_made_is_told(
    settings: Any, at_once: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("random.uniform", lambda low, high: 0.0)  # no pauses between attempts
    settings.AWS_ACCESS_KEY_ID = settings.AWS_SECRET_ACCESS_KEY = "x"

    with pytest.raises(DemoError, match="The gateway could not be made: No answer from AWS"):
        console.provision("http://127.0.0.1:1", SITE, fine)


def test_a_worker_that_does_nothing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console, "PATIENCE", 0.0)

    with pytest.raises(DemoError, match="The worker has not made the gateway in 0 seconds"):
        console.provision("http://127.0.0.1:1", SITE, fine)


def test_a_child_that_dies_meanwhile_is_told() -> None:
    def dead() -> None:
        raise DemoError("The worker ended unexpectedly.")

    with pytest.raises(DemoError, match="The worker ended unexpectedly"):
        console.provision("http://127.0.0.1:1", SITE, dead)


def test_the_operator_gets_a_password_once() -> None:
    password = console.prepare()

    assert password
    assert get_user_model().objects.get(username="operator").check_password(password)
    assert console.prepare() is None


def test_what_an_earlier_start_left_open_is_ended() -> None:
    gateway = ApiGateway.objects.create(api_name="demo")
    session = WebSocketSession.objects.create(connection_id="a=", api_gateway=gateway)
    run = Run.objects.create(gateway=gateway)

    console.prepare()

    for row in (session, run):
        row.refresh_from_db()
    assert (session.connected, session.close_reason) == (False, "The demo was stopped")
    assert run.state == Run.State.INTERRUPTED


def test_sessions_that_ended_long_ago_are_forgotten() -> None:
    now = timezone.now()
    session: Callable[..., Any] = WebSocketSession.objects.create
    session(connection_id="old=", connected=False, disconnected_on=now - timedelta(days=2))
    session(connection_id="new=", connected=False, disconnected_on=now - timedelta(hours=2))
    session(connection_id="open=")

    console.tidy()

    assert set(WebSocketSession.objects.values_list("connection_id", flat=True)) == {"new=", "open="}
