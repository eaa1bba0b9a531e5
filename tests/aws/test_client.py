"""What the real boto3 raises, in our words."""

from __future__ import annotations

import io
import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore import exceptions as boto
from botocore.awsrequest import AWSResponse
from urllib3 import HTTPResponse

from apigw_ws.aws import connections
from apigw_ws.aws.client import ClientConfig, _client, _session, client
from apigw_ws.aws.errors import translated
from apigw_ws.exceptions import (
    AwsError,
    AwsUnreachable,
    ConfigurationError,
    ConnectionGone,
    Throttled,
)
from tests.emulator.backend import recording_backend
from tests.emulator.serving import Api, Served, running_emulator


def config(aws: Served, **fields: Any) -> ClientConfig:
    given = {
        "region": aws.region,
        "endpoint_url": aws.url,
        "access_key_id": aws.access_key,
        "secret_access_key": aws.secret_key,
        "attempts": 1,
    }
    return ClientConfig(**{**given, **fields})


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with running_emulator() as served:
        yield served


@pytest.fixture(autouse=True)
def no_faults(served: Served) -> Iterator[None]:
    yield
    served.backstage("DELETE", "faults")


@pytest.fixture(scope="module")
def api(served: Served) -> Iterator[Api]:
    with recording_backend() as backend:
        yield served.create_api(backend.url)


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """Nothing in the environment that boto3 would find, and no cached client."""
    for name in list(os.environ):
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    _client.cache_clear()
    _session.cache_clear()
    return monkeypatch


def management(served: Served, api: Api, **fields: Any) -> Any:
    url = f"{served.url}/_aws/execute-api/{api.api_id}/{api.stage}"
    return client("apigatewaymanagementapi", config(served, **{"endpoint_url": url, **fields}))


def test_a_closed_connection_is_gone_and_the_sentence_names_it(served: Served, api: Api) -> None:
    for call in (connections.get, connections.close, lambda c, i: connections.post(c, i, b"x")):
        with pytest.raises(ConnectionGone, match="The connection e_d2EewNLPECIGw= is closed") as caught:
            call(management(served, api), "e_d2EewNLPECIGw=")

        assert isinstance(caught.value.__cause__, boto.ClientError)


def test_a_malformed_connection_id_is_an_error_that_botocore_does_not_model(served: Served, api: Api) -> None:
    with pytest.raises(AwsError, match="Invalid connectionId") as caught:
        connections.post(management(served, api), "nonsense-id", b"x")

    assert (caught.value.code, caught.value.status) == ("BadRequestException", 400)
    assert caught.value.operation == "PostToConnection"
    assert caught.value.request_id


def test_a_payload_over_the_limit_is_refused_by_aws_too(served: Served, api: Api) -> None:
    with pytest.raises(AwsError) as caught:
        connections.post(management(served, api), "e_d2EewNLPECIGw=", b"x" * 131_073)

    assert (caught.value.code, caught.value.status) == ("PayloadTooLargeException", 413)


def test_a_wrong_stage_or_key_is_an_error_that_says_what_to_check(served: Served, api: Api) -> None:
    with pytest.raises(
        AwsError, match=r"Forbidden \(.*\)\. Check the region, the stage and the IAM"
    ) as caught:
        elsewhere = management(served, api, endpoint_url=f"{served.url}/_aws/execute-api/{api.api_id}/none")
        connections.post(elsewhere, "e_d2EewNLPECIGw=", b"x")
    assert caught.value.status == 403

    with pytest.raises(AwsError, match="signature") as caught:
        connections.post(management(served, api, secret_access_key="wrong"), "e_d2EewNLPECIGw=", b"x")
    assert caught.value.status == 403


def create(made: Any, name: str) -> str:
    with translated():
        answer = made.create_api(
            Name=name, ProtocolType="WEBSOCKET", RouteSelectionExpression="$request.body.x"
        )
    return str(answer["ApiId"])


def named(served: Served, name: str) -> list[Any]:
    return [api for api in served.client("apigatewayv2").get_apis()["Items"] if api["Name"] == name]


def test_a_call_that_aws_limits_is_sent_again(served: Served) -> None:
    served.fault("apigateway:CreateApi", "throttle")

    create(client("apigatewayv2", config(served, attempts=2)), "limited once")

    assert len(named(served, "limited once")) == 1


def test_a_call_that_aws_keeps_limiting_is_throttled(served: Served) -> None:
    served.fault("apigateway:CreateApi", "throttle", times=2)

    with pytest.raises(Throttled, match=r"AWS refused CreateApi.* try again in a minute") as caught:
        create(client("apigatewayv2", config(served, attempts=2)), "limited twice")

    assert (caught.value.code, caught.value.status) == ("TooManyRequestsException", 429)


@pytest.mark.parametrize("effect", ["reset", "error"])
def test_a_create_whose_answer_was_lost_is_not_repeated(served: Served, effect: str) -> None:
    served.fault("apigateway:CreateApi", effect, when="after")

    with pytest.raises(AwsError):
        create(client("apigatewayv2", config(served, attempts=5)), f"lost by {effect}")

    assert len(named(served, f"lost by {effect}")) == 1


@pytest.mark.parametrize("effect", ["reset", "error"])
def test_a_read_whose_answer_was_lost_is_repeated(served: Served, api: Api, effect: str) -> None:
    served.fault("apigateway:GetApi", effect)

    answer = client("apigatewayv2", config(served, attempts=2)).get_api(ApiId=api.api_id)

    assert answer["ApiId"] == api.api_id


