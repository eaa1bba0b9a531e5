"""How AWS is reached: as boto3 would, with its certificates, proxies and credentials."""

from __future__ import annotations

import shutil
import ssl
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from apigw_ws.aws import posting
from apigw_ws.aws.client import ClientConfig
from apigw_ws.delivery import Result, Target, deliver, feed
from apigw_ws.exceptions import AwsUnreachable
from tests.delivery.conftest import endpoint_at
from tests.delivery.server import SENT, Server
from tests.delivery.test_delivery import ids, results, send
from tests.emulator.serving import Served

Start = Callable[..., Server]

CHILD = """
import os, sys
from apigw_ws.delivery import Target, curl, deliver
from tests.delivery.conftest import endpoint_at

endpoint = endpoint_at(sys.argv[1])
def send(name):
    return [str(outcome.result) for outcome in deliver([Target(connection_id=name)], b"x", endpoint=endpoint)]

assert send("before=") == ["sent"]
assert len(curl._idle) == 1
child = os.fork()
if child == 0:
    os._exit(0 if send("child=") == ["sent"] and len(curl._idle) == 1 else 1)
assert send("parent=") == ["sent"]
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "_FIRST_PAUSE", 0.002)
    for name in ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "http_proxy", "https_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of 127.0.0.1 that vouches for itself, and its key."""
    if (openssl := shutil.which("openssl")) is None:
        pytest.skip("openssl is not installed")
    pem = tmp_path_factory.mktemp("tls") / "both.pem"
    command = f"{openssl} req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=test -keyout {pem} -out {pem}"
    subprocess.run(
        [*command.split(), "-addext", "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True
    )
    return pem


@pytest.fixture
def secure(server: Start, authority: Path) -> Server:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority)
    return server(lambda request: SENT, tls=context)


@pytest.mark.parametrize("variable", ["AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"])
def test_the_bundle_that_boto3_trusts_is_trusted(
    secure: Server, authority: Path, either_engine: str, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, str(authority))

    assert results(send(endpoint_at(secure.url), ids(20))) == {(Result.SENT, ""): 20}


def test_whoever_is_not_vouched_for_gets_nothing(secure: Server, either_engine: str) -> None:
    assert results(send(endpoint_at(secure.url), ids(3))) == {(Result.FAILED, "SSLError"): 3}
    assert secure.asked == []


def test_a_proxy_of_the_environment_is_used(
    server: Start, either_engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = server(lambda request: SENT)
    monkeypatch.setenv("HTTP_PROXY", f"http://user:hidden@127.0.0.1:{proxy.port}")
    monkeypatch.setenv("http_proxy", f"http://user:hidden@127.0.0.1:{proxy.port}")
    endpoint = endpoint_at("http://nowhere.example.com/prod")

    assert results(send(endpoint, ids(5))) == {(Result.SENT, ""): 5}
    assert len(proxy.sent) == 5
    assert "hidden" not in repr(endpoint)


def test_no_proxy_is_used_where_the_environment_forbids_it(
    server: Start, either_engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    served = server(lambda request: SENT)
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "127.0.0.1")

    assert results(send(endpoint_at(served.url), ids(5))) == {(Result.SENT, ""): 5}


def test_the_endpoint_of_the_environment_is_used_where_none_is_named(
    server: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    served = server(lambda request: SENT)
    monkeypatch.setenv("AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI", served.url)

    assert results(send(endpoint_at(""), ids(5))) == {(Result.SENT, ""): 5}


def test_without_credentials_there_is_no_endpoint(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))

    with pytest.raises(AwsUnreachable, match="There are no AWS credentials"):
        posting.endpoint(ClientConfig(region="eu-north-1", endpoint_url="http://127.0.0.1:9/prod", timeout=3))


def test_a_forked_process_has_connections_of_its_own(server: Start) -> None:
    served = server(lambda request: SENT)

    done = subprocess.run([sys.executable, "-c", CHILD, served.url], capture_output=True, text=True)

    assert (done.returncode, done.stderr) == (0, "")
    assert sorted(served.sent) == ["before=", "child=", "parent="]
    assert served.accepted == 3


def test_the_emulator_accepts_the_signature_of_any_id(aws: Served, either_engine: str) -> None:
    api = aws.create_api("http://127.0.0.1:9")
    endpoint = posting.endpoint(
        ClientConfig(
            region=aws.region,
            endpoint_url=f"{aws.url}/_aws/execute-api/{api.api_id}/{api.stage}",
            access_key_id=aws.access_key,
            secret_access_key=aws.secret_key,
            attempts=1,
        )
    )
    names = ["L0SM9cOFvHcCIhw=", "a b", "a+b", "é", "a?b#c", "a&b=c", "~a_b-c.d", "'\"<>"]

    outcomes = list(deliver([Target(connection_id=name) for name in names], b"x", endpoint=endpoint))

    assert [o.target.connection_id for o in outcomes if o.result is Result.FORBIDDEN] == []
    assert {outcome.code for outcome in outcomes} <= {"GoneException", "BadRequestException"}
    assert len(outcomes) == len(names)
