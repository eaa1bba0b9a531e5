"""Rotating a secret: each step when it is its turn, and no event refused on the way."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from apigw_ws.emulator.faults import Fault
from apigw_ws.exceptions import AwsError, RotationRefused, RunInProgress, SecretOutdated
from apigw_ws.models import ApiGateway, AuditEvent, Run, Step, WebSocketSession
from apigw_ws.services import deployments, gateways, provisioning, rotation, runs, secrets, teardown
from apigw_ws.testing import WebSocketTestClient
from tests.app.factories import new_gateway as known_gateway
from tests.app.factories import new_user, session_of
from tests.emulator.serving import Served
from tests.test_provisioning import headers_of, live, new_gateway

pytestmark = pytest.mark.django_db


@pytest.fixture
def gateway(aws: Served) -> ApiGateway:
    made = new_gateway()
    provisioning.apply(made)
    return made


def later(gateway: ApiGateway) -> None:
    """The minute of grace is over."""
    gateway.secret_rotated_on = timezone.now() - timedelta(minutes=2)
    gateway.save(update_fields=["secret_rotated_on"])


def heard(gateway: ApiGateway, version: int, **fields: Any) -> WebSocketSession:
    number = WebSocketSession.objects.count()
    return WebSocketSession.objects.create(
        connection_id=f"c{number}", api_gateway=gateway, secret_version=version, **fields
    )


def secrets_sent(aws: Served, gateway: ApiGateway) -> set[str]:
    return {headers_of(item)["X-Apigw-Secret"].strip("'") for item in live(aws, gateway).values()}


def versions(gateway: ApiGateway) -> tuple[int, int | None, int | None]:
    gateway.refresh_from_db()
    return gateway.secret_version, gateway.retiring_secret_version, gateway.live_secret_version


def test_a_rotation_goes_from_version_to_version(aws: Served, gateway: ApiGateway) -> None:
    old = secrets.derive(gateway)

    rotation.start(gateway, by=new_user(), ip="192.0.2.7")
    assert versions(gateway) == (2, 1, 1)
    assert secrets_sent(aws, gateway) == {old}

    provisioning.apply(gateway)
    assert versions(gateway) == (2, 1, 2)
    assert secrets_sent(aws, gateway) == {secrets.derive(gateway)} != {old}
    assert secrets.version_of(gateway, old) == 1

    later(gateway)
    changed_on = gateway.updated_on
    rotation.retire(gateway)
    assert versions(gateway) == (2, None, 2)
    assert gateway.updated_on == changed_on
    assert secrets.version_of(gateway, old) is None
    assert secrets.version_of(gateway, secrets.derive(gateway)) == 2
    began, ended = AuditEvent.objects.exclude(verb="apply").order_by("pk")
    assert (began.verb, began.who, began.ip_address) == ("rotate_secret", "ada", "192.0.2.7")
    assert (began.before, began.after) == (
        {"secret_version": 1, "retiring": None},
        {"secret_version": 2, "retiring": 1},
    )
    assert ended.verb == "retire_secret"
    assert ended.after == {"secret_version": 2, "retiring": None, "refuses": 0, "forced": False}


def test_a_process_that_has_just_read_the_gateway_refuses_no_event_of_the_next_version() -> None:
    gateway = known_gateway(deployment_id="d1", live_secret_version=1)
    socket = WebSocketTestClient(gateway)
    socket.connect()
    assert gateways.by_api_id(gateway.api_id) is not None

    # As another process does it, of which this one hears nothing.
    ApiGateway.objects.update(secret_version=2, retiring_secret_version=1)
    gateway.secret_version = 2

    assert socket.send({}).status_code == 200
    assert session_of(socket).secret_version == 2


def test_what_an_event_proves_itself_with_is_noted_on_its_session() -> None:
    gateway = known_gateway(secret_version=3, retiring_secret_version=2)
    socket = WebSocketTestClient(gateway)

    socket.connect()
    assert session_of(socket).secret_version == 3
    gateway.secret_version = 2
    socket.send({})
    assert session_of(socket).secret_version == 2


def test_traffic_is_counted_for_each_version_with_one_query(
    gateway: ApiGateway, django_assert_num_queries: Callable[[int], Any]
) -> None:
    rotation.start(gateway)
    provisioning.apply(gateway)
    now, before = timezone.now(), timezone.now() - timedelta(hours=1)
    later(gateway)
    heard(gateway, 1, last_seen_on=before)
    heard(gateway, 1, last_seen_on=now)
    heard(gateway, 1, last_seen_on=now, connected=False)
    heard(gateway, 2)
    yesterday = heard(gateway, 1, last_seen_on=now)
    WebSocketSession.objects.filter(pk=yesterday.pk).update(created_on=now - timedelta(days=2))

    with django_assert_num_queries(1):
        new, old = rotation.traffic(gateway)

    assert (new.version, new.sessions, new.late) == (2, 1, 1)
    assert (old.version, old.sessions, old.late, old.late_open, old.last_seen_on) == (1, 2, 2, 1, now)


def test_a_second_rotation_waits_for_the_first(gateway: ApiGateway) -> None:
    rotation.start(gateway)

    with pytest.raises(RotationRefused, match="Version 1 is not retired yet"):
        rotation.start(gateway)

    assert versions(gateway) == (2, 1, 1)
    assert AuditEvent.objects.filter(result="failed").count() == 1


def test_two_people_who_start_at_once_start_one_rotation(gateway: ApiGateway) -> None:
    other = ApiGateway.objects.get()
    rotation.start(gateway)

    with pytest.raises(RotationRefused, match="in the meantime"):
        rotation.start(other)

    assert versions(gateway) == (2, 1, 1)


def test_a_gateway_that_is_not_deployed_has_nothing_to_rotate(aws: Served) -> None:
    with pytest.raises(RotationRefused, match="Nothing is deployed yet"):
        rotation.start(new_gateway())


def test_a_version_that_was_set_by_hand_is_applied_before_the_next(gateway: ApiGateway) -> None:
    gateway.secret_version = 2
    gateway.save()

    with pytest.raises(RotationRefused, match="Version 2 is not live yet"):
        rotation.start(gateway)


def test_before_the_new_version_is_live_nothing_is_retired_not_even_by_force(gateway: ApiGateway) -> None:
    with pytest.raises(RotationRefused, match="No rotation is under way"):
        rotation.retire(gateway)
    rotation.start(gateway)

    for force in (False, True):
        with pytest.raises(RotationRefused, match="Version 2 is not live yet"):
            rotation.retire(gateway, force=force)
    assert versions(gateway) == (2, 1, 1)


def test_the_first_minute_is_grace(gateway: ApiGateway) -> None:
    rotation.start(gateway)
    provisioning.apply(gateway)

    with pytest.raises(RotationRefused, match="Wait until"):
        rotation.retire(gateway)


def test_a_version_that_is_still_used_is_retired_by_force_alone(gateway: ApiGateway) -> None:
    rotation.start(gateway)
    provisioning.apply(gateway)
    heard(gateway, 1, last_seen_on=timezone.now() - timedelta(hours=1))
    later(gateway)
    heard(gateway, 1, last_seen_on=timezone.now())
    status = rotation.status(gateway)
    assert (status.would_refuse, status.can_force) == (1, True)

    with pytest.raises(RotationRefused, match="since version 2 went live: 1, the last at"):
        rotation.retire(gateway)
    rotation.retire(gateway, force=True)

    assert versions(gateway) == (2, None, 2)
    after = AuditEvent.objects.latest("pk").after
    assert after == {"secret_version": 2, "retiring": None, "refuses": 1, "forced": True}


def test_a_rotation_that_is_not_live_is_cancelled(aws: Served, gateway: ApiGateway) -> None:
    with pytest.raises(RotationRefused, match="No rotation is under way"):
        rotation.cancel(gateway)
    rotation.start(gateway)

    rotation.cancel(gateway)

    assert versions(gateway) == (1, None, 1)
    assert provisioning.preview(gateway).operations == ()
    rotation.start(gateway)
    provisioning.apply(gateway)
    with pytest.raises(RotationRefused, match="Version 2 is live already"):
        rotation.cancel(gateway)


def test_a_run_at_work_is_waited_for_before_a_rotation_is_cancelled(gateway: ApiGateway) -> None:
    rotation.start(gateway)

    with runs.running(gateway, None), pytest.raises(RunInProgress):
        rotation.cancel(gateway)


@pytest.mark.parametrize(
    ("operation", "nth"), [*(("UpdateIntegration", nth) for nth in (1, 2, 4)), ("CreateDeployment", 1)]
)
def test_an_apply_that_fails_on_the_way_leaves_both_accepted_and_can_be_taken_back(
    aws: Served, gateway: ApiGateway, operation: str, nth: int
) -> None:
    old = secrets.derive(gateway)
    rotation.start(gateway)
    new = secrets.derive(gateway)
    assert aws.emulator is not None
    aws.emulator.faults.add(Fault(operation=f"apigateway:{operation}", effect="error", status=400, nth=nth))
    with pytest.raises(AwsError):
        provisioning.apply(gateway)

    assert versions(gateway) == (2, 1, 1)
    assert [secrets.version_of(gateway, secret) for secret in (old, new)] == [1, 2]
    rotation.cancel(gateway)
    # Where the stage deploys by itself, what the run had changed is live until the next plan.
    assert secrets.version_of(gateway, new) == 2
    provisioning.apply(gateway)
    assert secrets_sent(aws, gateway) == {old}
    assert provisioning.preview(gateway).operations == ()


def test_turning_the_check_on_refuses_nothing_before_zero_is_retired(aws: Served) -> None:
    gateway = new_gateway(secret_version=0)
    provisioning.apply(gateway)
    socket = WebSocketTestClient(gateway, mapped=False)
    assert socket.connect().status_code == 200

    rotation.start(gateway)
    assert versions(gateway) == (1, 0, 0)
    assert socket.send({"action": "hush"}).status_code == 200
    provisioning.apply(gateway)
    assert secrets_sent(aws, gateway) == {secrets.derive(gateway)}
    assert socket.send({"action": "hush"}).status_code == 200
    assert [row.version for row in rotation.traffic(gateway)] == [0]

    later(gateway)
    WebSocketSession.objects.update(last_seen_on=timezone.now() - timedelta(hours=1))
    rotation.retire(gateway)
    assert socket.send({"action": "hush"}).status_code == 403


def test_going_back_to_the_old_version_is_seen_and_undone_by_the_next_apply(gateway: ApiGateway) -> None:
    first = gateway.deployment_id
    rotation.start(gateway)
    provisioning.apply(gateway)
    later(gateway)

    deployments.rollback(gateway, first)

    assert versions(gateway) == (2, 1, 1)
    with pytest.raises(RotationRefused, match="Version 2 is not live yet"):
        rotation.retire(gateway, force=True)
    provisioning.apply(gateway)
    assert versions(gateway) == (2, 1, 2)
    with pytest.raises(RotationRefused, match="Wait until"):
        rotation.retire(gateway)


def test_going_back_to_a_retired_version_is_refused_beforehand(gateway: ApiGateway) -> None:
    first = gateway.deployment_id
    rotation.start(gateway)
    provisioning.apply(gateway)
    rotation.retire(gateway, force=True)

    with pytest.raises(SecretOutdated, match="no longer accepted"):
        deployments.preview(gateway, first)
    assert versions(gateway) == (2, None, 2)


def test_a_torn_down_gateway_has_no_old_secret(gateway: ApiGateway) -> None:
    rotation.start(gateway)
    teardown.run(gateway, confirmed_name="chat")

    assert versions(gateway) == (2, None, None)


def test_no_step_event_or_plan_holds_a_secret(gateway: ApiGateway) -> None:
    rotation.start(gateway)
    plan = provisioning.preview(gateway)
    provisioning.apply(gateway)
    old = secrets._derive(gateway, 1, "only-for-tests")
    told = [repr(plan), repr(rotation.status(gateway)), *(op.describe() for op in plan.operations)]
    told += [str(row) for row in AuditEvent.objects.values()] + [str(row) for row in Step.objects.values()]
    told += [str(row) for row in Run.objects.values()]

    assert len(plan.operations) == 5
    assert not [text for text in told for secret in (old, secrets.derive(gateway)) if secret in text]


def command(gateway: ApiGateway, *arguments: str) -> list[str]:
    out = StringIO()
    call_command("ws_rotate_secret", f"--pk={gateway.pk}", *arguments, stdout=out, no_color=True)
    return out.getvalue().splitlines()


def test_the_command_rotates_says_where_it_is_and_retires(gateway: ApiGateway) -> None:
    heard(gateway, 1)
    lines = command(gateway)
    assert lines[0] == "chat: accepted 1 and 2, live 1"
    assert lines[1].startswith("  version 1: 1 open sessions, last heard 20")
    assert lines[2] == "Version 2 is not live yet. Apply the gateway to AWS first."
    assert command(gateway, "--cancel")[0] == "chat: accepted 1, live 1"
    command(gateway)
    gateway.refresh_from_db()
    provisioning.apply(gateway)
    with pytest.raises(CommandError, match="Wait until"):
        command(gateway, "--retire")
    assert "Wait until" in command(gateway, "--status")[-1]

    with pytest.raises(CommandError, match="--force goes with --retire"):
        command(gateway, "--force")
    assert command(gateway, "--retire", "--force")[0] == "chat: accepted 2, live 2"
    assert AuditEvent.objects.latest("pk").verb == "retire_secret"


def test_the_command_says_when_the_old_version_can_go(gateway: ApiGateway) -> None:
    rotation.start(gateway)
    provisioning.apply(gateway)
    later(gateway)

    assert command(gateway, "--status")[-1].endswith(f"ws_rotate_secret --pk {gateway.pk} --retire")
    assert command(gateway, "--retire") == ["chat: accepted 2, live 2"]
