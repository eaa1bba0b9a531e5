"""Custom domains, from the record to what the real boto3 makes of them in the emulator."""

from __future__ import annotations

from io import StringIO
from itertools import count
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from apigw_ws.exceptions import AwsError, ConfigurationError, OwnershipConflict, Throttled
from apigw_ws.models import ApiGateway, Run
from apigw_ws.services import endpoints, provisioning
from tests.emulator.serving import Served

pytestmark = pytest.mark.django_db
_numbers = count(1)


@pytest.fixture
def certificate(aws: Served) -> str:
    found = aws.client("acm").list_certificates()["CertificateSummaryList"]
    return str(next(item["CertificateArn"] for item in found if item["DomainName"] == "*.example.com"))


@pytest.fixture
def zone(aws: Served) -> str:
    return str(aws.client("route53").list_hosted_zones()["HostedZones"][0]["Id"])


@pytest.fixture
def gateway(aws: Served, certificate: str, zone: str) -> ApiGateway:
    """A gateway whose domain no other test has."""
    return ApiGateway.objects.create(
        api_name="chat",
        target_base_endpoint="https://www.example.com/ws/",
        domain_name=f"ws{next(_numbers)}.example.com",
        certificate_arn=certificate,
        hosted_zone_id=zone,
    )


def domain(aws: Served, name: str) -> dict[str, Any]:
    found: dict[str, Any] = aws.client("apigatewayv2").get_domain_name(DomainName=name)
    return found


def domains(aws: Served) -> set[str]:
    pages = aws.client("apigatewayv2").get_paginator("get_domain_names").paginate()
    return {item["DomainName"] for page in pages for item in page["Items"]}


def records(aws: Served, zone: str, name: str) -> list[dict[str, Any]]:
    found = aws.client("route53").list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
    return [record for record in found if record["Name"] == f"{name}."]


def change_record(aws: Served, zone: str, action: str, record: dict[str, Any]) -> None:
    aws.client("route53").change_resource_record_sets(
        HostedZoneId=zone, ChangeBatch={"Changes": [{"Action": action, "ResourceRecordSet": record}]}
    )


def operations(run: Run) -> list[str]:
    return [step.operation for step in run.steps.all()]


def test_one_plan_makes_the_gateway_with_its_domain_mapping_and_record(
    aws: Served, gateway: ApiGateway, zone: str
) -> None:
    run = gateway.create_custom_domain()

    made = domain(aws, gateway.domain_name)
    configuration = made["DomainNameConfigurations"][0]
    assert operations(run)[-4:] == ["Deploy", "CreateDomain", "MapDomain", "CreateAlias"]
    assert made["Tags"] == {
        "apigw-ws:uid": str(gateway.uid),
        "apigw-ws:zone": zone.removeprefix("/hostedzone/"),
    }
    assert (configuration["EndpointType"], configuration["SecurityPolicy"]) == ("REGIONAL", "TLS_1_2")
    (record,) = records(aws, zone, gateway.domain_name)
    assert record["AliasTarget"]["DNSName"] == f"{configuration['ApiGatewayDomainName']}."
    assert record["AliasTarget"]["HostedZoneId"] == configuration["HostedZoneId"]
    assert provisioning.preview(gateway).operations == ()


def test_what_aws_told_us_of_the_domain_is_on_the_record(aws: Served, gateway: ApiGateway) -> None:
    gateway.create_gateway()

    gateway.refresh_from_db()
    configuration = domain(aws, gateway.domain_name)["DomainNameConfigurations"][0]
    (mapping,) = aws.client("apigatewayv2").get_api_mappings(DomainName=gateway.domain_name)["Items"]
    assert gateway.custom_domain_created
    assert gateway.api_gateway_domain_name == configuration["ApiGatewayDomainName"]
    assert gateway.api_mapping_id == mapping["ApiMappingId"]
    assert (mapping["ApiId"], mapping["Stage"]) == (gateway.api_id, "production")


