from __future__ import annotations

import pytest
from pytest_django import Settings

from apigw_ws.exceptions import ConfigurationError, NotProvisioned
from apigw_ws.models import ApiGateway
from apigw_ws.services import endpoints

AWS_ENDPOINT = "wss://abcde12345.execute-api.eu-central-1.amazonaws.com"


@pytest.mark.parametrize(
    ("own", "configured", "expected"),
    [
        ("eu-west-1", {"APIGW_WS": {"REGION": "eu-north-1"}}, "eu-west-1"),
        ("", {"APIGW_WS": {"REGION": "eu-north-1"}, "AWS_GATEWAY_REGION_NAME": "us-east-2"}, "eu-north-1"),
        ("", {"AWS_GATEWAY_REGION_NAME": "us-east-2", "AWS_REGION_NAME": "us-west-1"}, "us-east-2"),
        ("", {"AWS_REGION_NAME": "us-west-1"}, "us-west-1"),
        ("", {}, ""),
    ],
)
def test_the_region_is_the_gateways_own_or_that_of_the_settings(
    settings: Settings, own: str, configured: dict[str, object], expected: str
) -> None:
    for name, value in configured.items():
        setattr(settings, name, value)

    assert endpoints.config_for(ApiGateway(region=own)).region == expected


def test_the_endpoint_is_the_gateways_own_or_that_of_the_settings(settings: Settings) -> None:
    settings.APIGW_WS = {"ENDPOINT_URL": "http://127.0.0.1:8790"}

    assert endpoints.config_for(ApiGateway()).endpoint_url == "http://127.0.0.1:8790"
    assert endpoints.config_for(ApiGateway(endpoint_url="http://own")).endpoint_url == "http://own"


def test_the_credentials_are_those_of_the_settings_if_any(settings: Settings) -> None:
    empty = endpoints.config_for(ApiGateway())
    settings.AWS_IAM_PROFILE = "ops"
    settings.AWS_ACCESS_KEY_ID, settings.AWS_SECRET_ACCESS_KEY = "AKIA", "secret"
    given = endpoints.config_for(ApiGateway())

    assert (empty.profile, empty.access_key_id, empty.secret_access_key) == ("", "", "")
    assert (given.profile, given.access_key_id, given.secret_access_key) == ("ops", "AKIA", "secret")


def test_half_a_key_pair_is_an_error(settings: Settings) -> None:
    settings.AWS_ACCESS_KEY_ID = "AKIA"

    with pytest.raises(ConfigurationError, match="belong together: set both or neither"):
        endpoints.config_for(ApiGateway())


@pytest.mark.parametrize(
    ("fields", "management", "client"),
    [
        (
            {"api_endpoint": AWS_ENDPOINT},
            "https://abcde12345.execute-api.eu-central-1.amazonaws.com/production",
            f"{AWS_ENDPOINT}/production",
        ),
        (
            {"api_endpoint": "ws://127.0.0.1:8790/_aws/execute-api/abcde12345"},
            "http://127.0.0.1:8790/_aws/execute-api/abcde12345/production",
            "ws://127.0.0.1:8790/_aws/execute-api/abcde12345/production",
        ),
        (
            {"api_endpoint": AWS_ENDPOINT, "domain_name": "ws.example.com", "api_mapping_id": "m1"},
            "https://ws.example.com",
            "wss://ws.example.com",
        ),
        (
            {"api_endpoint": AWS_ENDPOINT, "domain_name": "ws.example.com"},
            "https://abcde12345.execute-api.eu-central-1.amazonaws.com/production",
            f"{AWS_ENDPOINT}/production",
        ),
        (
            {
                "api_endpoint": "ws://web:8790/_aws/a1",
                "domain_name": "ws.example.com",
                "api_mapping_id": "m1",
            },
            "http://web:8790/_aws/a1/production",
            "ws://web:8790/_aws/a1/production",
        ),
        (
            {
                "api_endpoint": AWS_ENDPOINT,
                "domain_name": "new.example.com",
                "live_domain_name": "ws.example.com",
                "api_mapping_id": "m1",
                "live_stage_name": "test",
            },
            "https://ws.example.com",
            "wss://ws.example.com",
        ),
    ],
    ids=[
        "AWS",
        "emulator",
        "custom domain",
        "custom domain without a mapping",
        "emulator's custom domain",
        "stage and domain renamed and not applied",
    ],
)
def test_connections_are_below_the_stage_or_the_custom_domain(
    fields: dict[str, str], management: str, client: str
) -> None:
    gateway = ApiGateway(api_name="chat", deployment_id="d1", **fields)

    assert endpoints.management_url(gateway) == management
    assert gateway.client_url == client


def test_a_gateway_that_is_not_deployed_has_no_url() -> None:
    gateway = ApiGateway(api_name="chat", api_endpoint=AWS_ENDPOINT)

    assert gateway.client_url == ""
    with pytest.raises(NotProvisioned, match=r"“chat” is not deployed in AWS yet\. Apply its plan first"):
        endpoints.management_url(gateway)


@pytest.mark.parametrize(
    ("endpoint", "expected"),
    [
        ("", "https://route53.amazonaws.com"),
        (
            "https://vpce-1-abc.apigateway.eu-central-1.vpce.amazonaws.com",
            "https://route53.amazonaws.com",
        ),
        ("http://127.0.0.1:8790", "http://127.0.0.1:8790"),
    ],
)
def test_dns_is_at_aws_unless_everything_is_somewhere_else(endpoint: str, expected: str) -> None:
    gateway = ApiGateway(region="eu-central-1", endpoint_url=endpoint)

    assert endpoints.dns_client(gateway).meta.endpoint_url == expected
