"""History and rollback: what the real boto3 finds in the emulator, with what we kept ourselves."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from apigw_ws.exceptions import AwsError, NotProvisioned, PlanChanged, SecretOutdated
from apigw_ws.models import ApiGateway, AuditEvent, DeployedSnapshot, Run
from apigw_ws.services import deployments, provisioning, secrets, teardown
from apigw_ws.tasks import rollback_gateway
from tests.app.factories import new_user
from tests.emulator.serving import Served
from tests.test_provisioning import BASE, Killed, describe, killed_at, live, new_gateway

pytestmark = pytest.mark.django_db


@pytest.fixture
def gateway(aws: Served) -> ApiGateway:
    gateway = new_gateway()
    provisioning.apply(gateway)
    return gateway


@pytest.fixture
def first(gateway: ApiGateway) -> str:
    """The gateway's first deployment, after a second one that has replaced it."""
    first = gateway.deployment_id
    gateway.additional_routes.update(integration_url=f"{BASE}elsewhere")
    gateway.additional_routes.create(name="leave", route_key="leave", integration_url=f"{BASE}leave")
    provisioning.apply(gateway, by=new_user("grace"))
    return first


def deploy_elsewhere(aws: Served, gateway: ApiGateway) -> str:
    deployment: str = aws.client("apigatewayv2").create_deployment(
        ApiId=gateway.api_id, StageName=gateway.stage_name, Description="By hand"
    )["DeploymentId"]
    return deployment


def command(gateway: ApiGateway, *arguments: str, name: str = "ws_rollback") -> list[str]:
    out = StringIO()
    call_command(name, f"--pk={gateway.pk}", *arguments, stdout=out, no_color=True)
    return out.getvalue().splitlines()


def said(changes: tuple[deployments.RouteChange, ...] | None) -> list[str]:
    assert changes is not None
    return [change.describe() for change in changes]


def test_deployments_are_listed_with_who_made_them_and_what_going_back_changes(
    gateway: ApiGateway, first: str
) -> None:
    newest, oldest = deployments.listing(gateway)

    assert (newest.id, newest.live, newest.ours, newest.who) == (gateway.deployment_id, True, True, "grace")
    assert newest.changes == ()
    assert (oldest.id, oldest.live, oldest.ours, oldest.who) == (first, False, True, "")
    assert oldest.created_on <= newest.created_on
    assert oldest.description.startswith("apigw-ws digest ")
    assert said(oldest.changes) == [
        f"The route “join” changes: url {BASE}join.",
        "The route “leave” goes.",
    ]


def test_what_somebody_else_deployed_is_listed_as_unknown(aws: Served, gateway: ApiGateway) -> None:
    theirs = deploy_elsewhere(aws, gateway)

    rows = {row.id: row for row in deployments.listing(gateway)}

    assert (rows[theirs].ours, rows[theirs].live, rows[theirs].who) == (False, True, "")
    assert {row.changes for row in rows.values()} == {None}


def test_before_it_is_made_a_gateway_has_no_deployments(aws: Served) -> None:
    gateway = new_gateway()

    assert deployments.listing(gateway) == []
    assert deployments.rolled_back(gateway) is None
    assert deployments.pending(gateway) is None
    with pytest.raises(NotProvisioned, match="Apply its plan first"):
        deployments.preview(gateway, "abc123")


def test_going_back_makes_the_earlier_routes_live(aws: Served, gateway: ApiGateway, first: str) -> None:
    newest = gateway.deployment_id

    run = deployments.rollback(gateway, first, by=new_user(), ip="192.0.2.7")

    gateway.refresh_from_db()
    event = AuditEvent.objects.latest("pk")
    assert (run.kind, run.deployment_id) == (Run.Kind.ROLLBACK, first)
    assert (run.state, run.planned, run.steps.get().operation) == (Run.State.DONE, 1, "PointStage")
    assert {key: item["IntegrationUri"] for key, item in live(aws, gateway).items()} == {
        "$connect": f"{BASE}connect",
        "$default": f"{BASE}default",
        "$disconnect": f"{BASE}disconnect",
        "join": f"{BASE}join",
    }
    assert gateway.deployment_id == first
    assert not gateway.additional_routes.filter(deployed=True).exists()
    assert (event.verb, event.who, event.ip_address, event.run) == ("rollback", "ada", "192.0.2.7", run)
    assert (event.before, event.after) == ({"deployment_id": newest}, {"deployment_id": first})


