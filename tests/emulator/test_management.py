"""@connections, driven by the real boto3 and by plain HTTP."""

from __future__ import annotations

import http.client
import re
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.emulator.backend import Backend
from tests.emulator.serving import Api, Served, running_emulator

KB = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """A connection, from both sides."""

    ws: ClientConnection
    connection_id: str
    api: Api


@pytest.fixture
def opened(aws: Served, backend: Backend) -> Iterator[Open]:
    api = aws.create_api(
        backend.url, parameters={"integration.request.header.code": "context.disconnectStatusCode"}
    )
    with connect(api.socket_url, user_agent_header='Quote"1') as ws:
        yield Open(ws=ws, connection_id=str(backend.wait()[0].header("connectionId")), api=api)


def signed(
    aws: Served, method: str, url: str, body: bytes = b"", service: str = "execute-api", **headers: str
) -> tuple[int, bytes, dict[str, str]]:
    """An answer to a request of a plain HTTP client that signs. Header names are in lower case."""
    request = AWSRequest(method=method, url=url, data=body, headers=headers)
    SigV4Auth(Credentials(aws.access_key, aws.secret_key), service, aws.region).add_auth(request)
    return plain(method, url, body, dict(request.headers))


def plain(
    method: str, url: str, body: bytes = b"", headers: dict[str, str] | None = None
) -> tuple[int, bytes, dict[str, str]]:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(str(parts.hostname), int(parts.port or 80), timeout=10)
    try:
        connection.request(method, parts.path, body, headers or {})
        response = connection.getresponse()
        return response.status, response.read(), {k.lower(): v for k, v in response.getheaders()}
    finally:
        connection.close()


def url_of(opened: Open, connection_id: str = "") -> str:
    base = opened.api.socket_url.replace("ws://", "http://")
    return f"{base}/@connections/{quote(connection_id or opened.connection_id, safe='')}"


def code_of(call: Any, **arguments: Any) -> tuple[int, str, str]:
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    response = caught.value.response
    status = response["ResponseMetadata"]["HTTPStatusCode"]
    return status, response["Error"]["Code"], response["Error"]["Message"]


def test_a_post_reaches_the_client(opened: Open) -> None:
    opened.api.management.post_to_connection(ConnectionId=opened.connection_id, Data="Grüße 🎈")

    assert opened.ws.recv(timeout=10) == "Grüße 🎈"


def test_a_post_s_answer_has_aws_s_headers(aws: Served, opened: Open) -> None:
    status, body, headers = signed(aws, "POST", url_of(opened), b"hi")

    assert (status, body, headers["content-length"]) == (200, b"", "0")
    assert headers["content-type"] == "application/json"
    assert re.fullmatch(r"[0-9a-f-]{36}", headers["x-amzn-requestid"])
    assert re.fullmatch(r"[\w-]{15}=", headers["x-amz-apigw-id"])
    assert headers["x-amzn-trace-id"].startswith("Root=1-")


def test_a_long_post_is_one_message_of_several_frames(opened: Open) -> None:
    opened.api.management.post_to_connection(ConnectionId=opened.connection_id, Data=b"x" * 100 * KB)

    assert [len(part) for part in opened.ws.recv_streaming()] == [32 * KB, 32 * KB, 32 * KB, 4 * KB]


def test_128_kb_can_be_posted_and_a_byte_more_cannot(opened: Open) -> None:
    post = opened.api.management.post_to_connection
    post(ConnectionId=opened.connection_id, Data=b"x" * 128 * KB)

    assert len(opened.ws.recv(timeout=5)) == 128 * KB
    assert code_of(post, ConnectionId=opened.connection_id, Data=b"x" * (128 * KB + 1))[:2] == (
        413,
        "PayloadTooLargeException",
    )


