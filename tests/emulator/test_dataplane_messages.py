"""Messages: where they go, what the backend gets, and what the client is told."""

from __future__ import annotations

import json
import re
import socket
import threading
import time

import pytest
from websockets.sync.client import ClientConnection, connect

from tests.emulator.backend import Backend, Recorded, Reply
from tests.emulator.serving import Served, running_emulator

ROUTES = ["$connect", "$default", "$disconnect", "join"]


def echo(request: Recorded) -> Reply:
    return Reply(body=request.path.encode() + b" " + request.body)


def silent(ws: ClientConnection, seconds: float = 0.15) -> bool:
    """Whether nothing comes for a moment."""
    try:
        ws.recv(timeout=seconds)
    except TimeoutError:
        return True
    return False


def test_a_message_reaches_its_route_byte_for_byte(aws: Served, backend: Backend) -> None:
    api = aws.create_api(backend.url, ROUTES)
    text = '{"action" : "join", "emoji": "🎈"}'

    with connect(api.socket_url) as ws:
        ws.send(text)
        seen = backend.wait(path="/join")[0]

    assert seen.body == text.encode()
    assert seen.header("Content-Length") == str(len(text.encode()))
    assert {name.lower() for name, _ in seen.headers} == {
        "host",
        "user-agent",
        "connectionid",
        "x-amzn-trace-id",
        "x-amzn-apigateway-api-id",
        "content-length",
    }
    assert seen.header("User-Agent") == f"AmazonAPIGateway_{api.api_id}"


@pytest.mark.parametrize("message", ["hello", "{}", '{"action": "other"}', "", '["join"]'])
def test_what_names_no_route_goes_to_default(aws: Served, backend: Backend, message: str) -> None:
    api = aws.create_api(backend.url, ROUTES)

    with connect(api.socket_url) as ws:
        ws.send(message)
        assert backend.wait(path="/default")[0].body == message.encode()


def test_without_a_default_route_what_matches_nothing_is_forbidden(aws: Served, backend: Backend) -> None:
    api = aws.create_api(backend.url, ["$connect", "join"])

    with connect(api.socket_url) as ws:
        ws.send("hello")
        frame = str(ws.recv(timeout=10))
        ws.send('{"action": "join"}')
        connection_id = backend.wait(path="/join")[0].header("connectionId")

    request_id = json.loads(frame)["requestId"]
    assert len(request_id) == 16
    assert frame == (
        f'{{"message": "Forbidden", "connectionId":"{connection_id}", "requestId":"{request_id}"}}'
    )


def test_a_one_way_route_tells_the_client_nothing(aws: Served, backend: Backend) -> None:
    backend.answer = echo
    api = aws.create_api(backend.url, ROUTES)

    with connect(api.socket_url) as ws:
        ws.send("hello")
        backend.wait(path="/default")
        assert silent(ws)


def test_a_selection_expression_without_a_route_response_is_still_one_way(
    aws: Served, backend: Backend
) -> None:
    backend.answer = echo
    expression = {"$default": {"RouteResponseSelectionExpression": "$default"}}
    api = aws.create_api(backend.url, ROUTES, route_options=expression)

    with connect(api.socket_url) as ws:
        ws.send("hello")
        backend.wait(path="/default")
        assert silent(ws)


def test_a_two_way_route_passes_the_body_to_the_client(aws: Served, backend: Backend) -> None:
    backend.answer = echo
    api = aws.create_api(backend.url, ROUTES, two_way=["$default"])

    with connect(api.socket_url) as ws:
        ws.send("hello")
        assert ws.recv(timeout=10) == "/default hello"
        ws.send('{"action": "join"}')
        assert silent(ws)


def test_an_empty_body_is_no_message(aws: Served, backend: Backend) -> None:
    api = aws.create_api(backend.url, ROUTES, two_way=["$default"])

    with connect(api.socket_url) as ws:
        ws.send("hello")
        backend.wait(path="/default")
        assert silent(ws)


@pytest.mark.parametrize("status", [301, 400, 500])
def test_a_status_of_the_backend_never_closes_the_connection(
    aws: Served, backend: Backend, status: int
) -> None:
    backend.answer = lambda r: Reply(
        status=200 if r.path == "/connect" else status, body=b"oh", headers=(("Location", "/x"),)
    )
    api = aws.create_api(backend.url, ROUTES, two_way=["$default"])

    with connect(api.socket_url) as ws:
        ws.send("hello")
        assert ws.recv(timeout=10) == "oh"
        ws.send('{"action": "join"}')
        backend.wait(path="/join")
        assert silent(ws)
    assert not [r for r in backend.requests if r.path == "/x"]


def test_an_error_of_a_two_way_backend_can_be_shown_as_a_frame(backend: Backend) -> None:
    backend.answer = lambda r: Reply(status=200 if r.path == "/connect" else 500, body=b"trace")

    with running_emulator(two_way_errors="frame") as aws:
        api = aws.create_api(backend.url, ROUTES, two_way=["$default"])
        with connect(api.socket_url) as ws:
            ws.send("hello")
            assert json.loads(ws.recv(timeout=10))["message"] == "Internal server error"


