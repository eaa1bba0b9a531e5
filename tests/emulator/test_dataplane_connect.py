"""The handshake: what the backend is asked, and what the client is told."""

from __future__ import annotations

import http.client
import socket
import threading
import time
from typing import Any
from urllib.parse import urlsplit

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.emulator.backend import Backend, Recorded, Reply
from tests.emulator.serving import Served, running_emulator


def visit(url: str) -> None:
    with connect(url):
        pass


def refused(url: str, **options: Any) -> tuple[int, bytes, dict[str, str]]:
    with pytest.raises(InvalidStatus) as caught, connect(url, **options):
        pass
    response = caught.value.response
    return (
        response.status_code,
        bytes(response.body or b""),
        {k.lower(): v for k, v in response.headers.items()},
    )


def plain(method: str, url: str, headers: dict[str, str] | None = None) -> tuple[int, bytes]:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(str(parts.hostname), int(parts.port or 80), timeout=5)
    try:
        connection.request(method, parts.path, headers=headers or {})
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def test_connect_is_asked_of_the_backend_with_the_client_s_headers_and_query(
    aws: Served, backend: Backend
) -> None:
    api = aws.create_api(backend.url)

    with connect(
        f"{api.socket_url}?channel=a%20b&ws_token=1",
        additional_headers={"Cookie": "sessionid=s", "X-Custom": "Grüße"},
        origin="https://www.example.com",  # type: ignore[arg-type]
        user_agent_header="Browser/1",
    ) as ws:
        response = ws.response
    seen = backend.requests[0]

    assert (seen.method, seen.path, seen.body) == ("POST", "/connect?channel=a%20b&ws_token=1", b"")
    assert seen.header("Host") == urlsplit(backend.url).netloc
    assert seen.header("User-Agent") == "Browser/1"
    assert seen.header("Origin") == "https://www.example.com"
    assert seen.header("Cookie") == "sessionid=s"
    assert str(seen.header("X-Custom")).encode("latin-1").decode() == "Grüße"
    assert seen.header("Content-Length") == "0"
    assert seen.header("x-amzn-apigateway-api-id") == api.api_id
    assert str(seen.header("X-Amzn-Trace-Id")).startswith("Root=1-")
    assert seen.header("X-Forwarded-For") == "127.0.0.1"
    assert seen.header("Sec-WebSocket-Version") == "13"
    assert not {"Connection", "Upgrade", "Accept", "Accept-Encoding", "Content-Type"} & {
        name.title() for name, _ in seen.headers
    }
    assert response is not None
    assert "Sec-WebSocket-Extensions" not in response.headers


def test_a_connection_s_id_has_aws_s_shape(aws: Served, backend: Backend) -> None:
    api = aws.create_api(backend.url)
    for _ in range(2):
        visit(api.socket_url)
    first, second = (r.header("connectionId") for r in backend.wait(2, path="/connect"))

    assert first and len(first) == 16 and first.endswith("=") and first != second


@pytest.mark.parametrize("status", [200, 201, 204])
def test_any_success_of_the_backend_lets_the_client_in(aws: Served, backend: Backend, status: int) -> None:
    backend.answer = lambda request: Reply(status=status)

    with connect(aws.create_api(backend.url).socket_url):
        pass


@pytest.mark.parametrize("status", [301, 400, 401, 403, 500, 501])
def test_any_other_status_of_the_backend_refuses_the_client_with_it(
    aws: Served, backend: Backend, status: int
) -> None:
    backend.answer = lambda request: Reply(
        status=status, body=b"no", headers=(("Location", "/elsewhere"), ("Content-Type", "text/x-plain"))
    )
    found, body, headers = refused(aws.create_api(backend.url).socket_url)

    assert (found, body, headers["content-type"]) == (status, b"no", "text/x-plain")
    assert "location" not in headers
    time.sleep(0.05)
    assert [request.path for request in backend.requests] == ["/connect"]


def test_a_backend_that_is_not_there_refuses_the_client(aws: Served) -> None:
    api = aws.create_api("http://127.0.0.1:1")

    assert refused(api.socket_url)[:2] == (500, b'{"message":"Internal server error"}')


