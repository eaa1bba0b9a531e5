from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from apigw_ws.exceptions import AwsUnreachable, RunInProgress
from apigw_ws.models import ApiGateway, Run
from apigw_ws.services import runs

pytestmark = pytest.mark.django_db


@pytest.fixture
def gateway() -> ApiGateway:
    return ApiGateway.objects.create(api_name="chat")


def test_the_database_lets_one_run_of_a_gateway_be_active(gateway: ApiGateway) -> None:
    Run.objects.create(gateway=gateway)
    Run.objects.create(gateway=ApiGateway.objects.create(api_name="other"))

    with pytest.raises(IntegrityError), transaction.atomic():
        Run.objects.create(gateway=gateway)


def test_a_run_that_ends_while_another_asks_is_said_to_have_ended(
    gateway: ApiGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    active = Run.objects.create(gateway=gateway)
    select_related = Run.objects.select_related

    def ended(*names: str) -> object:
        runs.interrupt(gateway)
        return select_related(*names)

    monkeypatch.setattr(Run.objects, "select_related", ended)

    with pytest.raises(RunInProgress, match="has just ended"), runs.running(gateway, None):
        pass

    active.refresh_from_db()
    assert active.finished_on is not None


def test_a_run_that_lives_is_not_taken_over(gateway: ApiGateway) -> None:
    active = Run.objects.create(gateway=gateway)
    Run.objects.update(heartbeat_on=timezone.now() - timedelta(minutes=5))
    runs.beat(active)

    with pytest.raises(RunInProgress), runs.running(gateway, None):
        pass


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (Run.Kind.APPLY, "A command or task has been applying to the gateway “chat”"),
        (Run.Kind.ROLLBACK, "A command or task has been rolling the gateway “chat” back"),
        (Run.Kind.TEARDOWN, "A command or task has been tearing the gateway “chat” down"),
    ],
)
def test_who_has_to_wait_is_told_what_for(gateway: ApiGateway, kind: Run.Kind, said: str) -> None:
    with (
        runs.running(gateway, None, kind),
        pytest.raises(RunInProgress, match=said),
        runs.running(gateway, None),
    ):
        pass


def test_a_run_that_was_taken_over_does_not_end_the_other(gateway: ApiGateway) -> None:
    with runs.running(gateway, None) as first:
        runs.interrupt(gateway)
        with runs.running(gateway, None) as second:
            pass

    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, second.state) == (Run.State.INTERRUPTED, Run.State.DONE)


@pytest.mark.parametrize(
    ("error", "state", "code"),
    [
        (AwsUnreachable("No answer", code="ConnectTimeoutError"), Run.State.FAILED, "ConnectTimeoutError"),
        (ZeroDivisionError("oh"), Run.State.FAILED, "ZeroDivisionError"),
        (KeyboardInterrupt(), Run.State.INTERRUPTED, ""),
    ],
)
def test_how_a_run_ends_is_recorded(
    gateway: ApiGateway, error: BaseException, state: Run.State, code: str
) -> None:
    with pytest.raises(type(error)), runs.running(gateway, None):
        raise error

    run = gateway.runs.get()
    assert (run.state, run.error_code, run.error_text) == (state, code, str(error))
    assert run.finished_on is not None
