"""Drift: what somebody changed in AWS behind our back, and whose side is kept."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command

from apigw_ws.exceptions import ApigwWsError, PlanChanged
from apigw_ws.models import ApiGateway, AuditEvent, Run
from apigw_ws.services import drift, provisioning, secrets
from apigw_ws.services.differences import There
from tests.app.factories import new_user
from tests.emulator.serving import Served
from tests.test_provisioning import BASE, describe, new_gateway

pytestmark = pytest.mark.django_db


@pytest.fixture
def gateway(aws: Served) -> ApiGateway:
    gateway = new_gateway(
        api_description="Talk", stage_description="live", stage_variables={"colour": "blue"}
    )
    provisioning.apply(gateway)
    return gateway


class InAws:
    """Somebody at AWS's console, with this gateway open."""

    def __init__(self, aws: Served, gateway: ApiGateway) -> None:
        self.client = aws.client("apigatewayv2")
        self.api_id = gateway.api_id

    def __getattr__(self, operation: str) -> Any:
        return lambda **parameters: getattr(self.client, operation)(ApiId=self.api_id, **parameters)

    def route(self, key: str) -> Any:
        return next(route for route in self.get_routes()["Items"] if route["RouteKey"] == key)

    def change_integration(self, key: str, **values: Any) -> None:
        target = self.route(key)["Target"].removeprefix("integrations/")
        self.update_integration(IntegrationId=target, **values)

    def stop_replies(self, key: str) -> None:
        route = self.route(key)["RouteId"]
        (response,) = self.get_route_responses(RouteId=route)["Items"]
        self.delete_route_response(RouteId=route, RouteResponseId=response["RouteResponseId"])
        self.update_route(RouteId=route, RouteResponseSelectionExpression="")


@pytest.fixture
def console(aws: Served, gateway: ApiGateway) -> InAws:
    return InAws(aws, gateway)


def found(gateway: ApiGateway) -> dict[str, tuple[str, str]]:
    return {row.key: (row.record, row.aws) for row in drift.compare(gateway) if row.key != "deployment"}


def fresh(gateway: ApiGateway) -> ApiGateway:
    return ApiGateway.objects.get(pk=gateway.pk)


def command(gateway: ApiGateway, *arguments: str) -> list[str]:
    out = StringIO()
    call_command("ws_drift", f"--pk={gateway.pk}", *arguments, stdout=out, no_color=True)
    return out.getvalue().splitlines()


def test_where_aws_holds_what_the_record_says_there_is_no_difference(gateway: ApiGateway) -> None:
    assert drift.compare(gateway) == []


def test_each_field_that_differs_is_a_row_with_both_sides_and_what_apply_would_do(
    gateway: ApiGateway, console: InAws
) -> None:
    console.update_api(Description="By hand", Name="chatter")
    console.update_stage(StageName="production", Description="by hand", StageVariables={"colour": "red"})
    console.change_integration("join", IntegrationUri=f"{BASE}other", TimeoutInMillis=5000)
    console.stop_replies("$default")

    rows = {row.key: row for row in drift.compare(gateway)}

    assert {key: (row.record, row.aws) for key, row in rows.items()} == {
        "api.name": ("chat", "chatter"),
        "api.description": ("Talk", "By hand"),
        "route.join.url": (f"{BASE}join", f"{BASE}other"),
        "route.join.timeout": ("29000", "5000"),
        "route.$default.two_way": ("on", "off"),
        "stage.description": ("live", "by hand"),
        "stage.variables": ("colour=blue", "colour=red"),
        "deployment": ("the routes of the record", gateway.deployment_id),
    }
    assert rows["route.join.url"].would == "Change the route “join”: URL, timeout."
    assert [key for key, row in rows.items() if row.take is None] == ["deployment"]


def test_every_operation_of_the_plan_is_in_a_row(gateway: ApiGateway, console: InAws) -> None:
    console.delete_route(RouteId=console.route("join")["RouteId"])
    console.delete_stage(StageName="production")
    gateway.tags = {}
    gateway.save()

    rows = drift.compare(gateway)

    assert {row.would for row in rows} == set(describe(provisioning.preview(gateway).operations))
    assert "RemoveIntegration" in {row.key for row in rows}