def test_somebody_elses_concurrent_change_is_waited_for(served: Served, api: Api) -> None:
    made = client("apigatewayv2", config(served, attempts=2, pool=11))
    said = b'{"message": "Unable to complete operation due to concurrent modification."}'
    headers: Any = {"x-amzn-ErrorType": "ConflictException"}
    answers = [AWSResponse("", 409, headers, HTTPResponse(io.BytesIO(said), preload_content=False))]

    made.meta.events.register(
        "before-send.apigatewayv2.CreateApi", lambda **_: answers.pop() if answers else None
    )

    assert create(made, "patient")


def test_a_post_that_is_limited_is_throttled_in_the_end(served: Served, api: Api) -> None:
    served.fault("execute-api:PostToConnection", "throttle", times=None)

    with pytest.raises(Throttled, match="try again in a minute"):
        connections.post(management(served, api), "e_d2EewNLPECIGw=", b"x")


def closed_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def test_no_answer_is_unreachable_and_says_where(served: Served) -> None:
    url = f"http://127.0.0.1:{closed_port()}"

    with pytest.raises(AwsUnreachable, match=rf"No answer from AWS: .*{url}.* Check the network") as caught:
        create(client("apigatewayv2", config(served, endpoint_url=url)), "nobody")

    assert (caught.value.code, caught.value.status) == ("EndpointConnectionError", 0)


def test_an_answer_that_comes_too_late_is_unreachable(served: Served) -> None:
    served.fault("apigateway:GetApis", "delay", seconds=3)

    with pytest.raises(AwsUnreachable, match="Read timeout"), translated():
        client("apigatewayv2", config(served, timeout=1)).get_apis()


def test_missing_credentials_are_unreachable(served: Served, bare: pytest.MonkeyPatch) -> None:
    with pytest.raises(AwsUnreachable, match=r"Unable to locate credentials\. Give the servers"):
        create(client("apigatewayv2", config(served, access_key_id="", secret_access_key="")), "nobody")


def test_a_missing_region_says_where_to_write_it(bare: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigurationError, match=r"You must specify a region.* APIGW_WS"):
        client("apigatewayv2", ClientConfig())


def test_an_unknown_profile_says_where_to_write_it(bare: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigurationError, match=r"profile \(nobody\) could not be found.*AWS_IAM_PROFILE"):
        client("apigatewayv2", ClientConfig(profile="nobody"))


def test_an_endpoint_that_is_no_url_says_how_to_write_it() -> None:
    with pytest.raises(
        ConfigurationError, match=r"Invalid endpoint: localhost:8790\. Write the endpoint as a URL"
    ):
        client("apigatewayv2", ClientConfig(region="us-east-1", endpoint_url="localhost:8790"))


def test_boto3s_own_chain_is_used_where_nothing_is_given(bare: pytest.MonkeyPatch) -> None:
    bare.setenv("AWS_DEFAULT_REGION", "eu-north-1")

    assert client("apigatewayv2", ClientConfig()).meta.region_name == "eu-north-1"


def test_a_value_that_botocore_refuses_is_an_error(served: Served) -> None:
    with pytest.raises(AwsError, match=r"AWS takes no such value.*Name"), translated():
        client("apigatewayv2", config(served)).create_api(Name=1, ProtocolType="WEBSOCKET")


@pytest.mark.parametrize(
    ("code", "status", "hint"),
    [
        ("ExpiredToken", 403, "Renew the AWS credentials"),
        ("AccessDeniedException", 403, "IAM policy"),
        ("InternalFailure", 500, "try again"),
        ("BadRequestException", 400, "Correct what it names"),
        ("NotFoundException", 404, "removed it in AWS"),
        ("ConflictException", 409, "somebody else"),
    ],
)
def test_the_sentence_says_what_to_do(code: str, status: int, hint: str) -> None:
    answer = {"Error": {"Code": code, "Message": "No."}, "ResponseMetadata": {"HTTPStatusCode": status}}

    with pytest.raises(AwsError, match=hint), translated():
        raise boto.ClientError(answer, "CreateApi")  # type: ignore[arg-type]


def test_an_answer_without_a_message_still_makes_a_sentence() -> None:
    with (
        pytest.raises(AwsError, match=r"^AWS refused GetApi: no reason was given \(\)\. Correct"),
        translated(),
    ):
        raise boto.ClientError({}, "GetApi")


def test_threads_share_one_client(served: Served) -> None:
    made: list[Any] = []
    wanted = config(served, pool=12)
    threads = [threading.Thread(target=lambda: made.append(client("apigatewayv2", wanted))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(made) == 8
    assert len(set(map(id, made))) == 1


def test_the_connections_of_many_threads_are_kept(served: Served, caplog: pytest.LogCaptureFixture) -> None:
    made = client("apigatewayv2", config(served))
    served.fault("apigateway:GetApis", "delay", seconds=0.1, times=None)
    threads = [threading.Thread(target=made.get_apis) for _ in range(15)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    served.backstage("DELETE", "faults")

    assert "Connection pool is full" not in caplog.text


def test_a_config_does_not_show_its_secret() -> None:
    assert "hidden" not in repr(ClientConfig(secret_access_key="hidden"))