def test_a_backend_that_speaks_no_http_refuses_the_client(aws: Served) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def mumble() -> None:
            client, _ = listener.accept()
            with client:
                client.sendall(b"220 ready\r\n")

        thread = threading.Thread(target=mumble)
        thread.start()
        api = aws.create_api(f"http://127.0.0.1:{listener.getsockname()[1]}")
        assert refused(api.socket_url)[0] == 500
        thread.join()


def test_a_backend_that_is_too_slow_refuses_the_client(aws: Served, backend: Backend) -> None:
    def slow(request: Recorded) -> Reply:
        time.sleep(0.3)
        return Reply()

    backend.answer = slow
    api = aws.create_api(backend.url, integration={"TimeoutInMillis": 50})

    assert refused(api.socket_url)[:2] == (504, b'{"message":"Endpoint request timed out"}')


def test_a_subprotocol_is_chosen_by_the_backend_alone(aws: Served, backend: Backend) -> None:
    backend.answer = lambda request: Reply(headers=(("Sec-WebSocket-Protocol", "chat.v2"),))
    api = aws.create_api(backend.url)

    with connect(api.socket_url, subprotocols=["chat.v1", "chat.v2"]) as ws:  # type: ignore[list-item]
        assert ws.subprotocol == "chat.v2"
    assert str(backend.requests[0].header("Sec-WebSocket-Protocol")).replace(" ", "") == "chat.v1,chat.v2"

    backend.answer = lambda request: Reply()
    with connect(api.socket_url, subprotocols=["chat.v1"]) as ws:  # type: ignore[list-item]
        assert ws.subprotocol is None


def test_without_a_connect_route_everybody_is_let_in_unasked(aws: Served, backend: Backend) -> None:
    api = aws.create_api(backend.url, ["$default"])

    with connect(api.socket_url):
        pass
    assert backend.requests == []


@pytest.mark.parametrize("ending", ["", "/"])
def test_a_trailing_slash_does_not_matter(aws: Served, backend: Backend, ending: str) -> None:
    with connect(aws.create_api(backend.url).socket_url + ending):
        pass


@pytest.mark.parametrize(
    "path",
    [
        "/_aws/execute-api/{api}/nope",
        "/_aws/execute-api/{api}",
        "/_aws/execute-api/nope000000/test",
        "/_aws/execute-api/{api}/test/deeper",
        "/unknown-stage",
        "/",
    ],
)
def test_an_unknown_stage_or_api_is_forbidden(aws: Served, backend: Backend, path: str) -> None:
    api = aws.create_api(backend.url)
    status, body, _ = refused(aws.url.replace("http", "ws") + path.format(api=api.api_id))

    assert (status, body) == (403, b'{"message":"Forbidden"}')


def test_a_stage_that_was_never_deployed_is_forbidden(aws: Served, backend: Backend) -> None:
    api = aws.create_api(backend.url)
    aws.client("apigatewayv2").create_stage(ApiId=api.api_id, StageName="empty")

    assert refused(api.socket_url.replace("/test", "/empty"))[0] == 403


def test_a_plain_request_for_a_socket_is_told_to_upgrade(aws: Served, backend: Backend) -> None:
    api = aws.create_api(backend.url, stage="plain")
    url = api.socket_url.replace("ws://", "http://")

    assert plain("GET", url) == (426, b'{"message":"Upgrade Required"}')
    assert plain("GET", url + "/below")[0] == 426
    assert plain("GET", aws.url + "/plain")[0] == 426
    assert plain("GET", url.replace("/plain", "/nope")) == (403, b'{"message":"Forbidden"}')


def test_a_url_of_more_than_4096_characters_is_refused(aws: Served, backend: Backend) -> None:
    api = aws.create_api(backend.url)
    room = 4096 - len(urlsplit(api.socket_url).path) - len("?q=")

    visit(f"{api.socket_url}?q={'x' * room}")
    assert refused(f"{api.socket_url}?q={'x' * (room + 1)}")[0] == 414