def test_the_emulators_domains_are_in_no_dns_so_its_own_address_is_used(gateway: ApiGateway) -> None:
    gateway.create_gateway()

    assert gateway.client_url == f"{gateway.api_endpoint}/production"
    assert endpoints.management_url(gateway).endswith(f"/{gateway.api_id}/production")


def test_changes_of_the_record_are_carried_to_the_domain(aws: Served, gateway: ApiGateway, zone: str) -> None:
    gateway.create_gateway()
    gateway.stage_name = "live"
    gateway.hosted_zone_id = ""

    run = provisioning.apply(gateway)

    assert operations(run) == [
        "CreateStage",
        "Deploy",
        "MapDomain",
        "RemoveAlias",
        "TagDomain",
        "RemoveStage",
    ]
    assert records(aws, zone, gateway.domain_name) == []
    assert provisioning.preview(gateway).operations == ()


def test_another_certificate_is_given_to_the_domain(aws: Served, gateway: ApiGateway) -> None:
    gateway.domain_name = "www.example.com"
    gateway.create_gateway()
    found = aws.client("acm").list_certificates()["CertificateSummaryList"]
    other = next(item["CertificateArn"] for item in found if item["DomainName"] == "example.com")
    gateway.certificate_arn = other

    run = provisioning.apply(gateway)

    assert operations(run) == ["UpdateDomain"]
    assert domain(aws, "www.example.com")["DomainNameConfigurations"][0]["CertificateArn"] == other
    assert provisioning.preview(gateway).operations == ()


def test_a_domain_that_is_cleared_goes_without_a_trace(aws: Served, gateway: ApiGateway, zone: str) -> None:
    gateway.create_gateway()
    name = gateway.domain_name
    gateway.domain_name = ""

    assert [op.destructive for op in provisioning.preview(gateway).operations] == [True, True, True, False]
    provisioning.apply(gateway)

    assert name not in domains(aws)
    assert records(aws, zone, name) == []
    assert (gateway.api_mapping_id, gateway.api_gateway_domain_name) == ("", "")
    assert not gateway.custom_domain_created
    assert provisioning.preview(gateway).operations == ()
    api = aws.client("apigatewayv2").get_api(ApiId=gateway.api_id)
    assert "apigw-ws:domain" not in api["Tags"]


def test_a_renamed_domain_replaces_the_old_one(aws: Served, gateway: ApiGateway, zone: str) -> None:
    gateway.create_gateway()
    old, gateway.domain_name = gateway.domain_name, f"new-{gateway.domain_name}"

    provisioning.apply(gateway)

    assert old not in domains(aws)
    assert records(aws, zone, old) == []
    assert len(records(aws, zone, gateway.domain_name)) == 1
    assert provisioning.preview(gateway).operations == ()


def test_a_domain_of_somebody_else_is_not_touched(aws: Served, gateway: ApiGateway) -> None:
    aws.client("apigatewayv2").create_domain_name(
        DomainName=gateway.domain_name,
        DomainNameConfigurations=[{"CertificateArn": gateway.certificate_arn}],
    )

    with pytest.raises(OwnershipConflict, match="was not made for this gateway"):
        provisioning.apply(gateway)

    assert gateway.api_id == ""


@pytest.mark.parametrize("kind", ["A", "CNAME"])
def test_a_record_of_somebody_else_is_not_touched(
    aws: Served, gateway: ApiGateway, zone: str, kind: str
) -> None:
    value = {"A": "192.0.2.1", "CNAME": "www.example.com"}[kind]
    theirs = {
        "Name": gateway.domain_name,
        "Type": kind,
        "TTL": 60,
        "ResourceRecords": [{"Value": value}],
    }
    change_record(aws, zone, "CREATE", theirs)

    with pytest.raises(OwnershipConflict, match=f"points at {kind} {value}"):
        provisioning.apply(gateway)

    change_record(aws, zone, "DELETE", theirs)
    provisioning.apply(gateway)
    theirs_too = records(aws, zone, gateway.domain_name)[0]
    change_record(aws, zone, "DELETE", theirs_too)
    change_record(aws, zone, "CREATE", theirs)
    gateway.domain_name = ""
    provisioning.apply(gateway)
    assert len(records(aws, zone, theirs["Name"])) == 1  # type: ignore[arg-type]