def test_a_backend_that_is_not_there_is_an_internal_server_error(aws: Served) -> None:
    api = aws.create_api("http://127.0.0.1:1", ["$default"])

    with connect(api.socket_url) as ws:
        ws.send("hello")
        frame = str(ws.recv(timeout=10))
    assert re.fullmatch(
        r'\{"message": "Internal server error", "connectionId":"[\w-]{15}=", "requestId":"[\w-]{15}="\}',
        frame,
    )


def test_a_backend_that_is_too_slow_times_out(aws: Served, backend: Backend) -> None:
    def slow(request: Recorded) -> Reply:
        time.sleep(0.3)
        return Reply()

    backend.answer = slow
    api = aws.create_api(backend.url, ["$default"], integration={"TimeoutInMillis": 100})

    with connect(api.socket_url) as ws:
        ws.send("hello")
        assert json.loads(ws.recv(timeout=10))["message"] == "Endpoint request timed out"


def test_messages_do_not_wait_for_one_another(aws: Served, backend: Backend) -> None:
    release = threading.Event()

    def answer(request: Recorded) -> Reply:
        if request.body == b"slow":
            release.wait(5)
        return Reply(body=request.body)

    backend.answer = answer
    api = aws.create_api(backend.url, ROUTES, two_way=["$default"])

    with connect(api.socket_url) as ws:
        ws.send("slow")
        ws.send("fast")
        assert ws.recv(timeout=10) == "fast"
        release.set()
        assert ws.recv(timeout=10) == "slow"


def test_a_reply_to_a_client_that_has_gone_is_dropped(aws: Served, backend: Backend) -> None:
    gone = threading.Event()

    def answer(request: Recorded) -> Reply:
        if request.path == "/default":
            gone.wait(5)
        return Reply(body=b"too late")

    backend.answer = answer
    api = aws.create_api(backend.url, ROUTES, two_way=["$default"])
    with connect(api.socket_url) as ws:
        ws.send("hello")
        backend.wait(path="/default")
    backend.wait(path="/disconnect")
    gone.set()

    with connect(api.socket_url):
        pass


def test_every_kind_of_mapping_reaches_the_backend(aws: Served, backend: Backend) -> None:
    header = "integration.request.header."
    api = aws.create_api(
        backend.url + "/${stageVariables.base}/{kind}",
        ROUTES,
        selection="${request.body.service}/${request.body.action}",
        parameters={
            header + "X-Type": "context.eventType",
            header + "X-Ip": "context.identity.sourceIp",
            header + "X-Agent": "context.identity.userAgent",
            header + "X-Route": "context.routeKey",
            header + "X-Message": "context.messageId",
            header + "X-Request": "context.requestId",
            header + "X-Since": "context.connectedAt",
            header + "X-Domain": "context.domainName",
            header + "X-Name": "route.request.body.user.names[0]",
            header + "X-Var": "stageVariables.base",
            header + "X-Secret": "'s3cret'",
            header + "X-None": "route.request.body.none",
            header + "X-Token": "route.request.querystring.token",
            "integration.request.querystring.room": "route.request.body.room",
            "integration.request.path.kind": "'v1'",
        },
        stage_options={"StageVariables": {"base": "app"}},
    )

    with connect(api.socket_url + "?token=t1", user_agent_header="Browser/2") as ws:
        ws.send('{"service": "a", "action": "b", "user": {"names": ["Ada"]}, "room": "1 & 2"}')
        message = backend.wait(path="/app/v1/default")[0]
        first = backend.requests[0]

    assert first.header("X-Token") == "t1"
    assert first.header("X-Message") is None
    assert first.header("X-Type") == "CONNECT"
    assert message.path == "/app/v1/default?room=1+%26+2"
    assert message.header("X-Type") == "MESSAGE"
    assert message.header("X-Ip") == "127.0.0.1"
    assert message.header("X-Agent") == "Browser/2"
    assert message.header("X-Route") == "$default"
    assert len(str(message.header("X-Message"))) == 16
    assert message.header("X-Request") != first.header("X-Request")
    assert abs(int(str(message.header("X-Since"))) / 1000 - time.time()) < 60
    assert message.header("X-Domain") == aws.url.removeprefix("http://")
    assert message.header("X-Name") == "Ada"
    assert message.header("X-Var") == "app"
    assert message.header("X-Secret") == "s3cret"
    assert message.header("X-None") is None
    assert message.header("X-Token") is None


def test_a_line_break_in_a_message_cannot_add_a_header(aws: Served, backend: Backend) -> None:
    api = aws.create_api(
        backend.url, ROUTES, parameters={"integration.request.header.X-Name": "route.request.body.name"}
    )

    with connect(api.socket_url) as ws:
        ws.send(json.dumps({"name": "a\r\nX-Injected: 1"}))
        seen = backend.wait(path="/default")[0]
    assert seen.header("X-Name") == "a X-Injected: 1"
    assert seen.header("X-Injected") is None