def test_a_gateway_that_is_not_made_differs_in_everything(aws: Served) -> None:
    gateway = new_gateway()

    assert found(gateway) == {
        "api": ("chat", ""),
        "route.$connect": (f"{BASE}connect", ""),
        "route.$default": (f"{BASE}default", ""),
        "route.$disconnect": (f"{BASE}disconnect", ""),
        "route.join": (f"{BASE}join", ""),
        "stage": ("production", ""),
    }
    assert not any(row.take for row in drift.compare(gateway))


def test_headers_are_named_and_their_values_never_shown(gateway: ApiGateway, console: InAws) -> None:
    header = "integration.request.header."
    console.change_integration(
        "join", RequestParameters={f"{header}X-Apigw-Secret": "'forged'", f"{header}Added": "'1'"}
    )

    rows = drift.compare(gateway)

    assert found(gateway) == {"route.join.headers": ("X-Apigw-Secret", "Added, X-Apigw-Secret")}
    assert secrets.derive(gateway) not in repr(rows)
    assert "forged" not in repr(rows)


def test_to_keep_ours_is_to_apply(gateway: ApiGateway, console: InAws) -> None:
    console.update_api(Description="By hand")

    provisioning.apply(gateway)

    assert console.get_api()["Description"] == "Talk"
    assert drift.compare(gateway) == []


@pytest.mark.parametrize(
    ("change", "key", "fields"),
    [
        (lambda aws: aws.update_api(Name="chatter"), "api.name", {"api_name": "chatter"}),
        (lambda aws: aws.update_api(Description="Hi"), "api.description", {"api_description": "Hi"}),
        (
            lambda aws: aws.update_stage(StageName="production", Description="Hi"),
            "stage.description",
            {"stage_description": "Hi"},
        ),
        (
            lambda aws: aws.update_stage(StageName="production", StageVariables={"colour": "red", "x": "1"}),
            "stage.variables",
            {"stage_variables": {"colour": "red"}},
        ),
        (lambda aws: aws.stop_replies("$default"), "route.$default.two_way", {"two_way": False}),
    ],
    ids=["name", "description", "stage", "variables", "two-way"],
)
def test_awss_value_can_be_taken_on_the_record(
    gateway: ApiGateway, console: InAws, change: Any, key: str, fields: dict[str, Any]
) -> None:
    change(console)

    drift.take_aws(gateway, key)

    gateway = fresh(gateway)
    assert {name: getattr(gateway, name) for name in fields} == fields
    assert key not in found(gateway)


@pytest.mark.parametrize(
    ("change", "key", "value"),
    [
        (lambda aws: aws.change_integration("join", IntegrationUri=f"{BASE}2"), "url", f"{BASE}2"),
        (lambda aws: aws.change_integration("join", TimeoutInMillis=5000), "timeout", 5000),
        (lambda aws: aws.stop_replies("join"), "two_way", False),
    ],
    ids=["url", "timeout", "two-way"],
)
def test_awss_value_of_a_route_can_be_taken(
    gateway: ApiGateway, console: InAws, change: Any, key: str, value: Any
) -> None:
    change(console)

    drift.take_aws(gateway, f"route.join.{key}")

    route = gateway.additional_routes.get()
    assert value in (route.integration_url, route.integration_timeout, route.two_way)
    assert f"route.join.{key}" not in found(fresh(gateway))


def test_tags_are_taken_one_by_one(aws: Served, gateway: ApiGateway, console: InAws) -> None:
    arn = f"arn:aws:apigateway:{aws.region}::/apis/{gateway.api_id}"
    console.client.tag_resource(ResourceArn=arn, Tags={"team": "red"})
    gateway.tags = {"team": "chat", "stage": "gone"}
    gateway.save()
    assert found(gateway).keys() == {"tag.team", "tag.stage", "tag.apigw-ws:tags"}

    drift.take_aws(gateway, "tag.team")
    drift.take_aws(gateway, "tag.stage")

    assert fresh(gateway).tags == {"team": "red"}
    assert drift.compare(fresh(gateway)) == []