def test_the_record_says_that_it_is_rolled_back_and_what_the_next_plan_would_redo(
    gateway: ApiGateway, first: str
) -> None:
    newest = gateway.deployment_id
    assert deployments.rolled_back(gateway) is None
    deployments.rollback(gateway, first)

    back = deployments.rolled_back(gateway)

    assert back is not None
    assert str(back) == newest
    assert said(deployments.pending(gateway)) == [
        f"The route “join” changes: url {BASE}elsewhere.",
        "The route “leave” comes.",
    ]
    assert describe(provisioning.preview(gateway).operations) == [
        "Deploy to the stage “production”, which makes the routes live."
    ]

    provisioning.apply(gateway)
    assert deployments.rolled_back(gateway) is None
    assert deployments.pending(gateway) == ()


def test_a_record_that_was_changed_back_is_not_rolled_back(gateway: ApiGateway, first: str) -> None:
    deployments.rollback(gateway, first)
    gateway.additional_routes.filter(route_key="leave").delete()
    gateway.additional_routes.update(integration_url=f"{BASE}join")

    assert deployments.rolled_back(gateway) is None
    assert deployments.pending(gateway) == ()


def test_to_go_where_it_is_already_is_nothing_to_do(gateway: ApiGateway) -> None:
    run = deployments.rollback(gateway, gateway.deployment_id)

    assert (run.state, run.planned) == (Run.State.DONE, 0)


def test_a_stage_that_follows_by_itself_stops_doing_so(aws: Served, gateway: ApiGateway, first: str) -> None:
    client = aws.client("apigatewayv2")
    client.update_stage(ApiId=gateway.api_id, StageName="production", AutoDeploy=True)

    deployments.rollback(gateway, first)

    stage = client.get_stage(ApiId=gateway.api_id, StageName="production")
    assert (stage["DeploymentId"], stage["AutoDeploy"]) == (first, False)


def test_a_deployment_that_does_not_exist_is_awss_404(gateway: ApiGateway) -> None:
    with pytest.raises(AwsError) as caught:
        deployments.rollback(gateway, "nosuch")

    assert caught.value.status == 404
    assert Run.objects.filter(state=Run.State.FAILED).count() == 1


def test_a_deployment_that_failed_cannot_be_served(aws: Served, gateway: ApiGateway) -> None:
    assert aws.emulator is not None
    tables = aws.emulator.control.world.tables
    record = tables.get("Deployment", gateway.api_id, gateway.deployment_id)
    assert record is not None
    tables.put(
        "Deployment", (gateway.api_id, gateway.deployment_id), {**record, "DeploymentStatus": "FAILED"}
    )

    with pytest.raises(NotProvisioned, match="is FAILED and cannot be served"):
        deployments.preview(gateway, gateway.deployment_id)


def test_a_list_that_is_no_longer_true_is_not_carried_out(
    aws: Served, gateway: ApiGateway, first: str
) -> None:
    seen = deployments.preview(gateway, first).digest
    theirs = deploy_elsewhere(aws, gateway)

    with pytest.raises(PlanChanged):
        deployments.rollback(gateway, first, seen=seen)

    stage = aws.client("apigatewayv2").get_stage(ApiId=gateway.api_id, StageName="production")
    assert stage["DeploymentId"] == theirs


def test_what_was_shown_is_the_same_on_any_clock(gateway: ApiGateway, first: str) -> None:
    with timezone.override("Asia/Kathmandu"):
        plan = deployments.preview(gateway, first)
        shown = describe(plan.operations)

    deployments.rollback(gateway, first, seen=plan.digest)

    assert gateway.deployment_id == first
    assert shown != describe(plan.operations)


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_rollback_that_was_cut_off_is_finished_by_the_next(
    aws: Served, gateway: ApiGateway, first: str, moment: Any
) -> None:
    with killed_at(gateway, 999, moment) as calls:
        deployments.preview(gateway, first)

    with pytest.raises(Killed), killed_at(gateway, len(calls) + 1, moment):
        deployments.rollback(gateway, first)
    deployments.rollback(gateway, first)

    assert "leave" not in live(aws, gateway)
    assert ApiGateway.objects.get().deployment_id == first


