"""Tear down, from the list of what goes to what the real boto3 leaves in the emulator."""

from __future__ import annotations

from io import StringIO
from typing import Any
from unittest.mock import patch

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from apigw_ws.exceptions import AwsError, NotConfirmed, OwnershipConflict, PlanChanged, RunInProgress
from apigw_ws.models import ApiGateway, AuditEvent, Run, WebSocketSession
from apigw_ws.services import provisioning, runs, teardown
from apigw_ws.tasks import teardown_gateway
from tests.app.factories import new_user
from tests.emulator.serving import Served
from tests.test_provisioning import Killed, killed_at, new_gateway, tagged_apis
from tests.test_provisioning_domains import domains

pytestmark = pytest.mark.django_db


@pytest.fixture
def gateway(aws: Served) -> ApiGateway:
    gateway = new_gateway()
    provisioning.apply(gateway)
    return gateway


@pytest.fixture
def domain(aws: Served, gateway: ApiGateway) -> str:
    """The gateway's custom domain, with its alias record."""
    certificates = aws.client("acm").list_certificates()["CertificateSummaryList"]
    gateway.domain_name = f"{gateway.api_id}.example.com"
    gateway.certificate_arn = next(
        item["CertificateArn"] for item in certificates if item["DomainName"] == "*.example.com"
    )
    gateway.hosted_zone_id = aws.client("route53").list_hosted_zones()["HostedZones"][0]["Id"]
    gateway.save()
    provisioning.apply(gateway)
    return gateway.domain_name


def records(aws: Served, gateway: ApiGateway) -> set[str]:
    zone = aws.client("route53").list_resource_record_sets(HostedZoneId=gateway.hosted_zone_id)
    return {record["Name"].rstrip(".") for record in zone["ResourceRecordSets"]}


def command(gateway: ApiGateway, *arguments: str) -> str:
    out = StringIO()
    call_command("ws_teardown", f"--pk={gateway.pk}", *arguments, stdout=out, no_color=True)
    return out.getvalue()


def test_the_list_names_all_that_goes_and_what_stays(aws: Served, gateway: ApiGateway) -> None:
    client = aws.client("apigatewayv2")
    integration = client.create_integration(
        ApiId=gateway.api_id,
        IntegrationType="HTTP_PROXY",
        IntegrationMethod="POST",
        IntegrationUri="https://example.com/theirs",
    )
    client.create_route(
        ApiId=gateway.api_id, RouteKey="theirs", Target=f"integrations/{integration['IntegrationId']}"
    )

    plan = teardown.preview(gateway)

    (operation,) = plan.operations
    said = operation.describe()
    assert operation.destructive
    assert said.startswith(f"Remove the API “chat” ({gateway.api_id}). Its routes go too: ")
    assert all(key in said for key in ("$connect", "$default", "$disconnect", "join"))
    assert "So do routes that were not made here: theirs." in said
    assert said.endswith("Its stages go too, and their connections are closed: production.")
    assert plan.staying == (
        f"The log group /aws/apigateway/{gateway.api_id}/production stays, if there is one.",
    )


def test_what_is_ours_goes_and_the_record_stays_ready_to_be_applied_anew(
    aws: Served, gateway: ApiGateway
) -> None:
    WebSocketSession.objects.create(connection_id="open", api_gateway=gateway)

    run = teardown.run(gateway, confirmed_name="chat")

    gateway.refresh_from_db()
    session = WebSocketSession.objects.get()
    assert tagged_apis(aws, gateway) == []
    assert (run.state, run.planned, run.steps.get().operation) == (Run.State.DONE, 1, "RemoveApi")
    assert (gateway.api_id, gateway.deployment_id, gateway.api_created, gateway.client_url) == (
        "",
        "",
        False,
        "",
    )
    assert not gateway.additional_routes.exclude(route_id="", deployed=False).exists()
    assert (session.connected, session.close_reason) == (False, "Gateway torn down")
    assert len(provisioning.preview(gateway).operations) == 7


def test_other_gateways_are_left_alone(aws: Served, gateway: ApiGateway) -> None:
    other = new_gateway("other")
    provisioning.apply(other)

    teardown.run(gateway, confirmed_name="chat")

    assert provisioning.preview(other).operations == ()


