"""Clients that act as a role, with the real boto3 on the emulator."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore import exceptions as boto

from apigw_ws.aws import lookups, roles
from apigw_ws.aws.client import ClientConfig, _client, _session, client
from apigw_ws.aws.errors import translated
from apigw_ws.exceptions import AwsError, AwsUnreachable, ConfigurationError
from tests.emulator.serving import Served, running_emulator

LIVE, STAGING = "arn:aws:iam::111122223333:role/live", "arn:aws:iam::444455556666:role/staging"


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with running_emulator(roles=((LIVE, "between-us"), (STAGING, ""))) as served:
        yield served


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[pytest.MonkeyPatch]:
    """Nothing in the environment that boto3 would find, and nothing remembered of another test."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    _client.cache_clear()
    _session.cache_clear()
    roles._given.cache_clear()
    yield monkeypatch
    _client.cache_clear()


@pytest.fixture(autouse=True)
def no_faults(served: Served) -> Iterator[None]:
    yield
    served.backstage("DELETE", "faults")


def config(served: Served, **fields: Any) -> ClientConfig:
    given = {
        "region": served.region,
        "endpoint_url": served.url,
        "sts_url": served.url,
        "access_key_id": served.access_key,
        "secret_access_key": served.secret_key,
        "role_arn": STAGING,
        "attempts": 1,
    }
    return ClientConfig(**{**given, **fields})


def who(chosen: ClientConfig) -> str:
    return lookups.caller(client("sts", chosen)).arn


def test_a_client_acts_as_the_role(served: Served) -> None:
    assert who(config(served)) == "arn:aws:sts::444455556666:assumed-role/staging/apigw-ws"
    assert who(config(served, role_arn="")) == "arn:aws:iam::123456789012:user/emulator"


def test_an_external_id_is_sent_and_not_shown(served: Served) -> None:
    chosen = config(served, role_arn=LIVE, external_id="between-us")

    assert who(chosen) == "arn:aws:sts::111122223333:assumed-role/live/apigw-ws"
    assert "between-us" not in repr(chosen)


@pytest.mark.parametrize(
    "fields",
    [
        {"role_arn": LIVE},
        {"role_arn": LIVE, "external_id": "wrong"},
        {"role_arn": "arn:aws:iam::111122223333:role/nobody"},
    ],
)
def test_a_role_that_trusts_somebody_else_says_what_to_compare(
    served: Served, fields: dict[str, str]
) -> None:
    says = r"AWS refused AssumeRole: User: .*user/emulator is not .*\(AccessDenied.*Compare the .*external ID"
    with pytest.raises(AwsError, match=says) as caught:
        who(config(served, **fields))

    assert (caught.value.code, caught.value.status) == ("AccessDenied", 403)
    assert caught.value.operation == "AssumeRole"
    assert caught.value.request_id


def test_another_external_id_or_role_counts_at_once(served: Served) -> None:
    with pytest.raises(AwsError):
        who(config(served, role_arn=LIVE, external_id="wrong"))

    assert "/live/" in who(config(served, role_arn=LIVE, external_id="between-us"))
    assert "/staging/" in who(config(served, role_arn=STAGING))
    with pytest.raises(AwsError):
        who(config(served, role_arn=LIVE, external_id="wrong"))


