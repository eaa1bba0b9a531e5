"""Roles, assumed with the real boto3."""

from __future__ import annotations

import json
import time
import urllib.request
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config

from apigw_ws.emulator.main import _parser
from apigw_ws.emulator.roles import Roles
from apigw_ws.emulator.values import AwsError
from tests.emulator.aws import refused
from tests.emulator.serving import Served, running_emulator

PLAIN, STRICT = "arn:aws:iam::123456789012:role/plain", "arn:aws:iam::210987654321:role/live/strict"


@pytest.fixture(scope="module")
def aws() -> Iterator[Served]:
    with running_emulator(roles=((PLAIN, ""), (STRICT, "between-us"))) as served:
        yield served


@pytest.fixture(scope="module")
def sts(aws: Served) -> Any:
    return aws.client("sts")


def assumed(sts: Any, role: str = PLAIN, **more: Any) -> dict[str, Any]:
    answer: dict[str, Any] = sts.assume_role(RoleArn=role, RoleSessionName="me", **more)
    return answer


def client_of(aws: Served, service: str, credentials: dict[str, Any], **changes: Any) -> Any:
    keys: Any = {
        "aws_access_key_id": credentials["AccessKeyId"],
        "aws_secret_access_key": credentials["SecretAccessKey"],
        "aws_session_token": credentials["SessionToken"],
    } | changes
    config = Config(retries={"total_max_attempts": 1})
    make: Any = boto3.client
    return make(service, endpoint_url=aws.url, region_name=aws.region, config=config, **keys)


def test_the_keys_own_user_is_who_asks_without_a_role(sts: Any) -> None:
    assert sts.get_caller_identity()["Arn"] == "arn:aws:iam::123456789012:user/emulator"


def test_a_role_is_assumed_and_its_credentials_work_for_an_hour(aws: Served, sts: Any) -> None:
    answer = assumed(sts, STRICT, ExternalId="between-us")

    credentials = answer["Credentials"]
    identity = client_of(aws, "sts", credentials).get_caller_identity()
    assert identity["Arn"] == "arn:aws:sts::210987654321:assumed-role/strict/me"
    assert identity["Arn"] == answer["AssumedRoleUser"]["Arn"]
    assert identity["Account"] == "210987654321"
    assert identity["UserId"] == answer["AssumedRoleUser"]["AssumedRoleId"]
    assert 3590 < credentials["Expiration"].timestamp() - time.time() <= 3600
    assert credentials["AccessKeyId"].startswith("ASIA")
    client_of(aws, "apigatewayv2", credentials).get_apis()


@pytest.mark.parametrize(
    ("role", "more"),
    [
        ("arn:aws:iam::123456789012:role/unknown", {}),
        (STRICT, {}),
        (STRICT, {"ExternalId": "wrong"}),
    ],
)
def test_a_role_that_does_not_trust_who_asks_is_denied(sts: Any, role: str, more: dict[str, str]) -> None:
    says = f"user/emulator is not authorized to perform: sts:AssumeRole on resource: {role}"
    with refused(403, "AccessDenied", says):
        assumed(sts, role, **more)


def test_a_role_that_demands_no_external_id_takes_any(sts: Any) -> None:
    assert assumed(sts, ExternalId="whatever")["Credentials"]


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"RoleSessionName": "a b"}, "roleSessionName"),
        ({"ExternalId": "ä!"}, "externalId"),
        ({"DurationSeconds": 43_201}, "durationSeconds"),
        ({"DurationSeconds": 3601}, "MaxSessionDuration"),
    ],
)
def test_what_sts_does_not_take_is_an_error(sts: Any, more: dict[str, Any], says: str) -> None:
    with refused(400, "ValidationError", says):
        sts.assume_role(**{"RoleArn": PLAIN, "RoleSessionName": "me"} | more)


def test_a_role_can_assume_another(aws: Served, sts: Any) -> None:
    first = client_of(aws, "sts", assumed(sts)["Credentials"])

    with refused(403, "AccessDenied", "User: arn:aws:sts::123456789012:assumed-role/plain/me is not"):
        assumed(first, STRICT)
    assert assumed(first, STRICT, ExternalId="between-us")


def forged(token: str) -> str:
    told, _, seal = token.partition(".")
    session = json.loads(urlsafe_b64decode(told)) | {"expires": 9_999_999_999}
    return f"{urlsafe_b64encode(json.dumps(session).encode()).decode()}.{seal}"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda c: {"aws_session_token": None}, "UnrecognizedClientException"),
        (lambda c: {"aws_session_token": "x" * 40}, "UnrecognizedClientException"),
        (lambda c: {"aws_session_token": forged(c["SessionToken"])}, "UnrecognizedClientException"),
        (lambda c: {"aws_access_key_id": "ASIAOTHER"}, "UnrecognizedClientException"),
        (lambda c: {"aws_secret_access_key": "wrong"}, "InvalidSignatureException"),
    ],
)
def test_only_the_three_together_are_good(aws: Served, sts: Any, change: Any, code: str) -> None:
    credentials = assumed(sts)["Credentials"]

    with refused(403, code):
        client_of(aws, "sts", credentials, **change(credentials)).get_caller_identity()


def test_the_users_keys_with_a_roles_token_are_refused(aws: Served, sts: Any) -> None:
    token = assumed(sts)["Credentials"]["SessionToken"]
    keys = {"aws_access_key_id": aws.access_key, "aws_secret_access_key": aws.secret_key}

    with refused(403, "UnrecognizedClientException"):
        client_of(
            aws, "sts", {"AccessKeyId": "", "SecretAccessKey": "", "SessionToken": token}, **keys
        ).get_caller_identity()


def test_a_presigned_url_carries_the_token(aws: Served, sts: Any) -> None:
    signer = client_of(aws, "sts", assumed(sts)["Credentials"])
    url = signer.generate_presigned_url("get_caller_identity", HttpMethod="GET")

    with urllib.request.urlopen(url, timeout=5) as answer:
        assert b"assumed-role/plain/me" in answer.read()


def test_credentials_expire() -> None:
    now = 1_790_000_000.0
    roles = Roles({PLAIN: ""}, "secret", lambda: now)
    given = roles.assume(PLAIN, "me", 900)
    assert roles.secret_key(given.session.access_key, given.token) == given.secret_key

    now += 900

    with pytest.raises(AwsError, match="expired") as caught:
        roles.secret_key(given.session.access_key, given.token)
    assert (caught.value.code, caught.value.status) == ("ExpiredTokenException", 403)
    assert given.secret_key not in repr(given)
    assert given.token not in repr(given)


def test_credentials_outlive_a_restart() -> None:
    given = Roles({PLAIN: ""}, "secret").assume(PLAIN, "me", 900)

    assert Roles({}, "secret").secret_key(given.session.access_key, given.token) == given.secret_key
    assert Roles({}, "other").session(given.token) is None


def test_without_a_choice_there_is_one_role() -> None:
    with running_emulator() as served:
        assert assumed(served.client("sts"), "arn:aws:iam::123456789012:role/gateways")


def test_roles_are_chosen_on_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    chosen = _parser().parse_args(["--role", PLAIN, "--role", f"{STRICT},between-us"])
    assert chosen.role == [(PLAIN, ""), (STRICT, "between-us")]

    with pytest.raises(SystemExit):
        _parser().parse_args(["--role", "plain"])
    assert "'plain' is no role's ARN" in capsys.readouterr().err
