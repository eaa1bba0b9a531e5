"""Sending, with the real boto3, to real sockets in the emulator."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from apigw_ws.aws import connections
from apigw_ws.exceptions import AwsError, NotProvisioned, PayloadTooLarge, Throttled
from apigw_ws.models import ApiGateway, WebSocketSession
from apigw_ws.services import endpoints, messages, provisioning
from tests.emulator.backend import Backend, recording_backend
from tests.emulator.serving import Served

Connect = Callable[..., tuple[ClientConnection, WebSocketSession]]


@pytest.mark.parametrize(
    ("data", "sent"),
    [
        ({"a": [1, "é"]}, '{"a":[1,"é"]}'.encode()),
        ([1, None], b"[1,null]"),
        ("plain text", b"plain text"),
        (b"\x00bytes", b"\x00bytes"),
        (None, b"null"),
        (
            {"on": date(2026, 1, 2), "id": UUID(int=1)},
            b'{"on":"2026-01-02","id":"00000000-0000-0000-0000-000000000001"}',
        ),
        ({"half": "\ud83d"}, b'{"half":"?"}'),
    ],
)
def test_data_is_encoded_as_the_client_reads_it(data: Any, sent: bytes) -> None:
    assert messages.encode(data) == sent


def test_128_kilobytes_are_the_limit_counted_in_bytes() -> None:
    assert len(messages.encode("é" * 65_536)) == 131_072

    with pytest.raises(
        PayloadTooLarge, match=r"has 131073 bytes; AWS takes at most 131072\. Send it in parts"
    ):
        messages.encode("é" * 65_536 + "x")


def test_what_json_cannot_hold_is_refused() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        messages.encode({"x": float("nan")})


@pytest.fixture
def backend() -> Iterator[Backend]:
    with recording_backend() as backend:
        yield backend


@pytest.fixture
def gateway(aws: Served, db: None, backend: Backend) -> ApiGateway:
    gateway = ApiGateway.objects.create(api_name="chat", target_base_endpoint=f"{backend.url}/ws/")
    provisioning.apply(gateway)
    return gateway


@pytest.fixture
def visit(gateway: ApiGateway, backend: Backend) -> Iterator[Connect]:
    """Open a socket and record its session."""
    with ExitStack() as sockets:

        def open_socket(through: ApiGateway = gateway) -> tuple[ClientConnection, WebSocketSession]:
            socket = sockets.enter_context(connect(through.client_url))
            connection_id = backend.wait(path="/ws/connect")[-1].header("connectionId")
            return socket, WebSocketSession.objects.create(connection_id=connection_id, api_gateway=through)

        yield open_socket


def gone(gateway: ApiGateway | None, connection_id: str = "e_d2EewNLPECIGw=") -> WebSocketSession:
    return WebSocketSession.objects.create(connection_id=connection_id, api_gateway=gateway)


def test_a_session_is_sent_to(visit: Connect) -> None:
    socket, session = visit()

    assert session.send_message({"hello": "you"}) is True
    assert socket.recv(timeout=5) == '{"hello":"you"}'


def test_a_session_that_is_gone_is_closed(gateway: ApiGateway) -> None:
    session = gone(gateway)

    assert session.send_message("anybody?") is False

    assert session.connected is False
    session.refresh_from_db()
    assert session.connected is False
    assert session.disconnected_on is not None


def test_a_newcomer_that_aws_does_not_know_yet_stays_open(gateway: ApiGateway) -> None:
    session = gone(gateway)
    moment = timezone.now()
    WebSocketSession.objects.update(created_on=moment, connected_on=moment, last_seen_on=None)

    assert session.send_message("anybody?") is False

    session.save()  # what the caller holds says what is true
    session.refresh_from_db()
    assert session.connected


def test_a_session_whose_socket_was_closed_is_gone(visit: Connect, backend: Backend) -> None:
    socket, session = visit()
    socket.close()
    backend.wait(path="/ws/disconnect")

    assert session.send_message("anybody?") is False


def test_a_session_without_a_gateway_or_a_deployment_is_an_error(gateway: ApiGateway) -> None:
    with pytest.raises(NotProvisioned, match="belongs to no gateway"):
        messages.send(gone(None), "x")

    new = ApiGateway.objects.create(api_name="new")
    with pytest.raises(NotProvisioned, match="“new” is not deployed in AWS yet"):
        messages.send(gone(new, "another"), "x")


@pytest.mark.parametrize(
    "send", [messages.send, lambda s, data: messages.send_to_all(type(s).objects.all(), data)]
)
def test_a_message_that_is_too_large_makes_no_call(
    gateway: ApiGateway, aws: Served, send: Callable[..., Any]
) -> None:
    session = gone(gateway)

    with pytest.raises(PayloadTooLarge):
        send(session, "x" * 131_073)

    session.refresh_from_db()
    assert session.connected


def test_what_aws_refuses_is_raised_for_one_session(gateway: ApiGateway, aws: Served) -> None:
    with pytest.raises(AwsError, match="Invalid connectionId") as caught:
        messages.send(gone(gateway, "nonsense-id"), "x")
    assert caught.value.status == 400

    aws.fault("execute-api:PostToConnection", "throttle", times=None)
    with pytest.raises(Throttled):
        messages.send(gone(gateway), "x")


def test_all_are_sent_to_in_the_order_of_the_queryset(visit: Connect, gateway: ApiGateway) -> None:
    first, one = visit()
    gone(gateway)
    second, two = visit()

    successes = WebSocketSession.objects.order_by("pk").send_message({"n": 1}, max_workers=1)

    assert successes == [True, False, True]
    assert [first.recv(timeout=5), second.recv(timeout=5)] == ['{"n":1}'] * 2
    assert set(WebSocketSession.objects.filter(connected=True)) == {one, two}


def test_a_queryset_sends_to_the_connected_only(visit: Connect) -> None:
    _socket, _session = visit()
    WebSocketSession.objects.update(connected=False)

    assert WebSocketSession.objects.all().send_message("x") == []


def test_one_bad_recipient_stops_nobody(
    visit: Connect, gateway: ApiGateway, caplog: pytest.LogCaptureFixture
) -> None:
    gone(None, "without a gateway")
    gone(ApiGateway.objects.create(api_name="new"), "not deployed")
    gone(gateway, "nonsense-id")
    socket, _session = visit()

    with caplog.at_level(logging.WARNING):
        successes = messages.send_to_all(WebSocketSession.objects.order_by("pk"), "hello")

    assert successes == [False, False, False, True]
    assert socket.recv(timeout=5) == "hello"
    assert (
        "3 of 4 messages were not sent; the first, to without a gateway: The session belongs" in caplog.text
    )


def test_nobody_is_posted_through_another_gateways_endpoint(
    visit: Connect, gateway: ApiGateway, backend: Backend
) -> None:
    other = ApiGateway.objects.create(api_name="other", target_base_endpoint=f"{backend.url}/ws/")
    provisioning.apply(other)
    socket, session = visit(other)
    own, _session = visit()
    stranger = WebSocketSession.objects.create(connection_id="e_d2EewNLPECIGw=", api_gateway=other)

    assert messages.send_to_all(WebSocketSession.objects.order_by("pk"), "x") == [True, True, False]
    assert (socket.recv(timeout=5), own.recv(timeout=5)) == ("x", "x")

    WebSocketSession.objects.filter(pk=session.pk).update(api_gateway=gateway)
    assert messages.send_to_all(WebSocketSession.objects.filter(pk=session.pk), "x") == [False]
    assert stranger.connected


def test_queries_do_not_grow_with_the_recipients(
    gateway: ApiGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    def queries(recipients: int) -> int:
        WebSocketSession.objects.all().delete()
        ids = [f"{number:015x}=" for number in range(recipients)]
        WebSocketSession.objects.bulk_create(
            WebSocketSession(connection_id=connection_id, api_gateway=gateway) for connection_id in ids
        )
        with CaptureQueriesContext(database) as captured:
            assert messages.send_to_all(WebSocketSession.objects.all(), "x") == [False] * recipients
        assert not WebSocketSession.objects.filter(connected=True).exists()
        return len(captured)

    assert queries(3) == queries(60)


def test_batches_are_settled_one_after_the_other(
    gateway: ApiGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(messages, "BATCH", 2)
    for number in range(5):
        gone(gateway, f"{number:015x}=")

    assert messages.send_to_all(WebSocketSession.objects.all(), "x") == [False] * 5
    assert not WebSocketSession.objects.filter(connected=True).exists()


def test_aws_tells_of_a_connection_and_closes_it(visit: Connect, gateway: ApiGateway) -> None:
    socket, session = visit()
    client = endpoints.connections_client(gateway)

    assert connections.get(client, session.connection_id)["Identity"]["SourceIp"] == "127.0.0.1"
    connections.close(client, session.connection_id)

    with pytest.raises(ConnectionClosed) as caught:
        socket.recv(timeout=5)
    assert caught.value.rcvd is not None
    assert caught.value.rcvd.code == 1000


def test_a_message_over_a_frame_arrives_whole(visit: Connect) -> None:
    socket, session = visit()

    session.send_message("x" * 131_072)

    assert socket.recv(timeout=5) == "x" * 131_072


def test_a_removed_stage_closes_its_sockets(visit: Connect, gateway: ApiGateway) -> None:
    socket, _session = visit()
    gateway.stage_name = "live"
    gateway.save()

    provisioning.apply(gateway)

    with pytest.raises(ConnectionClosed):
        socket.recv(timeout=5)


def test_a_result_says_how_many_fared_how(visit: Connect, gateway: ApiGateway) -> None:
    visit()
    gone(gateway)
    gone(gateway, "nonsense-id")
    gone(None, "without a gateway")

    result = WebSocketSession.objects.order_by("pk").send_message("x")

    assert (result.sent, result.gone, result.failed) == (1, 1, 2)
    assert (result.forbidden, result.throttled) == (0, 0)
    assert result == [True, False, False, False]
    assert result.codes == {"GoneException": 1, "BadRequestException": 1, "NotProvisioned": 1}


def test_credentials_that_aws_refuses_are_tried_a_few_times_only(
    gateway: ApiGateway, aws: Served, caplog: pytest.LogCaptureFixture
) -> None:
    aws.fault("execute-api:PostToConnection", "error", status=403, times=None)
    ids = [f"{number:015x}=" for number in range(300)]
    WebSocketSession.objects.bulk_create(
        WebSocketSession(connection_id=connection_id, api_gateway=gateway) for connection_id in ids
    )

    with caplog.at_level(logging.WARNING):
        result = WebSocketSession.objects.send_message("x")

    assert (result.forbidden, len(result)) == (300, 300)
    assert WebSocketSession.objects.filter(connected=True).count() == 300
    assert "300 of 300 messages were not sent" in caplog.text


def test_only_what_was_sent_is_counted(visit: Connect, gateway: ApiGateway) -> None:
    _socket, session = visit()
    other = gone(gateway)

    WebSocketSession.objects.send_message("four")

    session.refresh_from_db()
    other.refresh_from_db()
    assert (session.messages_out, session.bytes_out) == (1, 4)
    assert (other.messages_out, other.bytes_out) == (0, 0)