@pytest.mark.parametrize(
    ("data", "expected"),
    [(b"a\xffb", "a\ufffdb"), (b"\xed\xa0\x80!", "\ufffd!"), (b"\xe2\x82", "\ufffd"), (b"", "")],
)
def test_invalid_utf_8_is_replaced(opened: Open, data: bytes, expected: str) -> None:
    opened.api.management.post_to_connection(ConnectionId=opened.connection_id, Data=data)

    assert opened.ws.recv(timeout=10) == expected


def test_a_connection_s_description_is_laid_out_as_aws_does(aws: Served, opened: Open) -> None:
    status, body, headers = signed(aws, "GET", url_of(opened))

    assert (status, headers["content-type"]) == (200, "application/json")
    assert re.fullmatch(
        r'\{\n  "identity" : \{\n    "sourceIp" : "127\.0\.0\.1",\n    "userAgent" : "Quote\\"1"\n  \},\n'
        r'  "connectedAt" : "\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z",\n'
        r'  "lastActiveAt" : "\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"\n\}',
        body.decode(),
    )


def test_messages_in_both_directions_are_activity(opened: Open, backend: Backend) -> None:
    def last_active() -> float:
        found = opened.api.management.get_connection(ConnectionId=opened.connection_id)
        return float(found["LastActiveAt"].timestamp())

    first = last_active()
    time.sleep(0.01)
    opened.ws.send("in")
    backend.wait(path="/default")
    second = last_active()
    time.sleep(0.01)
    opened.api.management.post_to_connection(ConnectionId=opened.connection_id, Data=b"out")

    assert first < second < last_active()


def test_a_client_without_user_agent_has_none(aws: Served, backend: Backend) -> None:
    api = aws.create_api(backend.url)

    with connect(api.socket_url, user_agent_header=None):
        connection_id = backend.wait()[0].header("connectionId")
        identity = api.management.get_connection(ConnectionId=connection_id)["Identity"]
    assert identity == {"SourceIp": "127.0.0.1"}


def test_a_delete_closes_and_the_backend_is_told(opened: Open, backend: Backend, aws: Served) -> None:
    status, body, headers = signed(aws, "DELETE", url_of(opened))

    assert (status, body) == (204, b"")
    assert not {"content-type", "content-length"} & set(headers)
    assert {"x-amzn-requestid", "x-amz-apigw-id", "x-amzn-trace-id"} <= set(headers)
    with pytest.raises(ConnectionClosed) as caught:
        opened.ws.recv(timeout=10)
    assert caught.value.rcvd is not None
    assert (caught.value.rcvd.code, caught.value.rcvd.reason) == (1000, "Connection Closed Normally")
    assert backend.wait(path="/disconnect")[0].header("code") == "1000"


def test_a_closed_connection_is_gone_for_every_verb(opened: Open) -> None:
    management = opened.api.management
    management.delete_connection(ConnectionId=opened.connection_id)
    gone = (410, "GoneException", "")

    assert code_of(management.post_to_connection, ConnectionId=opened.connection_id, Data=b"x") == gone
    assert code_of(management.get_connection, ConnectionId=opened.connection_id) == gone
    assert code_of(management.delete_connection, ConnectionId=opened.connection_id) == gone


def test_an_id_that_never_existed_is_gone_with_an_empty_body(aws: Served, opened: Open) -> None:
    status, body, headers = signed(aws, "POST", url_of(opened, "L0SM9cOFvHcCIhw="), b"x")

    assert (status, body, headers["content-length"]) == (410, b"", "0")
    assert headers["x-amzn-errortype"] == "GoneException"
    assert headers["content-type"] == "application/json"
    assert "x-amzn-trace-id" in headers


@pytest.mark.parametrize(
    "bad",
    ["unknown", "a b", "é=", "L0SM9cOFvHcCIhw", "a+b/", "A" * 132, "L0SM9c!OFvHcCIhw=", "====", "a%zzbcd="],
)
def test_a_malformed_id_is_a_bad_request(aws: Served, opened: Open, bad: str) -> None:
    status, body, headers = signed(aws, "GET", url_of(opened, bad))

    assert status == 400
    assert headers["x-amzn-errortype"] == "BadRequestException"
    assert "x-amzn-trace-id" not in headers
    if bad.isascii():
        assert body == f'{{"message":"Invalid connectionId: {bad}"}}'.encode()


