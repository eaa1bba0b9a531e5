"""Failures on request, and the rest of ``/_emulator/``."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError
from botocore.exceptions import HTTPClientError as NoAnswer
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from apigw_ws.emulator.faults import Fault, Faults
from tests.emulator.backend import Backend, Reply
from tests.emulator.serving import SECRET_KEY, Served, running_emulator


@pytest.fixture(autouse=True)
def no_faults_left(aws: Served) -> Any:
    yield
    aws.backstage("DELETE", "faults")


def create(client: Any, name: str = "x") -> Any:
    return client.create_api(
        Name=name, ProtocolType="WEBSOCKET", RouteSelectionExpression="$request.body.action"
    )


def names(client: Any) -> list[str]:
    return [api["Name"] for page in client.get_paginator("get_apis").paginate() for api in page["Items"]]


def failure(call: Any, *arguments: Any, **named: Any) -> tuple[int, str]:
    with pytest.raises(ClientError) as caught:
        call(*arguments, **named)
    response = caught.value.response
    return response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"]


def test_the_nth_call_of_an_operation_fails_before_it_took_effect(aws: Served) -> None:
    client = aws.client("apigatewayv2")
    aws.fault("apigateway:CreateApi", "error", nth=2, status=503)

    create(client, "nth-1")
    assert failure(create, client, "nth-2") == (503, "InternalFailure")
    create(client, "nth-3")

    assert {"nth-1", "nth-3"} <= set(names(client))
    assert "nth-2" not in names(client)


def test_a_call_fails_after_it_took_effect(aws: Served) -> None:
    client = aws.client("apigatewayv2")
    aws.fault("apigateway:CreateApi", "error", when="after")

    assert failure(create, client, "after")[0] == 500
    assert "after" in names(client)


def test_a_connection_is_cut_after_the_call_took_effect(aws: Served) -> None:
    client = aws.client("apigatewayv2")
    aws.fault("apigateway:CreateApi", "reset", when="after")

    with pytest.raises(ConnectionClosedError):
        create(client, "cut")
    assert "cut" in names(client)


def test_a_call_gets_no_answer_in_time(aws: Served) -> None:
    client = aws.client("apigatewayv2", read_timeout=0.2)
    aws.fault("apigateway:CreateApi", "timeout", seconds=1)

    with pytest.raises(NoAnswer):
        create(client, "late")
    assert "late" not in names(client)


def test_a_throttled_call_is_what_boto3_retries(aws: Served) -> None:
    client = aws.client("apigatewayv2")
    aws.fault("apigateway:Create*", "throttle", times=2)

    assert failure(create, client, "throttled") == (429, "TooManyRequestsException")
    create(aws.client("apigatewayv2", retries=3), "patient")
    assert "patient" in names(client)


def test_a_delay_only_delays(aws: Served) -> None:
    client = aws.client("apigatewayv2")
    for when in ("before", "after"):
        aws.fault("apigateway:GetApis", "delay", seconds=0.2, when=when)
        started = time.monotonic()
        client.get_apis()
        assert time.monotonic() - started >= 0.2


def test_posts_can_fail_too(aws: Served, backend: Backend) -> None:
    api = aws.create_api(backend.url)
    post = api.management.post_to_connection

    with connect(api.socket_url) as ws:
        arguments = {"ConnectionId": backend.wait()[0].header("connectionId"), "Data": b"x"}
        aws.fault("execute-api:PostToConnection", "throttle")
        assert failure(post, **arguments) == (429, "LimitExceededException")
        aws.fault("execute-api:PostToConnection", "reset", when="after")
        with pytest.raises(ConnectionClosedError):
            post(**arguments)
        assert ws.recv(timeout=10) == "x"


def test_a_disconnect_can_be_dropped(aws: Served, backend: Backend) -> None:
    api = aws.create_api(backend.url)
    aws.fault("execute-api:$disconnect", "drop")
    for _ in range(2):
        with connect(api.socket_url):
            pass
    first, second = (r.header("connectionId") for r in backend.wait(2, path="/connect"))

    assert [r.header("connectionId") for r in backend.wait(path="/disconnect")] == [second]
    assert first != second


@pytest.mark.parametrize(
    ("effect", "status", "counted"),
    [
        ("error", 418, "IntegrationError"),
        ("throttle", 429, "ClientError"),
        ("timeout", 504, "ExecutionError"),
        ("reset", 500, "ExecutionError"),
    ],
)
def test_a_connect_can_be_made_to_fail_and_is_counted_as_such(
    aws: Served, backend: Backend, effect: str, status: int, counted: str
) -> None:
    api = aws.create_api(backend.url)
    aws.fault("execute-api:$connect", effect, status=418, seconds=0.01)

    with pytest.raises(InvalidStatus) as caught, connect(api.socket_url):
        pass
    assert caught.value.response.status_code == status
    assert aws.emulator is not None
    names = {name for dimensions, name in aws.emulator.metrics.names() if dimensions == (api.api_id,)}
    assert names == {"ConnectCount", counted}


def test_a_message_can_be_made_to_fail_after_the_backend_had_it(aws: Served, backend: Backend) -> None:
    backend.answer = lambda request: Reply(body=b"fine")
    api = aws.create_api(backend.url, two_way=["$default"])
    aws.fault("execute-api:$default", "timeout", when="after", seconds=0.01)

    with connect(api.socket_url) as ws:
        ws.send("hello")
        assert json.loads(ws.recv(timeout=10))["message"] == "Endpoint request timed out"
        ws.send("again")
        assert ws.recv(timeout=10) == "fine"
    assert [r.body for r in backend.wait(2, path="/default")] == [b"hello", b"again"]


def test_a_connection_can_be_forgotten(aws: Served, backend: Backend) -> None:
    api = aws.create_api(backend.url)

    with connect(api.socket_url) as ws:
        connection_id = backend.wait()[0].header("connectionId")
        status, listed = aws.backstage("GET", "connections")
        assert (status, [c["api_id"] for c in listed if c["connection_id"] == connection_id]) == (
            200,
            [api.api_id],
        )
        assert aws.backstage("DELETE", f"connections/{connection_id}") == (204, None)
        assert failure(api.management.get_connection, ConnectionId=connection_id)[0] == 410
        with pytest.raises(ConnectionClosed):
            ws.recv(timeout=10)
    assert aws.backstage("DELETE", f"connections/{connection_id}")[0] == 404
    time.sleep(0.05)
    assert [r.path for r in backend.requests] == ["/connect"]


def test_faults_are_listed_and_removed(aws: Served) -> None:
    number = aws.fault("sts:*", "throttle", times=None)

    assert aws.backstage("GET", "faults")[1][str(number)] == {
        "operation": "sts:*",
        "effect": "throttle",
        "when": "before",
        "nth": 1,
        "times": None,
        "status": 500,
        "seconds": 0.0,
    }
    sts = aws.client("sts")
    assert [failure(sts.get_caller_identity)[0] for _ in range(3)] == [429] * 3
    assert aws.backstage("DELETE", f"faults/{number}") == (204, None)
    assert aws.backstage("DELETE", f"faults/{number}")[0] == 404
    assert sts.get_caller_identity()["Account"]


def test_faults_can_be_given_at_the_start() -> None:
    with running_emulator(faults=(Fault(operation="sts:GetCallerIdentity", effect="throttle"),)) as aws:
        assert failure(aws.client("sts").get_caller_identity)[0] == 429


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        ([], "is not a JSON object"),
        ({"operation": "x"}, "at least “operation” and “effect”"),
        ({"operation": "x", "effect": "explode"}, "“effect” cannot be 'explode'"),
        ({"operation": "x", "effect": "drop", "when": "never"}, "“when” cannot be 'never'"),
        ({"operation": "x", "effect": "drop", "nth": "1"}, "“nth” cannot be '1'"),
        ({"operation": "x", "effect": "drop", "nth": True}, "“nth” cannot be True"),
        ({"operation": "x", "effect": "drop", "nth": 0}, "“nth” cannot be 0"),
        ({"operation": "x", "effect": "drop", "nth": None}, "“nth” cannot be None"),
        ({"operation": "x", "effect": "error", "status": 200}, "“status” cannot be 200"),
        ({"operation": "x", "effect": "delay", "seconds": "1"}, "“seconds” cannot be '1'"),
        ({"operation": 1, "effect": "delay"}, "“operation” cannot be 1"),
        ({"operation": "x", "effect": "drop", "colour": 1}, "has no “colour”"),
    ],
)
def test_a_wrong_fault_gets_a_sentence(aws: Served, data: Any, problem: str) -> None:
    status, answer = aws.backstage("POST", "faults", data)

    assert status == 400
    assert problem in answer["message"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "nothing", 404),
        ("PUT", "faults", 404),
        ("DELETE", "faults/x", 404),
        ("GET", "clock", 404),
        ("POST", "connections", 404),
        ("POST", "clock", 400),
    ],
)
def test_there_is_nothing_else(aws: Served, method: str, path: str, status: int) -> None:
    assert aws.backstage(method, path)[0] == status


@pytest.mark.parametrize(
    "seconds", [-1, "1", True, None, float("nan"), float("inf"), pytest.param(10**400, id="huge")]
)
def test_time_goes_on_by_a_number_of_seconds_only(aws: Served, seconds: Any) -> None:
    assert aws.backstage("POST", "clock", {"advance": seconds})[0] == 400


@pytest.mark.parametrize(
    "authorization", ["", "Bearer wrong", "Bearer ", "Basic secret-of-the-tests", SECRET_KEY]
)
def test_a_page_that_does_not_know_the_secret_key_can_drive_nothing(aws: Served, authorization: str) -> None:
    request = urllib.request.Request(
        f"{aws.url}/_emulator/faults", headers={"Authorization": authorization} if authorization else {}
    )
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request, timeout=5)
    with caught.value as answer:
        assert answer.code == 403


def test_the_first_fault_that_is_due_counts_and_all_have_seen_the_call() -> None:
    second = Fault(operation="a:*", effect="throttle", nth=2)
    first = Fault(operation="*", effect="drop", times=2)
    faults = Faults((second, first))

    assert [faults.hit("a:b") for _ in range(3)] == [first, second, None]
    assert faults.hit("c:d") is None
