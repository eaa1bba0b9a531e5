"""AWS accounts: where a gateway is, and as whom it is made and reached."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db.models import ProtectedError
from pytest_django import Settings

from apigw_ws.exceptions import AwsError
from apigw_ws.models import ApiGateway, AwsAccount, WebSocketSession
from apigw_ws.services import accounts, endpoints, policies, provisioning
from tests.app.factories import new_gateway
from tests.emulator.serving import Served

ROLE = "arn:aws:iam::123456789012:role/gateways"


def account(**fields: Any) -> AwsAccount:
    return AwsAccount.objects.create(**{"label": "EU live", "role_arn": ROLE} | fields)


@pytest.fixture
def signers(aws: Served, monkeypatch: pytest.MonkeyPatch) -> dict[str, set[str]]:
    """Which kind of key signs, by service: AKIA is the user's own, ASIA a role's."""
    assert aws.emulator is not None
    noted: dict[str, set[str]] = {}
    verify = aws.emulator._front._verify
    assert verify is not None

    def noting(request: Any, service: str) -> Any:
        scope = verify(request, service)
        noted.setdefault(scope.service, set()).add(scope.access_key[:4])
        return scope

    monkeypatch.setattr(aws.emulator._front, "_verify", noting)
    return noted


@pytest.mark.parametrize(
    ("own", "accounts", "expected"),
    [("eu-west-1", "eu-west-2", "eu-west-1"), ("", "eu-west-2", "eu-west-2"), ("", "", "eu-north-1")],
)
def test_the_region_is_the_gateways_else_the_accounts_else_the_settings(
    settings: Settings, own: str, accounts: str, expected: str
) -> None:
    settings.APIGW_WS = {"REGION": "eu-north-1"}
    gateway = ApiGateway(region=own, account=AwsAccount(default_region=accounts))

    assert endpoints.config_for(gateway).region == expected


@pytest.mark.parametrize(
    ("own", "accounts", "expected"),
    [
        ("http://own", "http://account", "http://own"),
        ("", "http://account", "http://account"),
        ("", "", "http://settings"),
    ],
)
def test_so_is_the_endpoint_and_sts_is_there_too(
    settings: Settings, own: str, accounts: str, expected: str
) -> None:
    settings.APIGW_WS = {"ENDPOINT_URL": "http://settings"}
    config = endpoints.config_for(ApiGateway(endpoint_url=own, account=AwsAccount(endpoint_url=accounts)))

    assert config.endpoint_url == config.sts_url == expected


def test_sts_is_never_behind_api_gateways_vpc_endpoint() -> None:
    url = "https://vpce-1.execute-api.eu-central-1.vpce.amazonaws.com"

    assert endpoints.config_for(ApiGateway(endpoint_url=url)).sts_url == ""


def test_an_accounts_profile_stands_for_the_credentials_of_the_settings(settings: Settings) -> None:
    settings.AWS_IAM_PROFILE, settings.AWS_ACCESS_KEY_ID, settings.AWS_SECRET_ACCESS_KEY = "ops", "A", "S"

    own = endpoints.config_for(ApiGateway(account=AwsAccount(profile="live")))
    role = endpoints.config_for(ApiGateway(account=AwsAccount(role_arn=ROLE, external_id="between-us")))

    assert (own.profile, own.access_key_id, own.secret_access_key) == ("live", "", "")
    assert (role.profile, role.access_key_id, role.role_arn) == ("ops", "A", ROLE)
    assert "between-us" not in repr(role)


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({}, None),
        ({"role_arn": ROLE, "external_id": "between-us"}, None),
        ({"role_arn": "arn:aws-us-gov:iam::123456789012:role/path/of/gateways"}, None),
        ({"default_region": "us-gov-west-1"}, None),
        ({"default_region": "eusc-de-east-1"}, None),
        ({"external_id": "between-us"}, "external_id"),
        ({"role_arn": "arn:aws:iam::123456789012:user/somebody"}, "role_arn"),
        ({"role_arn": f"{ROLE}\n"}, "role_arn"),
        ({"role_arn": ROLE, "external_id": "x"}, "external_id"),
        ({"default_region": "eu-central"}, "default_region"),
        ({"endpoint_url": "ftp://example.com"}, "endpoint_url"),
    ],
)
@pytest.mark.django_db
def test_an_account_is_what_aws_takes(fields: dict[str, str], wrong: str | None) -> None:
    made = AwsAccount(label="EU live", **fields)
    if wrong is None:
        made.full_clean()
        return
    with pytest.raises(ValidationError) as caught:
        made.full_clean()
    assert set(caught.value.message_dict) == {wrong}


@pytest.mark.django_db
def test_an_account_stays_while_gateways_use_it() -> None:
    used = account()
    new_gateway(account=used)

    with pytest.raises(ProtectedError):
        used.delete()


@pytest.mark.django_db
def test_a_gateway_is_made_and_reached_as_its_accounts_role(
    aws: Served, signers: dict[str, set[str]]
) -> None:
    zone = aws.client("route53").list_hosted_zones()["HostedZones"][0]
    certificates = aws.client("acm").list_certificates()["CertificateSummaryList"]
    gateway = new_gateway(
        "accounted",
        api_id="",
        api_endpoint="",
        api_created=False,
        deployment_id="",
        account=account(default_region="us-east-1"),
        domain_name="accounted.example.com",
        certificate_arn=next(c["CertificateArn"] for c in certificates if c["DomainName"] == "*.example.com"),
        hosted_zone_id=zone["Id"].rpartition("/")[2],
    )
    signers.clear()

    call_command("createApiGateway", pk=gateway.pk)
    gateway.refresh_from_db()
    session = WebSocketSession.objects.create(connection_id="e_d2EewNLPECIGw=", api_gateway=gateway)
    assert session.send_message({"hello": "world"}) is False

    assert signers["apigateway"] == signers["route53"] == signers["execute-api"] == {"ASIA"}
    assert signers.get("sts", {"AKIA"}) == {"AKIA"}
    assert provisioning.preview(gateway).operations == ()


@pytest.mark.django_db
def test_another_role_counts_at_once(aws: Served) -> None:
    gateway = new_gateway("moving", account=account())
    provisioning.preview(gateway)
    AwsAccount.objects.update(role_arn=f"{ROLE}-of-others")

    with pytest.raises(AwsError, match="AssumeRole"):
        provisioning.preview(ApiGateway.objects.get())


@pytest.mark.django_db
def test_a_check_remembers_the_account_and_a_failed_one_nothing(aws: Served) -> None:
    made = account()

    assert accounts.check(made).caller.account == "123456789012"

    made.refresh_from_db()
    seen_on = made.seen_on
    assert made.account_id == "123456789012"
    made.role_arn = f"{ROLE}-of-others"
    with pytest.raises(AwsError):
        accounts.check(made)
    made.refresh_from_db()
    assert made.seen_on == seen_on


def test_the_trust_policy_names_who_asks_without_the_role(aws: Served) -> None:
    policy = accounts.trust_policy(AwsAccount(role_arn=ROLE))

    (statement,) = policy["Statement"]
    assert statement["Principal"] == {"AWS": "arn:aws:iam::123456789012:root"}
    assert "Condition" not in statement


@pytest.mark.django_db
def test_the_iam_policy_names_the_account_that_was_seen(aws: Served) -> None:
    gateway = new_gateway(account=account(account_id="111122223333"))

    send = next(each for each in policies.for_gateway(gateway)["Statement"] if each["Sid"] == "Send")

    assert send["Resource"] == [
        "arn:aws:execute-api:us-east-1:111122223333:abc123/production/*/@connections/*"
    ]