def test_several_are_taken_together_or_none(aws: Served, gateway: ApiGateway, console: InAws) -> None:
    arn = f"arn:aws:apigateway:{aws.region}::/apis/{gateway.api_id}"
    console.client.tag_resource(ResourceArn=arn, Tags={"team": "red"})
    ours = {"team": "chat", "stage": "gone"}
    ApiGateway.objects.update(tags=ours)

    decision = drift.decide(fresh(gateway), provisioning.look(gateway), ["tag.team", "tag.stage"])

    assert [each.key for each in decision.taken] == ["tag.team", "tag.stage"]
    assert decision.plan.operations == ()
    assert fresh(gateway).tags == ours
    with pytest.raises(ApigwWsError, match="cannot be taken"):
        drift.take_aws(fresh(gateway), "tag.team", "tag.apigw-ws:tags")
    assert fresh(gateway).tags == ours
    drift.take_aws(fresh(gateway), "tag.team", "tag.stage")
    assert fresh(gateway).tags == {"team": "red"}


def test_a_tag_that_we_dropped_can_be_taken_back(gateway: ApiGateway) -> None:
    gateway.tags = {}
    gateway.save()
    assert found(gateway)["tag.team"] == ("", "chat")

    drift.take_aws(gateway, "tag.team")

    assert fresh(gateway).tags == {"team": "chat"}


def test_a_route_that_went_from_aws_can_go_from_the_record(gateway: ApiGateway, console: InAws) -> None:
    console.delete_route(RouteId=console.route("join")["RouteId"])

    drift.take_aws(gateway, "route.join")

    assert not gateway.additional_routes.exists()
    assert found(gateway) == {"RemoveIntegration": ("", "")}


def test_a_route_that_went_from_the_record_can_come_back_from_aws(gateway: ApiGateway) -> None:
    gateway.additional_routes.all().delete()

    drift.take_aws(gateway, "route.join")

    route = gateway.additional_routes.get()
    assert (route.name, route.route_key, route.integration_url) == ("join", "join", f"{BASE}join")
    assert drift.compare(gateway) == []


def test_a_route_that_was_switched_off_can_be_switched_on_again(gateway: ApiGateway) -> None:
    gateway.additional_routes.update(enabled=False)

    drift.take_aws(gateway, "route.join")

    assert gateway.additional_routes.get().enabled
    assert drift.compare(gateway) == []


def test_what_is_taken_is_audited(gateway: ApiGateway, console: InAws) -> None:
    console.update_api(Description="By hand")

    (taken,) = drift.take_aws(gateway, "api.description", by=new_user(), ip="192.0.2.7")

    event = AuditEvent.objects.latest("pk")
    assert (taken.record, taken.aws) == ("Talk", "By hand")
    assert (event.verb, event.who, event.ip_address, event.result) == ("take_aws", "ada", "192.0.2.7", "done")
    assert (event.before, event.after) == ({"api.description": "Talk"}, {"api.description": "By hand"})
    assert Run.objects.count() == 1


def test_what_follows_from_other_fields_cannot_be_taken(gateway: ApiGateway, console: InAws) -> None:
    console.change_integration("$connect", IntegrationUri=f"{BASE}elsewhere")

    with pytest.raises(ApigwWsError, match=r"AWS's route\.\$connect\.url cannot be taken"):
        drift.take_aws(gateway, "route.$connect.url")

    assert AuditEvent.objects.latest("pk").result == "failed"


def test_what_does_not_differ_cannot_be_taken(gateway: ApiGateway) -> None:
    with pytest.raises(PlanChanged, match=r"do not differ in api\.name"):
        drift.take_aws(gateway, "api.name")


def test_a_value_that_the_record_does_not_allow_is_refused_with_the_reason(
    gateway: ApiGateway, console: InAws
) -> None:
    ApiGateway.objects.create(api_name="taken", target_base_endpoint=BASE)
    console.update_api(Name="taken")

    with pytest.raises(ApigwWsError, match=r"cannot be taken: .*already exists"):
        drift.take_aws(gateway, "api.name")

    assert fresh(gateway).api_name == "chat"


def test_a_stage_that_follows_by_itself_and_one_of_an_earlier_name_differ(
    gateway: ApiGateway, console: InAws
) -> None:
    console.update_stage(StageName="production", AutoDeploy=True)
    assert found(gateway)["stage.auto_deploy"] == ("", "")

    gateway.stage_name = "test"
    assert {"stage": ("test", ""), "stage.production": ("", "production")}.items() <= found(gateway).items()