def test_a_zone_that_is_not_there_is_said(aws: Served, gateway: ApiGateway) -> None:
    gateway.hosted_zone_id = "Z0NOWHERE"

    with pytest.raises(AwsError, match="No hosted zone found with ID: Z0NOWHERE"):
        provisioning.preview(gateway)


def test_a_zone_that_was_deleted_holds_no_record(aws: Served, gateway: ApiGateway) -> None:
    gateway.create_gateway()
    arn = f"arn:aws:apigateway:{aws.region}::/domainnames/{gateway.domain_name}"
    aws.client("apigatewayv2").tag_resource(ResourceArn=arn, Tags={"apigw-ws:zone": "Z0GONE"})

    run = provisioning.apply(gateway)

    assert operations(run) == ["TagDomain"]
    assert provisioning.preview(gateway).operations == ()


def test_a_gateway_that_never_had_a_domain_asks_for_none(aws: Served, gateway: ApiGateway) -> None:
    gateway.domain_name = ""
    aws.fault("apigateway:GetDomainNames", "error", status=403, times=None)

    provisioning.apply(gateway)

    assert provisioning.preview(gateway).operations == ()


def test_a_domain_that_was_set_up_elsewhere_is_left_alone(aws: Served, gateway: ApiGateway) -> None:
    gateway.certificate_arn, gateway.api_mapping_id = "", "theirs"

    provisioning.apply(gateway)

    assert gateway.api_mapping_id == "theirs"
    assert gateway.domain_name not in domains(aws)


def test_a_domain_without_a_certificate_is_not_taken_for_one_that_goes(gateway: ApiGateway) -> None:
    gateway.create_gateway()
    gateway.certificate_arn = ""

    with pytest.raises(ConfigurationError, match="needs a custom domain and a certificate that covers it"):
        provisioning.preview(gateway)


@pytest.mark.parametrize("missing", ["domain_name", "certificate_arn"])
def test_a_domain_that_is_asked_for_must_be_complete(gateway: ApiGateway, missing: str) -> None:
    setattr(gateway, missing, "")
    gateway.save()

    with pytest.raises(ConfigurationError, match="“chat” needs a custom domain and a certificate"):
        gateway.create_custom_domain()
    with pytest.raises(CommandError, match="needs a custom domain and a certificate"):
        call_command("createCustomDomain", f"--pk={gateway.pk}")


def test_the_command_says_where_dns_has_to_point(gateway: ApiGateway) -> None:
    out = StringIO()

    call_command("createCustomDomain", f"--pk={gateway.pk}", stdout=out, no_color=True)

    gateway.refresh_from_db()
    last = out.getvalue().splitlines()[-1]
    assert last == f"{gateway.domain_name} has to point at {gateway.api_gateway_domain_name}"


def test_a_rate_that_aws_limits_is_waited_out_and_shown(
    aws: Served, gateway: ApiGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[Any] = []
    monkeypatch.setattr("time.sleep", lambda seconds: waits.append(Run.objects.get().waiting_until))
    aws.fault("apigateway:CreateDomainName", "throttle", times=12)
    aws.fault("route53:ChangeResourceRecordSets", "throttle", times=1)

    run = provisioning.apply(gateway)

    assert run.state == Run.State.DONE
    assert any(until is not None for until in waits)
    assert Run.objects.get().waiting_until is None


def test_a_rate_that_is_limited_while_aws_is_read_is_waited_out(
    aws: Served, gateway: ApiGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    aws.fault("apigateway:GetApis", "throttle", times=12)

    assert provisioning.apply(gateway).state == Run.State.DONE


def test_a_rate_that_stays_limited_is_given_up_after_two_minutes(
    aws: Served, gateway: ApiGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    monkeypatch.setattr("time.sleep", waits.append)
    aws.fault("apigateway:CreateDomainName", "throttle", times=None)

    with pytest.raises(Throttled):
        provisioning.apply(gateway)

    assert 120 <= sum(waits) < 240
