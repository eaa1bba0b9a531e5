"""The IAM policy: enough for every call that is made, and narrowed to this gateway."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase
from io import StringIO
from typing import Any
from urllib.parse import unquote

import pytest
from botocore.client import BaseClient
from django.core.management import call_command

from apigw_ws.models import ApiGateway, AwsAccount
from apigw_ws.services import (
    adoption,
    deployments,
    endpoints,
    lookups,
    policies,
    provisioning,
    teardown,
)
from tests.emulator.serving import Served
from tests.test_provisioning import new_gateway

pytestmark = pytest.mark.django_db

CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/1"


@contextmanager
def calls_of(gateway: ApiGateway) -> Iterator[list[tuple[str, str]]]:
    """Action and resource of each call to the control plane."""
    calls: list[tuple[str, str]] = []

    def note(model: Any, params: dict[str, Any], **_: Any) -> None:
        path = unquote(params["url_path"]).removeprefix("/v2")
        calls.append((f"apigateway:{model.http['method']}", f"arn:aws:apigateway:us-east-1::{path}"))

    events = endpoints.control_client(gateway).meta.events
    events.register("before-call.apigatewayv2", note)
    try:
        yield calls
    finally:
        events.unregister("before-call.apigatewayv2", note)


def statements(gateway: ApiGateway) -> dict[str, dict[str, Any]]:
    return {statement["Sid"]: statement for statement in policies.for_gateway(gateway)["Statement"]}


def allows(gateway: ApiGateway, action: str, resource: str) -> bool:
    """Without what only the console needs."""
    own = [policy for sid, policy in statements(gateway).items() if not sid.startswith("Console")]
    return granted(own, action, resource)


def granted(policy: list[dict[str, Any]], action: str, resource: str) -> bool:
    return any(
        action in statement["Action"]
        and any(fnmatchcase(resource, pattern) for pattern in statement["Resource"])
        for statement in policy
    )


def wildcard(aws: Served) -> str:
    certificates = aws.client("acm").list_certificates()["CertificateSummaryList"]
    return next(str(c["CertificateArn"]) for c in certificates if c["DomainName"] == "*.example.com")


def test_every_call_of_a_gateways_life_is_allowed(aws: Served) -> None:
    gateway = new_gateway(
        domain_name="policies.example.com",
        certificate_arn=wildcard(aws),
        hosted_zone_id=aws.client("route53").list_hosted_zones()["HostedZones"][0]["Id"],
    )
    unmade = ApiGateway.objects.get(pk=gateway.pk)
    with calls_of(gateway) as making:
        provisioning.apply(gateway)
    made = ApiGateway.objects.get(pk=gateway.pk)
    first = gateway.deployment_id
    gateway.tags, gateway.api_description = {}, "Talk"
    gateway.save()
    gateway.additional_routes.update(two_way=False)
    with calls_of(gateway) as living:
        provisioning.apply(gateway)
        deployments.rollback(gateway, first)
        deployments.listing(gateway)
        teardown.run(gateway, confirmed_name="chat")

    assert len(making) > 10 and len(living) > 20
    assert [call for call in making if not allows(unmade, *call)] == []
    assert [call for call in living if not allows(made, *call)] == []
    assert {action for action, _resource in making + living} == {
        "apigateway:GET",
        "apigateway:POST",
        "apigateway:PATCH",
        "apigateway:DELETE",
    }


def test_what_the_wizard_and_adopting_look_up_is_allowed_and_nothing_more(
    aws: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway = new_gateway(
        domain_name="lookups.example.com",
        certificate_arn=wildcard(aws),
        hosted_zone_id=aws.client("route53").list_hosted_zones()["HostedZones"][0]["Id"],
    )
    provisioning.apply(gateway)
    asked: set[str] = set()

    def note(self: Any, operation: str, parameters: Any) -> Any:
        asked.add(f"{self.meta.service_model.signing_name}:{operation}")
        return make_call(self, operation, parameters)

    make_call = BaseClient._make_api_call
    monkeypatch.setattr(BaseClient, "_make_api_call", note)
    place = ApiGateway()
    lookups.identity(place)
    lookups.certificates(gateway)
    lookups.zones(gateway)
    with calls_of(place) as reading:
        adoption.preview(place, gateway.api_id)

    console = [policy for sid, policy in statements(place).items() if sid.startswith("Console")]
    assert len(reading) > 5
    assert [call for call in reading if not granted(console, *call)] == []
    assert granted(console, "apigateway:GET", "arn:aws:apigateway:us-east-1::/account")  # the doctor
    others = {action for action in asked if not action.startswith("apigateway:")}
    assert others - {"sts:GetCallerIdentity"} == set(statements(place)["ConsoleLookups"]["Action"])


def test_another_api_is_out_of_reach(aws: Served) -> None:
    gateway = new_gateway(api_id="abc123")
    other = "arn:aws:apigateway:us-east-1::/apis/def456"

    assert allows(gateway, "apigateway:DELETE", "arn:aws:apigateway:us-east-1::/apis/abc123/routes/1")
    assert not allows(gateway, "apigateway:DELETE", other)
    assert not allows(gateway, "apigateway:PATCH", f"{other}/routes/1")
    assert not allows(gateway, "apigateway:DELETE", "arn:aws:apigateway:us-east-1::/apis")


def test_provision_send_and_monitor_are_separate_and_name_this_gateway(aws: Served) -> None:
    found = statements(new_gateway(api_id="abc123", stage_name="live", region="eu-central-1"))

    assert list(found) == [
        "ProvisionFind",
        "ProvisionMake",
        "Provision",
        "ProvisionTags",
        "ProvisionRole",
        "Send",
        "Monitor",
        "ConsoleAdopt",
        "ConsoleDoctor",
        "ConsoleLookups",
    ]
    assert found["Provision"]["Resource"] == [
        "arn:aws:apigateway:eu-central-1::/apis/abc123",
        "arn:aws:apigateway:eu-central-1::/apis/abc123/*",
    ]
    assert found["Send"]["Action"] == ["execute-api:ManageConnections"]
    assert found["Send"]["Resource"] == ["arn:aws:execute-api:eu-central-1:*:abc123/live/*/@connections/*"]
    assert found["Monitor"]["Resource"] == ["*"]


def test_a_custom_domain_adds_its_own_statements_and_the_account(aws: Served) -> None:
    gateway = new_gateway(domain_name="ws.example.com", certificate_arn=CERTIFICATE)
    assert "Dns" not in statements(gateway)

    gateway.hosted_zone_id = "/hostedzone/Z123"
    found = statements(gateway)

    assert found["Domain"]["Resource"] == [
        "arn:aws:apigateway:us-east-1::/domainnames/ws.example.com",
        "arn:aws:apigateway:us-east-1::/domainnames/ws.example.com/apimappings",
        "arn:aws:apigateway:us-east-1::/domainnames/ws.example.com/apimappings/*",
    ]
    assert found["Send"]["Resource"][0].startswith("arn:aws:execute-api:us-east-1:123456789012:*/")
    assert found["DnsRead"]["Resource"] == found["Dns"]["Resource"] == ["arn:aws:route53:::hostedzone/Z123"]
    assert found["Dns"]["Condition"]["ForAllValues:StringEquals"] == {
        "route53:ChangeResourceRecordSetsNormalizedRecordNames": ["ws.example.com"],
        "route53:ChangeResourceRecordSetsRecordTypes": ["A"],
        "route53:ChangeResourceRecordSetsActions": ["CREATE", "DELETE"],
    }


def test_a_domain_that_was_set_up_elsewhere_can_only_be_left(aws: Served) -> None:
    found = statements(new_gateway(domain_name="ws.example.com", hosted_zone_id="Z123"))

    assert [sid for sid in found if sid.startswith("D")] == ["DomainFind", "DomainMappings"]
    assert found["DomainMappings"]["Action"] == ["apigateway:GET", "apigateway:DELETE"]


def test_other_partitions_have_their_own_arns(aws: Served) -> None:
    found = statements(new_gateway(region="cn-north-1"))

    assert all(
        arn.startswith("arn:aws-cn:")
        for sid in found
        if sid not in ("Monitor", "ConsoleLookups")
        for arn in found[sid]["Resource"]
    )


def test_the_policy_fits_into_a_managed_policy(aws: Served) -> None:
    gateway = new_gateway(domain_name="a" * 255, certificate_arn=CERTIFICATE, hosted_zone_id="Z" * 32)

    assert len(json.dumps(policies.for_gateway(gateway), separators=(",", ":"))) < 6144


def test_the_command_prints_it_ready_to_paste(aws: Served) -> None:
    gateway, out = new_gateway(), StringIO()

    call_command("ws_iam_policy", f"--pk={gateway.pk}", stdout=out)

    assert json.loads(out.getvalue()) == policies.for_gateway(gateway)


def test_the_policy_of_a_role_says_what_django_needs_beside_it(aws: Served) -> None:
    role = "arn:aws:iam::123456789012:role/gateways"
    gateway = new_gateway(account=AwsAccount.objects.create(label="Live", role_arn=role))
    out, err = StringIO(), StringIO()

    call_command("ws_iam_policy", f"--pk={gateway.pk}", stdout=out, stderr=err)

    assert "Statement" in json.loads(out.getvalue())
    assert f"For the role {role}. What Django itself needs is sts:AssumeRole" in err.getvalue()
