"""The unmodified `aws` command line client makes, uses and deletes a gateway of a running emulator."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosedOK
from websockets.sync.client import connect

from tests.emulator.backend import Backend
from tests.emulator.serving import Served, emulator_process

pytestmark = pytest.mark.clients
Aws = Callable[..., Any]


@pytest.fixture(scope="module")
def command() -> str:
    """The client beside this Python or on the path."""
    beside = str(Path(sys.executable).parent)
    found = shutil.which("aws", path=f"{beside}{os.pathsep}{os.environ['PATH']}")
    if not found or subprocess.run([found, "--version"], capture_output=True, check=False).returncode:
        pytest.skip("The aws command line client is not installed: pip install awscli")
    return found


@pytest.fixture(scope="module")
def emulator() -> Iterator[Served]:
    with emulator_process() as served:
        yield served


@pytest.fixture(scope="module")
def environment(emulator: Served, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    nothing = str(tmp_path_factory.mktemp("aws") / "nothing")
    files = {"AWS_CONFIG_FILE": nothing, "AWS_SHARED_CREDENTIALS_FILE": nothing, "AWS_MAX_ATTEMPTS": "1"}
    return {**emulator.environment, **files}


@pytest.fixture
def aws(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Aws:
    """Runs `aws ...` and gives its JSON; with `fails`, what it says as it fails.

    All that the command does but start a Python and read AWS's models, which takes longer than its calls.
    """
    clidriver = pytest.importorskip("awscli.clidriver", reason="pip install awscli")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    driver = clidriver.create_clidriver()

    def run(*arguments: str, fails: bool = False) -> Any:
        code = driver.main([*arguments, "--output", "json"])
        done = capfd.readouterr()
        assert bool(code) == fails, done.err or done.out
        if fails:
            return done.err
        return json.loads(done.out) if done.out.strip() else None

    return run


def test_a_gateway_from_its_creation_to_its_end(
    aws: Aws, emulator: Served, backend: Backend, tmp_path: Path
) -> None:
    v2 = "apigatewayv2"
    created = aws(
        v2, "create-api", "--name", "chat", "--protocol-type", "WEBSOCKET",
        "--route-selection-expression", "$request.body.action", "--tags", "team=core",
    )  # fmt: skip
    api = ("--api-id", created["ApiId"])
    integration = aws(
        v2, "create-integration", *api, "--integration-type", "HTTP_PROXY", "--integration-method", "POST",
        "--integration-uri", f"{backend.url}/ws",
        "--request-parameters", "integration.request.header.connectionId=context.connectionId",
    )  # fmt: skip
    target = f"integrations/{integration['IntegrationId']}"
    aws(v2, "create-route", *api, "--route-key", "$connect", "--target", target)
    says = aws(v2, "create-route", *api, "--route-key", "$connect", "--target", target, fails=True)
    assert "(ConflictException)" in says
    assert "Route with key $connect already exists for this API" in says
    aws(v2, "create-stage", *api, "--stage-name", "prod")
    aws(v2, "create-deployment", *api, "--stage-name", "prod")

    with connect(f"{created['ApiEndpoint']}/prod") as socket:
        connection = str(backend.wait()[0].header("connectionId"))
        management = ("--endpoint-url", f"{emulator.url}/_aws/execute-api/{created['ApiId']}/prod")
        of_it = ("--connection-id", connection)
        aws("apigatewaymanagementapi", "post-to-connection", *of_it, "--data", "hello", *management)
        assert socket.recv(timeout=5) == "hello"
        found = aws("apigatewaymanagementapi", "get-connection", *of_it, *management)
        assert found["Identity"]["SourceIp"] == "127.0.0.1"
        aws("apigatewaymanagementapi", "delete-connection", *of_it, *management)
        with pytest.raises(ConnectionClosedOK, match="Connection Closed Normally"):
            socket.recv(timeout=5)
    gone = aws(
        "apigatewaymanagementapi", "post-to-connection", *of_it, "--data", "x", *management, fails=True
    )
    assert "(GoneException)" in gone

    assert [item["Tags"] for item in aws(v2, "get-apis", "--page-size", "1")["Items"]] == [{"team": "core"}]
    aws(v2, "delete-api", *api)
    assert "(NotFoundException)" in aws(v2, "get-api", *api, fails=True)


def test_the_services_beside_it(aws: Aws, tmp_path: Path) -> None:
    zone = aws("route53", "list-hosted-zones")["HostedZones"][0]["Id"]
    record = {"Name": "a.example.com", "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "10.0.0.1"}]}
    batch = tmp_path / "batch.json"
    batch.write_text(json.dumps({"Changes": [{"Action": "CREATE", "ResourceRecordSet": record}]}))
    change = ("change-resource-record-sets", "--hosted-zone-id", zone, "--change-batch", batch.as_uri())
    aws("route53", *change)

    assert "InvalidChangeBatch" in aws("route53", *change, fails=True)
    assert aws("sts", "get-caller-identity")["Account"] == "123456789012"
    certificates = aws("acm", "list-certificates", "--certificate-statuses", "ISSUED")
    assert len(certificates["CertificateSummaryList"]) == 3
    assert aws("cloudwatch", "list-metrics", "--namespace", "AWS/Nothing") == {"Metrics": []}


def test_a_wrong_secret_is_refused(command: str, environment: dict[str, str]) -> None:
    done = subprocess.run(
        [command, "apigatewayv2", "get-apis"],
        env={**environment, "AWS_SECRET_ACCESS_KEY": "wrong"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode
    assert "(InvalidSignatureException)" in done.stderr
    assert "The request signature we calculated does not match" in done.stderr