def test_a_socket_is_found_by_host_by_domain_and_by_its_stage_alone(aws: Served, backend: Backend) -> None:
    api = aws.create_api(backend.url, stage="only-here")
    port = urlsplit(aws.url).port
    control = aws.client("apigatewayv2")
    certificates = aws.client("acm").list_certificates()["CertificateSummaryList"]
    arn = certificates[0]["CertificateArn"]
    domain = certificates[0]["DomainName"].replace("*", "ws")
    control.create_domain_name(DomainName=domain, DomainNameConfigurations=[{"CertificateArn": arn}])
    control.create_api_mapping(DomainName=domain, ApiId=api.api_id, Stage="only-here", ApiMappingKey="chat")

    urls = [
        f"ws://{api.api_id}.execute-api.localhost:{port}/only-here",
        f"ws://{domain}:{port}/chat",
        f"ws://127.0.0.1:{port}/only-here",
    ]
    for url in urls:
        with connect(url, sock=socket.create_connection(("127.0.0.1", int(port or 0)))):
            pass
    assert (
        refused(f"ws://{domain}:{port}/other", sock=socket.create_connection(("127.0.0.1", int(port or 0))))[
            0
        ]
        == 403
    )
    assert len(backend.wait(3, path="/connect")) == 3


def test_a_stage_name_that_two_apis_have_needs_the_api_in_the_url(aws: Served, backend: Backend) -> None:
    for _ in range(2):
        aws.create_api(backend.url, stage="twice")

    assert refused(aws.url.replace("http", "ws") + "/twice")[0] == 403


def test_a_disabled_default_endpoint_refuses_clients_that_use_it(aws: Served, backend: Backend) -> None:
    api = aws.create_api(backend.url)
    control = aws.client("apigatewayv2")
    control.update_api(ApiId=api.api_id, DisableExecuteApiEndpoint=True)
    with connect(api.socket_url):
        pass  # not before it is deployed
    control.create_deployment(ApiId=api.api_id, StageName=api.stage)

    assert refused(api.socket_url)[0] == 403


def test_a_required_request_parameter_that_is_missing_refuses_the_client(
    aws: Served, backend: Backend
) -> None:
    required = {"RequestParameters": {"route.request.querystring.token": {"Required": True}}}
    api = aws.create_api(backend.url, route_options={"$connect": required})

    assert refused(api.socket_url)[0] == 400
    with connect(api.socket_url + "?token=1"):
        pass


def test_the_log_of_a_failed_call_does_not_hold_the_client_s_query(
    aws: Served, caplog: pytest.LogCaptureFixture
) -> None:
    api = aws.create_api("http://127.0.0.1:1")

    assert refused(api.socket_url + "?ws_token=secret")[0] == 500
    assert "http://127.0.0.1:1/connect: Cannot connect" in caplog.text
    assert "secret" not in caplog.text


def test_a_connect_that_needs_iam_is_refused_unsigned_and_accepted_signed(
    aws: Served, backend: Backend
) -> None:
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    api = aws.create_api(backend.url, route_options={"$connect": {"AuthorizationType": "AWS_IAM"}})
    request = AWSRequest(method="GET", url=api.socket_url.replace("ws://", "http://"))
    elsewhere = AWSRequest(method="GET", url=request.url)
    keys = Credentials(aws.access_key, aws.secret_key)
    SigV4Auth(keys, "execute-api", aws.region).add_auth(request)
    SigV4Auth(keys, "execute-api", "eu-west-1").add_auth(elsewhere)

    assert refused(api.socket_url)[0] == 403
    assert refused(api.socket_url, additional_headers=dict(elsewhere.headers))[0] == 403
    with connect(api.socket_url, additional_headers=dict(request.headers)):
        pass


def test_a_connect_that_needs_an_api_key_is_refused(aws: Served, backend: Backend) -> None:
    api = aws.create_api(backend.url, route_options={"$connect": {"ApiKeyRequired": True}})

    assert refused(api.socket_url)[0] == 403