def test_an_id_that_was_encoded_twice_is_forbidden(aws: Served, opened: Open) -> None:
    """As an SDK did whose users met AWS's 403: https://github.com/aws/aws-sdk-go-v2/issues/889"""
    status, body, _ = signed(aws, "POST", url_of(opened, quote(opened.connection_id)), b"x")

    assert (status, body) == (403, b'{"message":"Forbidden"}')


def test_another_api_s_connection_is_gone(aws: Served, opened: Open, backend: Backend) -> None:
    other = aws.create_api(backend.url)

    assert code_of(other.management.get_connection, ConnectionId=opened.connection_id)[0] == 410


@pytest.mark.parametrize(
    "path",
    ["/{id}", "/nope/{id}", "/_aws/execute-api/{api}/{id}", "/test/@connections/", "/test/@connections"],
)
def test_a_url_without_the_right_stage_is_forbidden(aws: Served, opened: Open, path: str) -> None:
    path = path.format(id="@connections/" + quote(opened.connection_id), api=opened.api.api_id)
    status, body, _ = signed(aws, "POST", aws.url + path, b"x")

    assert (status, body) == (403, b'{"message":"Forbidden"}')


def test_the_stage_alone_is_enough_and_the_sign_may_be_encoded(aws: Served, opened: Open) -> None:
    for at in ("@", "%40"):
        path = f"/{opened.api.stage}/{at}connections/{quote(opened.connection_id, safe='=')}"
        assert signed(aws, "POST", aws.url + path, b"x")[0] == 200
        assert opened.ws.recv(timeout=10) == "x"


def test_the_host_can_name_the_api(aws: Served, opened: Open) -> None:
    host = f"{opened.api.api_id}.execute-api.us-east-1.amazonaws.com"
    url = f"{aws.url}/{opened.api.stage}/@connections/{quote(opened.connection_id, safe='')}"

    assert signed(aws, "POST", url, b"x", Host=host)[0] == 200


def test_unsigned_and_wrongly_signed_requests_are_refused(aws: Served, opened: Open) -> None:
    status, body, headers = plain("POST", url_of(opened), b"x")
    assert (status, body) == (403, b'{"message":"Missing Authentication Token"}')
    assert headers["x-amzn-errortype"] == "MissingAuthenticationTokenException"

    assert signed(aws, "POST", url_of(opened), b"x", service="apigateway")[0] == 403
    stranger = Served(url=aws.url, secret_key="wrong")
    status, body, _ = signed(stranger, "POST", url_of(opened), b"x")
    assert status == 403
    assert body.startswith(b'{"message":"The request signature we calculated does not match')
    with pytest.raises(TimeoutError):
        opened.ws.recv(timeout=0.05)


@pytest.mark.parametrize(
    ("path", "service", "region", "says"),
    [
        ("/_aws/execute-api/a/b/@connections/c", "apigateway", "us-east-1", "correct service: 'execute-api'"),
        ("/_aws/execute-api/a/b/@connections/c", "execute-api", "eu-west-1", "a valid region: 'us-east-1'"),
        ("/v2/apis", "execute-api", "us-east-1", "correct service: 'apigateway'"),
        ("/v2/apis", "acm", "us-east-1", "correct service: 'apigateway'"),
        ("/v2/apis", "apigateway", "eu-west-1", "a valid region: 'us-east-1'"),
        ("/2013-04-01/hostedzone", "apigateway", "us-east-1", "correct service: 'route53'"),
        ("/", "acm", "eu-west-1", "a valid region: 'us-east-1'"),
    ],
)
def test_a_signature_for_another_service_or_region_is_refused(
    aws: Served, path: str, service: str, region: str, says: str
) -> None:
    status, body, _ = signed(Served(url=aws.url, region=region), "GET", aws.url + path, service=service)

    assert status == 403
    assert f"Credential should be scoped to {says}.".encode() in body