@pytest.fixture
def domain(aws: Served, gateway: ApiGateway) -> str:
    """The gateway's custom domain, with its alias record."""
    gateway.domain_name = f"{gateway.api_id}.example.com"
    gateway.certificate_arn = certificates(aws)["*.example.com"]
    gateway.hosted_zone_id = aws.client("route53").list_hosted_zones()["HostedZones"][0]["Id"]
    gateway.save()
    provisioning.apply(gateway)
    return gateway.domain_name


def certificates(aws: Served) -> dict[str, str]:
    found = aws.client("acm").list_certificates()["CertificateSummaryList"]
    return {item["DomainName"]: item["CertificateArn"] for item in found}


def test_a_domain_that_is_not_made_yet_differs_with_its_mapping_and_record(
    aws: Served, gateway: ApiGateway
) -> None:
    gateway.domain_name = f"{gateway.api_id}.example.com"
    gateway.certificate_arn = certificates(aws)["*.example.com"]
    gateway.hosted_zone_id = aws.client("route53").list_hosted_zones()["HostedZones"][0]["Id"]

    assert found(gateway) == {
        "tag.apigw-ws:domain": (gateway.domain_name, ""),
        "domain": (gateway.domain_name, ""),
        "domain.mapping": (f"{gateway.api_id}/production", ""),
        "domain.record": (gateway.hosted_zone_id.removeprefix("/hostedzone/"), ""),
    }


def test_a_domain_that_was_changed_in_aws_differs_and_its_certificate_can_be_taken(
    aws: Served, gateway: ApiGateway, console: InAws, domain: str
) -> None:
    assert drift.compare(gateway) == []
    (mapping,) = console.client.get_api_mappings(DomainName=domain)["Items"]
    console.client.delete_api_mapping(DomainName=domain, ApiMappingId=mapping["ApiMappingId"])
    held, gateway.certificate_arn = (
        gateway.certificate_arn,
        "arn:aws:acm:us-east-1:123456789012:certificate/2",
    )
    gateway.save()

    assert found(gateway) == {
        "domain.certificate": (gateway.certificate_arn, held),
        "domain.mapping": (f"{gateway.api_id}/production", ""),
    }
    drift.take_aws(gateway, "domain.certificate")
    assert fresh(gateway).certificate_arn == held


def test_a_domain_that_leaves_the_record_differs_in_all_that_goes(gateway: ApiGateway, domain: str) -> None:
    gateway.hosted_zone_id = ""
    assert found(gateway).keys() == {"domain.zone", f"domain.{domain}.record"}

    gateway.domain_name = ""
    assert found(gateway).keys() == {
        f"domain.{domain}.record",
        f"domain.{domain}.mapping",
        f"domain.{domain}",
        "tag.apigw-ws:domain",
    }


def test_a_mapping_of_a_domain_to_elsewhere_is_shown(
    aws: Served, gateway: ApiGateway, console: InAws, domain: str
) -> None:
    other = new_gateway("other")
    provisioning.apply(other)
    (mapping,) = console.client.get_api_mappings(DomainName=domain)["Items"]
    console.client.update_api_mapping(
        DomainName=domain, ApiMappingId=mapping["ApiMappingId"], ApiId=other.api_id, Stage="production"
    )

    assert found(gateway)["domain.mapping"] == (f"{gateway.api_id}/production", f"{other.api_id}/production")


def test_nothing_is_there_of_a_gateway_without_an_api(gateway: ApiGateway) -> None:
    with pytest.raises(LookupError):
        There(gateway=gateway, snapshot=None, additional=frozenset()).route("join")


def test_the_command_shows_three_columns_and_takes(gateway: ApiGateway, console: InAws) -> None:
    assert command(gateway, "--exit-code") == ["chat: no difference"]
    console.update_api(Description="By hand")
    console.change_integration("$connect", IntegrationUri=f"{BASE}elsewhere")

    lines = command(gateway)

    assert lines[:5] == [
        "chat: 3 differences",
        "  api.description",
        "      record: Talk",
        "      AWS:    By hand",
        "      apply:  Change the API's description.",
    ]
    assert "  route.$connect.url  (follows from other fields: cannot be taken)" in lines
    with pytest.raises(SystemExit) as caught:
        command(gateway, "--exit-code")
    assert caught.value.code == 2
    assert command(gateway, "--take=api.description")[0] == (
        "api.description: the record has “By hand” now, before “Talk”."
    )
    assert fresh(gateway).api_description == "By hand"