def test_a_mock_integration_answers_by_itself(aws: Served) -> None:
    control = aws.client("apigatewayv2")
    api_id = control.create_api(
        Name="m", ProtocolType="WEBSOCKET", RouteSelectionExpression="$request.body.action"
    )["ApiId"]
    made = control.create_integration(
        ApiId=api_id, IntegrationType="MOCK", RequestTemplates={"200": '{"statusCode": 401}'}
    )
    control.create_route(ApiId=api_id, RouteKey="$connect", Target=f"integrations/{made['IntegrationId']}")
    control.create_stage(ApiId=api_id, StageName="s")
    control.create_deployment(ApiId=api_id, StageName="s")

    assert refused(f"{aws.url.replace('http', 'ws')}/_aws/execute-api/{api_id}/s")[0] == 401


def test_posting_to_a_connection_that_is_still_being_asked_about_is_gone(
    aws: Served, backend: Backend
) -> None:
    outcomes = []
    api = aws.create_api(backend.url, ["$connect"])

    def post_meanwhile(request: Recorded) -> Reply:
        try:
            api.management.post_to_connection(ConnectionId=request.header("connectionId"), Data=b"early")
        except api.management.exceptions.GoneException as error:
            outcomes.append(error.response["Error"]["Code"])
        return Reply()

    backend.answer = post_meanwhile
    with connect(api.socket_url):
        pass
    assert outcomes == ["GoneException"]


def test_a_client_that_leaves_while_it_is_asked_about_is_reported_gone(aws: Served, backend: Backend) -> None:
    asked, left = threading.Event(), threading.Event()

    def wait(request: Recorded) -> Reply:
        if request.path == "/connect":
            asked.set()
            left.wait(5)
        return Reply()

    backend.answer = wait
    api = aws.create_api(
        backend.url,
        parameters={"integration.request.header.code": "context.disconnectStatusCode"},
    )
    parts = urlsplit(api.socket_url)
    with socket.create_connection((str(parts.hostname), int(parts.port or 0))) as client:
        client.sendall(
            f"GET {parts.path} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        assert asked.wait(5)
    time.sleep(0.05)
    left.set()

    assert backend.wait(path="/disconnect")[0].header("code") == "1006"


def test_the_account_s_rate_of_new_connections_is_limited(backend: Backend) -> None:
    with running_emulator(connect_rate=2) as aws:
        api = aws.create_api(backend.url)
        for _ in range(2):
            visit(api.socket_url)

        assert refused(api.socket_url)[:2] == (429, b'{"message":"Too Many Requests"}')


def test_the_connect_route_can_be_throttled(aws: Served, backend: Backend) -> None:
    settings = {"RouteSettings": {"$connect": {"ThrottlingRateLimit": 0.01, "ThrottlingBurstLimit": 1}}}
    api = aws.create_api(backend.url, stage_options=settings)
    visit(api.socket_url)

    assert refused(api.socket_url)[0] == 429


def test_the_mapping_of_the_connection_s_id_is_what_names_it(aws: Served, backend: Backend) -> None:
    api = aws.create_api(
        backend.url, parameters={"integration.request.querystring.id": "context.connectionId"}
    )
    visit(api.socket_url)
    seen = backend.wait(2)

    assert seen[0].path == f"/connect?id={str(seen[0].header('connectionId')).replace('=', '%3D')}"
    assert seen[1].header("connectionId") == seen[0].header("connectionId")


def test_a_status_that_cannot_be_passed_on_is_an_internal_server_error(aws: Served, backend: Backend) -> None:
    backend.answer = lambda request: Reply(status=700)

    assert refused(aws.create_api(backend.url).socket_url)[0] == 500


def test_a_lambda_authorizer_fails_as_it_cannot_run(aws: Served, backend: Backend) -> None:
    control = aws.client("apigatewayv2")
    api = aws.create_api(backend.url)
    authorizer = control.create_authorizer(
        ApiId=api.api_id,
        AuthorizerType="REQUEST",
        AuthorizerUri="arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/f/invocations",
        IdentitySource=["route.request.header.Authorization"],
        Name="a",
    )["AuthorizerId"]
    control.update_route(
        ApiId=api.api_id,
        RouteId=api.routes["$connect"],
        AuthorizationType="CUSTOM",
        AuthorizerId=authorizer,
    )
    control.create_deployment(ApiId=api.api_id, StageName=api.stage)

    assert refused(api.socket_url)[0] == 500
    assert backend.requests == []