def test_the_services_without_regions_are_signed_for_any(aws: Served) -> None:
    elsewhere = Served(url=aws.url, region="eu-west-1")
    try:
        assert elsewhere.client("sts").get_caller_identity()["Account"]
        assert elsewhere.client("route53").list_hosted_zones()["HostedZones"]
    finally:
        elsewhere.close()


def test_an_unsigned_control_plane_is_refused(aws: Served) -> None:
    status, body, _ = plain("GET", aws.url + "/v2/apis")

    assert (status, b"Missing Authentication Token" in body) == (403, True)


def test_other_verbs_are_forbidden(aws: Served, opened: Open) -> None:
    assert signed(aws, "PATCH", url_of(opened))[0] == 403


def test_too_many_requests_of_the_account_are_limited(backend: Backend) -> None:
    with running_emulator(request_rate=4) as aws:
        api = aws.create_api(backend.url, ["$connect"])
        with connect(api.socket_url):
            connection_id = backend.wait()[0].header("connectionId")
            post = {"ConnectionId": connection_id, "Data": b"x"}
            api.management.post_to_connection(**post)
            status, code, _ = code_of(api.management.post_to_connection, **post)

    assert (status, code) == (429, "LimitExceededException")


def test_a_client_that_does_not_read_is_too_slow(aws: Served, backend: Backend) -> None:
    api = aws.create_api(backend.url, ["$connect"])
    parts = urlsplit(api.socket_url)
    with socket.create_connection((str(parts.hostname), int(parts.port or 0))) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.sendall(
            f"GET {parts.path} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        client.recv(1)
        post = {"ConnectionId": backend.wait()[0].header("connectionId"), "Data": b"x" * 128 * KB}
        with pytest.raises(ClientError) as caught:
            for _ in range(200):
                api.management.post_to_connection(**post)
    assert caught.value.response["Error"]["Code"] == "LimitExceededException"


def test_without_verification_pages_are_still_kept_out(backend: Backend) -> None:
    with running_emulator(verify=False) as aws:
        api = aws.create_api(backend.url, ["$connect"])
        with connect(api.socket_url) as ws:
            connection_id = quote(str(backend.wait()[0].header("connectionId")))
            url = f"{aws.url}/test/@connections/{connection_id}"
            assert plain("POST", url, b"x")[0] == 200
            assert ws.recv(timeout=10) == "x"
            assert plain("POST", url, b"x", {"Origin": "https://evil.example"})[0] == 403


@pytest.fixture(scope="module")
def lenient() -> Iterator[Served]:
    """An emulator that takes unsigned requests, with the custom domain chat.example.com."""
    with running_emulator(verify=False) as aws:
        certificates = aws.client("acm").list_certificates()["CertificateSummaryList"]
        arn = next(each["CertificateArn"] for each in certificates if each["DomainName"] == "*.example.com")
        configuration = {"CertificateArn": arn}
        aws.client("apigatewayv2").create_domain_name(
            DomainName="chat.example.com", DomainNameConfigurations=[configuration]
        )
        yield aws


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("evil.example", 403),
        ("a.execute-api.evil.example:8790", 403),
        ("127.0.0.1.evil.example", 403),
        ("localhost", 200),
        ("LOCALHOST.:8790", 200),
        ("[::1]:8790", 200),
        ("127.0.0.2", 200),
        ("x.localhost", 200),
        ("chat.example.com", 200),
    ],
)
def test_without_verification_a_name_that_was_made_to_lead_here_is_kept_out(
    lenient: Served, host: str, status: int
) -> None:
    assert plain("GET", lenient.url + "/v2/apis", headers={"Host": host})[0] == status