@pytest.fixture
def calls(served: Served, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The operations that AWS is asked for."""
    assert served.emulator is not None
    noted: list[str] = []
    hit = served.emulator.faults.hit

    def noting(operation: str) -> Any:
        noted.append(operation)
        return hit(operation)

    monkeypatch.setattr(served.emulator.faults, "hit", noting)
    return noted


def test_the_clients_of_one_identity_assume_a_role_once(served: Served, calls: list[str]) -> None:
    who(config(served))
    client("apigatewayv2", config(served, timeout=3)).get_apis()
    client("acm", config(served)).list_certificates()

    assert calls.count("sts:AssumeRole") == 1


def test_credentials_are_renewed_before_they_expire(
    served: Served, calls: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = client("apigatewayv2", config(served))
    made.get_apis()
    made.get_apis()
    assert calls.count("sts:AssumeRole") == 1

    later = datetime.now(UTC) + timedelta(minutes=50)
    monkeypatch.setattr("botocore.credentials._local_now", lambda: later)
    made._request_signer._credentials._time_fetcher = lambda: later
    made.get_apis()

    assert calls.count("sts:AssumeRole") == 2


def test_sts_is_asked_at_its_own_address(served: Served) -> None:
    """The data plane's endpoint is one stage of one gateway."""
    stage = f"{served.url}/_aws/execute-api/abc/production"

    with pytest.raises(AwsError) as caught, translated():
        client("apigatewaymanagementapi", config(served, endpoint_url=stage)).post_to_connection(
            ConnectionId="e_d2EewNLPECIGw=", Data=b"x"
        )

    assert (caught.value.operation, caught.value.status) == ("PostToConnection", 403)


def test_sts_that_is_slow_is_given_up_as_soon_as_the_rest(served: Served) -> None:
    served.fault("sts:AssumeRole", "delay", seconds=3)

    with pytest.raises(AwsUnreachable, match="Read timeout"):
        who(config(served, timeout=1))


def test_a_wrong_signature_does_not_show_the_session_token(served: Served, bare: pytest.MonkeyPatch) -> None:
    given = served.client("sts").assume_role(RoleArn=STAGING, RoleSessionName="me")["Credentials"]
    bare.setenv("AWS_ACCESS_KEY_ID", given["AccessKeyId"])
    bare.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    bare.setenv("AWS_SESSION_TOKEN", given["SessionToken"])

    with pytest.raises(AwsError, match="signature") as caught:
        who(config(served, access_key_id="", secret_access_key="", role_arn=""))

    assert given["SessionToken"] not in str(caught.value)


def test_nothing_that_could_assume_the_role_is_a_sentence(served: Served) -> None:
    with pytest.raises(AwsUnreachable, match=r"Unable to locate credentials\. Give the servers"):
        client("sts", config(served, access_key_id="", secret_access_key=""))


def profile(path: str, **settings: str) -> None:
    lines = [f"{name} = {value}" for name, value in settings.items()]
    Path(os.environ[path]).write_text("\n".join(["[profile ops]" if "CONFIG" in path else "[ops]", *lines]))


def test_a_profile_assumes_the_role(served: Served) -> None:
    profile(
        "AWS_SHARED_CREDENTIALS_FILE",
        aws_access_key_id=served.access_key,
        aws_secret_access_key=served.secret_key,
    )
    keyless = {"access_key_id": "", "secret_access_key": "", "profile": "ops"}

    assert "/staging/" in who(config(served, **keyless))
    assert "user/emulator" in who(config(served, **keyless, role_arn=""))


def test_an_unknown_profile_says_where_to_write_it(served: Served) -> None:
    with pytest.raises(ConfigurationError, match=r"profile \(nobody\) could not be found.* on the account"):
        client("sts", config(served, profile="nobody"))


def test_a_profile_that_nobody_has_signed_in_to_says_how(served: Served) -> None:
    profile(
        "AWS_CONFIG_FILE",
        sso_start_url="https://example.awsapps.com/start",
        sso_region="us-east-1",
        sso_account_id="111122223333",
        sso_role_name="ops",
    )
    signed_out = config(served, profile="ops", access_key_id="", secret_access_key="")

    with pytest.raises(AwsUnreachable, match="aws sso login") as caught:
        who(signed_out)

    assert caught.value.code in {"SSOTokenLoadError", "UnauthorizedSSOTokenError"}


def test_a_profile_that_wants_an_mfa_code_is_a_sentence(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_terminal(fetcher: object) -> None:
        raise EOFError

    monkeypatch.setattr("botocore.credentials.AssumeRoleCredentialFetcher._assume_role_kwargs", no_terminal)

    with pytest.raises(ConfigurationError, match="MFA code"):
        who(config(served))


@pytest.mark.parametrize(
    ("code", "hint"),
    [("ExpiredToken", "Renew the AWS credentials"), ("RegionDisabledException", "external ID")],
)
def test_what_sts_refuses_says_what_to_do(code: str, hint: str) -> None:
    answer = {"Error": {"Code": code, "Message": "No."}, "ResponseMetadata": {"HTTPStatusCode": 403}}

    with pytest.raises(AwsError, match=hint), translated():
        raise boto.ClientError(answer, "AssumeRole")  # type: ignore[arg-type]
