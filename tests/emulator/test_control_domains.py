"""Custom domains and API mappings, through the real boto3."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from apigw_ws.emulator.control.plane import ControlPlane
from tests.emulator.aws import make_api, refused, status_of


@pytest.fixture
def certificates(client: Callable[..., Any]) -> dict[str, str]:
    """The ARNs of the made-up certificates by their names."""
    found = client("acm").list_certificates()["CertificateSummaryList"]
    return {certificate["DomainName"]: certificate["CertificateArn"] for certificate in found}


@pytest.fixture
def arn(certificates: dict[str, str]) -> str:
    return certificates["*.example.com"]


@pytest.fixture
def api_id(api: Any) -> str:
    made = make_api(api)
    api.create_stage(ApiId=made, StageName="prod")
    return made


def make_domain(api: Any, arn: str, name: str = "chat.example.com", **configuration: Any) -> Any:
    return api.create_domain_name(
        DomainName=name, DomainNameConfigurations=[{"CertificateArn": arn, **configuration}]
    )


def test_a_new_domain_tells_where_an_alias_must_point(api: Any, arn: str) -> None:
    made = make_domain(api, arn)

    configuration = made["DomainNameConfigurations"][0]
    assert re.fullmatch(
        r"d-[a-z0-9]{10}\.execute-api\.eu-west-2\.amazonaws\.com", configuration["ApiGatewayDomainName"]
    )
    assert configuration["HostedZoneId"] == "ZJ5UAJN8Y3Z2Q"
    assert configuration["DomainNameStatus"] == "AVAILABLE"
    assert (configuration["EndpointType"], configuration["SecurityPolicy"]) == ("REGIONAL", "TLS_1_2")
    assert made["ApiMappingSelectionExpression"] == "$request.basepath"
    assert status_of(made) == 201


@pytest.mark.parametrize(
    ("name", "certificate", "says"),
    [
        ("chat.example.org", "*.example.com", "not covered by the provided certificate"),
        ("a.b.example.com", "*.example.com", "not covered by the provided certificate"),
        ("pending.example.com", "pending.example.com", "PENDING_VALIDATION"),
        ("not a domain", "*.example.com", "not valid"),
    ],
)
def test_a_domain_needs_an_issued_certificate_that_covers_it(
    api: Any, certificates: dict[str, str], name: str, certificate: str, says: str
) -> None:
    with refused(400, "BadRequestException", says):
        make_domain(api, certificates[certificate], name)


def test_a_certificate_must_exist_in_the_region_of_the_api(api: Any, arn: str) -> None:
    for wrong, says in (
        ("", "Invalid certificate ARN"),
        (arn.replace("eu-west-2", "us-east-1"), "Certificate must be in 'eu-west-2'"),
        (arn[:-1] + "_", "Unable to find"),
    ):
        with refused(400, "BadRequestException", says):
            make_domain(api, wrong)


@pytest.mark.parametrize("wrong", [{"EndpointType": "EDGE"}, {"SecurityPolicy": "TLS_1_0"}])
def test_a_domain_is_regional_and_speaks_tls_1_2(api: Any, arn: str, wrong: dict[str, str]) -> None:
    with refused(400, "BadRequestException", next(iter(wrong))):
        make_domain(api, arn, **wrong)


def test_a_domain_needs_exactly_one_configuration(api: Any) -> None:
    with refused(400, "BadRequestException", "one domain name configuration"):
        api.create_domain_name(DomainName="chat.example.com")


def test_routing_rules_are_refused_where_botocore_knows_them(api: Any, arn: str) -> None:
    asked = api.meta.service_model.operation_model("CreateDomainName").input_shape
    if "RoutingMode" not in asked.members:
        pytest.skip("This botocore is older than routing rules")

    with refused(400, "BadRequestException", "Routing rules"):
        api.create_domain_name(
            DomainName="chat.example.com",
            DomainNameConfigurations=[{"CertificateArn": arn}],
            RoutingMode="ROUTING_RULE_ONLY",
        )


def test_a_domain_can_exist_once_and_an_unknown_one_is_404(api: Any, arn: str) -> None:
    make_domain(api, arn)

    with refused(409, "ConflictException", "The domain name you provided already exists."):
        make_domain(api, arn)
    with refused(404, "NotFoundException", "domain name resource specified in the request was not found"):
        api.get_domain_name(DomainName="other.example.com")


def test_a_new_certificate_leaves_the_address_as_it_is(api: Any, certificates: dict[str, str]) -> None:
    before = make_domain(api, certificates["*.example.com"])["DomainNameConfigurations"][0]

    after = api.update_domain_name(
        DomainName="chat.example.com",
        DomainNameConfigurations=[{"CertificateArn": certificates["chat.example.com"]}],
    )["DomainNameConfigurations"][0]

    assert after == before | {"CertificateArn": certificates["chat.example.com"]}


def test_mappings_lead_hosts_and_paths_to_stages(
    api: Any, arn: str, api_id: str, plane: ControlPlane
) -> None:
    other = make_api(api)
    api.create_stage(ApiId=other, StageName="test")
    make_domain(api, arn)
    ids = {"DomainName": "chat.example.com"}
    root = api.create_api_mapping(**ids, ApiId=api_id, Stage="prod")
    api.create_api_mapping(**ids, ApiId=other, Stage="test", ApiMappingKey="beta")

    resolve = plane.resolve_domain
    assert status_of(root) == 201
    assert resolve("chat.example.com", "/") == (api_id, "prod", "/")
    assert resolve("CHAT.example.com:443", "") == (api_id, "prod", "")
    assert resolve("chat.example.com", "/@connections/x%3D") == (api_id, "prod", "/@connections/x%3D")
    assert resolve("chat.example.com", "/beta/@connections/x") == (other, "test", "/@connections/x")
    assert resolve("chat.example.com", "/beta") == (other, "test", "")
    assert resolve("chat.example.com", "/betamax") == (api_id, "prod", "/betamax")
    assert resolve("other.example.com", "/") is None


def test_a_wildcard_domain_takes_every_name_of_one_more_label(
    api: Any, arn: str, api_id: str, plane: ControlPlane
) -> None:
    make_domain(api, arn, "*.example.com")
    api.create_api_mapping(DomainName="*.example.com", ApiId=api_id, Stage="prod", ApiMappingKey="a")

    assert plane.resolve_domain("x.example.com", "/a/b") == (api_id, "prod", "/b")
    assert plane.resolve_domain("x.example.com", "/b") is None
    assert plane.resolve_domain("x.y.example.com", "/a") is None


def test_a_wrong_mapping_is_refused(api: Any, arn: str, api_id: str) -> None:
    make_domain(api, arn)
    asked = {"DomainName": "chat.example.com", "ApiId": api_id, "Stage": "prod"}
    api.create_api_mapping(**asked)

    for changes, status, code, says in (
        ({"ApiId": "nope"}, 404, "NotFoundException", "Invalid API identifier"),
        ({"Stage": "nope"}, 404, "NotFoundException", "stage"),
        ({"DomainName": "nope.example.com"}, 404, "NotFoundException", "domain name"),
        ({"ApiMappingKey": "a/b"}, 400, "BadRequestException", "mapping key"),
        ({}, 409, "ConflictException", "ApiMapping key already exists for this domain name"),
    ):
        with refused(status, code, says):
            api.create_api_mapping(**{**asked, **changes})


def test_mappings_go_before_their_stage_their_api_and_their_domain(api: Any, arn: str, api_id: str) -> None:
    make_domain(api, arn)
    ids = {"DomainName": "chat.example.com"}
    mapping = api.create_api_mapping(**ids, ApiId=api_id, Stage="prod")["ApiMappingId"]

    says = "Deleting stage prod failed. Please remove all base path mappings related to the stage"
    with refused(400, "BadRequestException", says, "in your domains: chat.example.com"):
        api.delete_stage(ApiId=api_id, StageName="prod")
    with refused(400, "BadRequestException", "remove all base path mappings", "chat.example.com"):
        api.delete_api(ApiId=api_id)
    with refused(409, "ConflictException", "API mappings first"):
        api.delete_domain_name(**ids)

    moved = api.update_api_mapping(**ids, ApiMappingId=mapping, ApiId=api_id, ApiMappingKey="v1")
    assert api.get_api_mappings(**ids)["Items"][0]["ApiMappingKey"] == moved["ApiMappingKey"] == "v1"
    assert status_of(api.delete_api_mapping(**ids, ApiMappingId=mapping)) == 204
    with refused(404, "NotFoundException", "api mapping resource"):
        api.get_api_mapping(**ids, ApiMappingId=mapping)
    api.delete_stage(ApiId=api_id, StageName="prod")
    api.delete_api(ApiId=api_id)
    api.delete_domain_name(**ids)
    assert api.get_domain_names()["Items"] == []
