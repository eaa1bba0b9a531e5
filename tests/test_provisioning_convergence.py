"""From any gateway to any other, whatever fails on the way: apply again, and in the end AWS is as wanted."""

from __future__ import annotations

import logging
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from apigw_ws.exceptions import AwsError
from apigw_ws.models import ApiGateway, Run, Step
from apigw_ws.services import provisioning, secrets, specs
from tests.emulator.serving import Served

pytestmark = pytest.mark.django_db
BASE = "https://www.example.com/ws/"
THEIRS = "theirs"
_numbers = count(1)

words = st.sampled_from(["red", "blue"])
routes = st.dictionaries(
    st.sampled_from(["join", "leave"]),
    st.fixed_dictionaries(
        {
            "enabled": st.booleans(),
            "two_way": st.booleans(),
            "integration_timeout": st.sampled_from([None, 50, 20_000]),
        }
    ),
)
limits = st.sampled_from([(None, None), (10.0, 5), (20.5, 10)])
records = st.fixed_dictionaries(
    {
        "api_description": words,
        "two_way": st.booleans(),
        "secret_version": st.integers(0, 2),
        "integration_timeout": st.sampled_from([5_000, 29_000]),
        "stage_name": st.sampled_from(["live", "test"]),
        "limits": limits,
        "logging_level": st.sampled_from(["", "ERROR"]),
        "detailed_metrics": st.sampled_from([None, True]),
        "stage_variables": st.dictionaries(words, words),
        "tags": st.dictionaries(words, words),
        "domain": st.sampled_from(["", "a", "b"]),
        "zone": st.booleans(),
        "routes": routes,
    }
)
# A limit of the rate is met before AWS does anything.
faults = st.fixed_dictionaries(
    {
        "effect": st.sampled_from(["throttle", "error", "reset"]),
        "when": st.sampled_from(["before", "after"]),
        "operation": st.sampled_from(["apigateway:*", "apigateway:[!G]*", "route53:*"]),
        "nth": st.integers(1, 15),
        # AWS is asked again by itself where that is safe; eight in a row get through to the run.
        "times": st.sampled_from([1, 8]),
    }
).filter(lambda fault: (fault["effect"], fault["when"]) != ("throttle", "after"))


class Account:
    """One gateway, and what others have beside it."""

    def __init__(self, aws: Served) -> None:
        self.aws = aws
        self.api, self.dns = aws.client("apigatewayv2"), aws.client("route53")
        found = aws.client("acm").list_certificates()["CertificateSummaryList"]
        self.certificate = next(i["CertificateArn"] for i in found if i["DomainName"] == "*.example.com")
        self.zone = self.dns.list_hosted_zones()["HostedZones"][0]["Id"]
        self.number = next(_numbers)
        self.gateway = ApiGateway.objects.create(
            api_name=f"converging {self.number}",
            target_base_endpoint=BASE,
            certificate_arn=self.certificate,
        )

    def wants(self, record: dict[str, Any]) -> None:
        fields = {name: value for name, value in record.items() if hasattr(ApiGateway, name)}
        for name, value in fields.items():
            setattr(self.gateway, name, value)
        self.gateway.throttling_rate_limit, self.gateway.throttling_burst_limit = record["limits"]
        domain = record["domain"]
        self.gateway.domain_name = f"{domain}-converging-{self.number}.example.com" if domain else ""
        self.gateway.hosted_zone_id = self.zone if record["zone"] else ""
        self.gateway.save()
        self.gateway.additional_routes.all().delete()
        for key, route in record["routes"].items():
            self.gateway.additional_routes.create(
                name=key, route_key=key, integration_url=BASE + key, **route
            )

    def others_add_theirs(self) -> None:
        here = {"ApiId": self.gateway.api_id}
        target = self.api.create_integration(**here, IntegrationType="MOCK", Description="by hand")
        self.api.create_route(**here, RouteKey=THEIRS, Target=f"integrations/{target['IntegrationId']}")
        self.api.create_stage(**here, StageName=THEIRS)
        arn = f"arn:aws:apigateway:{self.aws.region}::/apis/{self.gateway.api_id}"
        self.api.tag_resource(ResourceArn=arn, Tags={THEIRS: "1"})
        self.api.update_stage(**here, StageName=self.gateway.stage_name, StageVariables={THEIRS: "1"})

    def names(self, operation: str, member: str, **where: str) -> list[str]:
        pages = self.api.get_paginator(operation).paginate(**where)
        return sorted(item.get(member, "") for page in pages for item in page["Items"])

    def assert_as_wanted(self, before: str) -> None:
        """One of everything that is wanted, and all of theirs."""
        gateway, here = self.gateway, {"ApiId": self.gateway.api_id}
        keys = sorted([*(route.key for route in specs.spec_for(gateway).routes), THEIRS])
        assert self.names("get_apis", "Name").count(gateway.api_name) == 1
        assert self.names("get_routes", "RouteKey", **here) == keys
        assert len(self.api.get_integrations(**here)["Items"]) == len(keys)
        assert self.names("get_stages", "StageName", **here) == sorted({gateway.stage_name, THEIRS})
        assert self.api.get_api(**here)["Tags"][THEIRS] == "1"
        stage = self.api.get_stage(**here, StageName=gateway.stage_name)
        assert (THEIRS in stage["StageVariables"]) == (gateway.stage_name == before)
        wanted = {gateway.domain_name} - {""}
        ours = {name for name in self.names("get_domain_names", "DomainName") if self.is_ours(name)}
        assert ours == wanted
        found = self.dns.list_resource_record_sets(HostedZoneId=self.zone)["ResourceRecordSets"]
        assert {r["Name"].rstrip(".") for r in found if self.is_ours(r["Name"].rstrip("."))} == (
            wanted if gateway.hosted_zone_id else set()
        )

    def is_ours(self, name: str) -> bool:
        return name.endswith(f"-converging-{self.number}.example.com")

    def clean(self) -> None:
        self.gateway.domain_name = ""
        provisioning.apply(self.gateway)
        self.api.delete_api(ApiId=self.gateway.api_id)


def apply_until_it_succeeds(gateway: ApiGateway) -> int:
    """How often it failed."""
    for failures in range(10):  # one more than a fault hits, at one call that is not repeated by itself
        try:
            provisioning.apply(gateway)
        except AwsError:
            gateway.refresh_from_db()
            continue
        return failures
    raise AssertionError("it never succeeds")


@settings(
    max_examples=6,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.reuse, Phase.generate],  # an example takes a second: too long to look for a smaller one
)
@given(before=records, after=records, fault=faults)
def test_whatever_fails_on_the_way_from_one_record_to_another_the_plan_ends_up_empty(
    aws: Served,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    before: dict[str, Any],
    after: dict[str, Any],
    fault: dict[str, Any],
) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    caplog.set_level(logging.DEBUG, "apigw_ws")
    account = Account(aws)
    account.wants(before)
    provisioning.apply(account.gateway)
    account.others_add_theirs()
    account.wants(after)
    planned = provisioning.preview(account.gateway)
    aws.fault(**fault)

    apply_until_it_succeeds(account.gateway)

    aws.backstage("DELETE", "faults")
    assert provisioning.preview(account.gateway).operations == ()
    account.assert_as_wanted(before["stage_name"])
    told = [
        repr(planned),
        caplog.text,
        *Step.objects.values_list("description", flat=True),
        *Step.objects.values_list("error_text", flat=True),
        *Run.objects.values_list("error_text", flat=True),
    ]
    secret = secrets.derive(account.gateway)
    assert not secret or not any(secret in text for text in told)
    account.clean()