def test_the_domain_its_mapping_and_its_record_go_before_the_api(
    aws: Served, gateway: ApiGateway, domain: str
) -> None:
    run = teardown.run(gateway, confirmed_name="chat")

    gateway.refresh_from_db()
    steps = run.steps.values_list("operation", flat=True)
    assert list(steps) == ["RemoveAlias", "UnmapDomain", "RemoveDomain", "RemoveApi"]
    assert domain not in domains(aws) | records(aws, gateway)
    assert (gateway.domain_name, gateway.api_mapping_id, gateway.custom_domain_created) == (domain, "", False)


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("last", [0, 1, 2])
def test_wherever_the_removal_of_a_domain_is_cut_off_the_next_finishes_it(
    aws: Served, gateway: ApiGateway, domain: str, last: int, moment: Any
) -> None:
    with killed_at(gateway, 99, moment) as calls:
        teardown.preview(gateway)

    with pytest.raises(Killed), killed_at(gateway, len(calls) + 1 + last, moment):
        teardown.run(gateway, confirmed_name="chat")
    teardown.run(gateway, confirmed_name="chat")

    assert tagged_apis(aws, gateway) == []
    assert domain not in domains(aws) | records(aws, gateway)
    assert teardown.preview(gateway).operations == ()


def test_a_domain_that_leads_elsewhere_too_stays_with_its_record(
    aws: Served, gateway: ApiGateway, domain: str
) -> None:
    other = new_gateway("other")
    provisioning.apply(other)
    aws.client("apigatewayv2").create_api_mapping(
        ApiId=other.api_id, DomainName=domain, Stage=other.stage_name, ApiMappingKey="other"
    )

    assert f"The custom domain “{domain}” stays" in teardown.preview(gateway).staying[0]
    teardown.run(gateway, confirmed_name="chat")

    (mapping,) = aws.client("apigatewayv2").get_api_mappings(DomainName=domain)["Items"]
    assert mapping["ApiId"] == other.api_id
    assert domain in records(aws, gateway)
    assert tagged_apis(aws, gateway) == []


def test_a_domain_that_was_set_up_elsewhere_only_stops_leading_here(
    aws: Served, gateway: ApiGateway, domain: str
) -> None:
    arn = f"arn:aws:apigateway:{aws.region}::/domainnames/{domain}"
    aws.client("apigatewayv2").untag_resource(ResourceArn=arn, TagKeys=["apigw-ws:uid"])

    run = teardown.run(gateway, confirmed_name="chat")

    assert list(run.steps.values_list("operation", flat=True)) == ["UnmapDomain", "RemoveApi"]
    assert domain in domains(aws)


def test_the_access_log_is_named_among_what_stays(aws: Served, gateway: ApiGateway) -> None:
    gateway.access_log_destination_arn = "arn:aws:logs:us-east-1:123456789012:log-group:chat"
    provisioning.apply(gateway)

    assert teardown.preview(gateway).staying[1] == (
        "The access log arn:aws:logs:us-east-1:123456789012:log-group:chat stays."
    )


def test_an_api_that_is_not_ours_is_not_removed(aws: Served) -> None:
    api = aws.client("apigatewayv2").create_api(
        Name="theirs", ProtocolType="WEBSOCKET", RouteSelectionExpression="$request.body.action"
    )
    gateway = new_gateway(api_id=api["ApiId"])

    with pytest.raises(OwnershipConflict):
        teardown.run(gateway, confirmed_name="chat")

    assert aws.client("apigatewayv2").get_api(ApiId=api["ApiId"])["Name"] == "theirs"
    assert AuditEvent.objects.latest("pk").result == "failed"


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("nth", [1, 7, 11])
def test_a_tear_down_that_was_cut_off_is_finished_by_the_next(
    aws: Served, gateway: ApiGateway, nth: int, moment: Any
) -> None:
    with killed_at(gateway, 99, moment) as calls:
        teardown.preview(gateway)
    cut = min(nth, len(calls) + 1)  # the last is DeleteApi

    with pytest.raises(Killed), killed_at(gateway, cut, moment):
        teardown.run(gateway, confirmed_name="chat")
    run = teardown.run(gateway, confirmed_name="chat")

    assert run.state == Run.State.DONE
    assert tagged_apis(aws, gateway) == []
    assert ApiGateway.objects.get().api_id == ""