def test_a_deployment_whose_run_died_is_known_by_its_digest(gateway: ApiGateway, first: str) -> None:
    DeployedSnapshot.objects.filter(deployment_id=gateway.deployment_id).delete()

    newest, oldest = deployments.listing(gateway)

    assert (newest.changes, newest.who) == ((), "")
    assert len(said(oldest.changes)) == 2


def test_what_is_kept_holds_no_secret_but_shows_that_it_changed(gateway: ApiGateway) -> None:
    first, secret = gateway.deployment_id, secrets.derive(gateway)
    gateway.secret_version = 2
    gateway.save()
    provisioning.apply(gateway)

    (row,) = (row for row in deployments.listing(gateway) if row.id == first)

    assert said(row.changes)[0] == "The route “$connect” changes: headers, secret."
    assert secret not in str(list(DeployedSnapshot.objects.values()))


def test_nobody_goes_back_to_a_secret_that_django_refuses(gateway: ApiGateway) -> None:
    first = gateway.deployment_id
    gateway.secret_version = 2
    gateway.save()
    provisioning.apply(gateway)

    with pytest.raises(SecretOutdated, match="Django would refuse every event"):
        deployments.rollback(gateway, first)

    gateway.secret_version = 0  # nothing is checked any more
    assert len(deployments.preview(gateway, first).operations) == 1


def test_a_gateway_whose_stage_went_has_deployments_and_none_live(aws: Served, gateway: ApiGateway) -> None:
    aws.client("apigatewayv2").delete_stage(ApiId=gateway.api_id, StageName="production")

    (row,) = deployments.listing(gateway)

    assert (row.live, row.changes) == (False, None)


def test_a_gateway_that_is_torn_down_has_no_history(gateway: ApiGateway, first: str) -> None:
    teardown.run(gateway, confirmed_name="chat")

    assert not DeployedSnapshot.objects.exists()


def test_the_task_goes_back_for_the_user_who_asked(gateway: ApiGateway, first: str) -> None:
    seen = deployments.preview(gateway, first).digest

    made = rollback_gateway.call(gateway.pk, first, new_user().pk, seen, "192.0.2.7")

    event = AuditEvent.objects.latest("pk")
    assert (event.run, event.who, event.ip_address) == (Run.objects.get(pk=made), "ada", "192.0.2.7")


def test_the_command_lists_and_goes_back(aws: Served, gateway: ApiGateway, first: str) -> None:
    latest, oldest = command(gateway)
    assert latest.startswith(gateway.deployment_id) and "  grace  live  apigw-ws digest " in latest
    assert oldest.startswith(first) and "  -  differing routes: 2  apigw-ws digest " in oldest

    lines = command(gateway, f"--to={first}")

    assert lines[0] == "chat: 1 operations"
    assert lines[1].startswith(f"    1. Point the stage “production” at the deployment {first} of 20")
    assert lines[2:4] == [f"  The route “join” changes: url {BASE}join.", "  The route “leave” goes."]
    assert lines[4].startswith("  done 1: Point the stage")
    redone = [f"  The route “join” changes: url {BASE}elsewhere.", "  The route “leave” comes."]
    assert lines[5:] == [f"The stage “production” serves {first}.", "The next ws_apply undoes this:", *redone]
    newest = gateway.deployed_snapshots.first()
    assert command(gateway, name="ws_plan")[-3:] == [
        f"It was rolled back from the deployment {newest}. Applying would redo:",
        *redone,
    ]


def test_the_command_says_where_it_cannot_know(aws: Served, gateway: ApiGateway) -> None:
    theirs = deploy_elsewhere(aws, gateway)
    provisioning.apply(gateway)

    assert "unknown: deployed elsewhere  By hand" in command(gateway)[1]
    assert "  What changes in the routes is unknown: deployed elsewhere." in command(
        gateway, f"--to={theirs}"
    )