def test_nothing_changes_for_clients_before_it_is_deployed(aws: Served, backend: Backend) -> None:
    api = aws.create_api(backend.url, ["$connect", "$default"])
    control = aws.client("apigatewayv2")

    with connect(api.socket_url) as ws:
        control.update_integration(
            ApiId=api.api_id,
            IntegrationId=api.integrations["$default"],
            IntegrationUri=backend.url + "/changed",
        )
        ws.send("one")
        backend.wait(path="/default")
        control.create_deployment(ApiId=api.api_id, StageName=api.stage)
        ws.send("two")
        assert backend.wait(path="/changed")[0].body == b"two"


def test_throttled_messages_are_told_so(aws: Served, backend: Backend) -> None:
    settings = {"RouteSettings": {"join": {"ThrottlingRateLimit": 0.01, "ThrottlingBurstLimit": 1}}}
    api = aws.create_api(backend.url, ROUTES, two_way=["$default"], stage_options=settings)
    backend.answer = echo

    with connect(api.socket_url) as ws:
        for _ in range(2):
            ws.send('{"action": "join"}')
        assert json.loads(ws.recv(timeout=10))["message"] == "Too Many Requests"
        ws.send("other routes go on")
        assert ws.recv(timeout=10) == "/default other routes go on"
    assert len([r for r in backend.requests if r.path == "/join"]) == 1


def test_a_route_without_an_integration_is_an_internal_server_error(aws: Served, backend: Backend) -> None:
    control = aws.client("apigatewayv2")
    api = aws.create_api(backend.url, ["$connect"])
    control.create_route(ApiId=api.api_id, RouteKey="$default")
    control.create_deployment(ApiId=api.api_id, StageName=api.stage)

    with connect(api.socket_url) as ws:
        ws.send("hello")
        assert json.loads(ws.recv(timeout=10))["message"] == "Internal server error"


def test_the_traffic_is_counted_for_cloudwatch(aws: Served, backend: Backend) -> None:
    backend.answer = lambda r: Reply(status=500 if r.body == b"bad" else 200)
    api = aws.create_api(backend.url, ["$connect", "$default"])
    with connect(api.socket_url) as ws:
        ws.send("good")
        ws.send("bad")
        backend.wait(2, path="/default")
        time.sleep(0.1)
    metrics = ["ConnectCount", "MessageCount", "IntegrationError", "IntegrationLatency", "ClientError"]
    found = aws.client("cloudwatch").get_metric_data(
        StartTime=time.time() - 600,
        EndTime=time.time() + 600,
        MetricDataQueries=[
            {
                "Id": f"m{number}",
                "MetricStat": {
                    "Metric": {
                        "Namespace": "AWS/ApiGateway",
                        "MetricName": name,
                        "Dimensions": [{"Name": "ApiId", "Value": api.api_id}],
                    },
                    "Period": 60,
                    "Stat": "SampleCount",
                },
            }
            for number, name in enumerate(metrics)
        ],
    )["MetricDataResults"]

    assert [sum(each["Values"]) for each in found] == [1, 2, 1, 3, 0]


def test_a_reply_that_is_too_long_is_an_internal_server_error(aws: Served, backend: Backend) -> None:
    backend.answer = lambda request: Reply(body=b"x" * (128 * 1024 + (request.body == b"more")))
    api = aws.create_api(backend.url, ROUTES, two_way=["$default"])

    with connect(api.socket_url) as ws:
        ws.send("just")
        assert len(ws.recv(timeout=10)) == 128 * 1024
        ws.send("more")
        assert json.loads(ws.recv(timeout=10))["message"] == "Internal server error"


def test_a_message_just_before_the_end_sets_out_before_the_news_of_the_end(
    aws: Served, backend: Backend
) -> None:
    api = aws.create_api(backend.url)

    for _ in range(10):
        with connect(api.socket_url) as ws:
            ws.send("last words")
    paths = [request.path for request in backend.wait(30)]

    assert paths.count("/default") == paths.count("/disconnect") == 10


def test_a_body_may_end_with_its_connection(aws: Served) -> None:
    """Django's development server answers so."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            client, _ = listener.accept()
            with client:
                client.recv(65536)
                client.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nall ")
                time.sleep(0.05)
                client.sendall(b"of it")

        thread = threading.Thread(target=serve)
        thread.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        api = aws.create_api(url, ["$default"], two_way=["$default"])
        with connect(api.socket_url) as ws:
            ws.send("hello")
            assert ws.recv(timeout=10) == "all of it"
        thread.join()


def test_every_message_gets_its_answer_however_deep_it_is(aws: Served, backend: Backend) -> None:
    mapped = {"integration.request.querystring.a": "route.request.body.a"}
    api = aws.create_api(backend.url, ["$default"], two_way=["$default"], parameters=mapped)
    backend.answer = lambda request: Reply(body=b"answered")
    with connect(api.socket_url) as ws:
        for depth in range(900, 1000, 5):
            ws.send(f'{{"a": {"[" * depth}{"]" * depth}}}')
            assert ws.recv(timeout=10)