def test_aws_failing_is_a_failed_run_and_the_record_keeps_what_is_there(
    aws: Served, gateway: ApiGateway
) -> None:
    aws.fault("apigateway:DeleteApi", "error", status=500, times=3)
    with patch("time.sleep"), pytest.raises(AwsError, match="AWS refused DeleteApi"):
        teardown.run(gateway, confirmed_name="chat")

    assert ApiGateway.objects.get().api_id == gateway.api_id != ""
    assert Run.objects.first().state == Run.State.FAILED  # type: ignore[union-attr]
    assert teardown.run(gateway, confirmed_name="chat").state == Run.State.DONE


def test_a_removal_whose_answer_was_lost_is_a_removal(aws: Served, gateway: ApiGateway) -> None:
    plan = teardown.preview(gateway)
    aws.client("apigatewayv2").delete_api(ApiId=gateway.api_id)

    with runs.running(gateway, None) as run:
        provisioning.execute(gateway, run, plan, None)

    assert run.steps.get().finished_on is not None


@pytest.mark.parametrize("name", ["", "chat ", "Chat"])
def test_the_name_has_to_be_repeated_exactly(gateway: ApiGateway, name: str) -> None:
    with pytest.raises(NotConfirmed, match="type its name: “chat”"):
        teardown.run(gateway, confirmed_name=name)

    assert not AuditEvent.objects.exclude(verb="apply").exists()


def test_a_list_that_is_no_longer_true_is_not_carried_out(aws: Served, gateway: ApiGateway) -> None:
    plan = teardown.preview(gateway)
    aws.client("apigatewayv2").create_stage(ApiId=gateway.api_id, StageName="another")

    with pytest.raises(PlanChanged):
        teardown.run(gateway, confirmed_name="chat", seen=plan.digest)

    assert len(tagged_apis(aws, gateway)) == 1


def test_nobody_tears_down_what_somebody_is_applying_to(gateway: ApiGateway) -> None:
    with runs.running(gateway, new_user("grace")), pytest.raises(RunInProgress, match="grace"):
        teardown.run(gateway, confirmed_name="chat")


def test_the_record_goes_too_where_that_was_chosen_and_the_trail_stays(gateway: ApiGateway) -> None:
    api_id = gateway.api_id

    teardown.run(gateway, confirmed_name="chat", by=new_user(), ip="192.0.2.7", delete_record=True)

    event = AuditEvent.objects.latest("pk")
    assert not ApiGateway.objects.exists()
    assert (event.who, event.verb, event.object_text, event.ip_address) == (
        "ada",
        "teardown",
        "chat",
        "192.0.2.7",
    )
    assert event.before["api_id"] == api_id
    assert event.after == {"record": "deleted"}


def test_the_task_tears_down_for_the_user_who_asked(gateway: ApiGateway) -> None:
    seen = teardown.preview(gateway).digest

    made = teardown_gateway.call(gateway.pk, "chat", new_user().pk, seen, "192.0.2.7", delete_record=True)

    assert made
    assert not ApiGateway.objects.exists()
    assert AuditEvent.objects.latest("pk").who == "ada"


def test_the_command_shows_the_list_then_each_step(gateway: ApiGateway) -> None:
    lines = command(gateway, "--name=chat").splitlines()

    assert lines[0] == "chat: 1 operations"
    assert lines[1].startswith("    1. Remove the API “chat”") and lines[1].endswith("(destructive)")
    assert lines[2].strip().startswith("The log group /aws/apigateway/")
    assert lines[3].startswith("  done 1: Remove the API")
    assert lines[4] == "Torn down. The record is kept."


def test_the_command_asks_for_the_name_and_deletes_the_record(gateway: ApiGateway) -> None:
    with patch("builtins.input", return_value="wrong"), pytest.raises(CommandError, match="type its name"):
        command(gateway)

    with patch("builtins.input", return_value="chat") as asked:
        assert command(gateway, "--delete-record").endswith("Torn down. The record is deleted.\n")
    assert asked.call_args.args == ("Type the gateway's name (chat) to tear it down: ",)
    assert not ApiGateway.objects.exists()


def test_a_gateway_that_was_never_made_can_be_torn_down(aws: Served) -> None:
    assert command(new_gateway(), "--name=chat").startswith("chat: AWS holds nothing of it.\nTorn down.")
