"""The whole way: a socket, the emulator, Django over HTTP, a handler, and back by reply and by boto3."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from django.core.wsgi import get_wsgi_application
from django.db import connections
from django.test import Client
from django.utils import timezone
from websockets.sync.client import connect

from apigw_ws import headers
from apigw_ws.models import ApiGateway, ChannelMembership, ChannelPermission, Refusal, WebSocketSession
from apigw_ws.services import provisioning, rotation, secrets
from tests.emulator.serving import Served


class Quiet(WSGIRequestHandler):
    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def site(transactional_db: None) -> Iterator[str]:
    """Django over HTTP on a thread; a database in memory is there through the test's own connection."""
    shared = connections["default"]

    def serve() -> None:
        if shared.vendor == "sqlite":
            connections["default"] = shared
        server.serve_forever(poll_interval=0.01)

    with make_server("127.0.0.1", 0, get_wsgi_application(), handler_class=Quiet) as server:
        shared.inc_thread_sharing()
        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()
        shared.dec_thread_sharing()


@pytest.fixture
def gateway(aws: Served, site: str) -> ApiGateway:
    gateway = ApiGateway.objects.create(api_name="chat", target_base_endpoint=f"{site}/ws/")
    gateway.additional_routes.create(name="say", route_key="say", integration_url=f"{site}/ws/say")
    gateway.create_gateway()
    return gateway


def eventually(check: Callable[[], bool]) -> bool:
    """Whether ``check`` holds within five seconds: a disconnect reaches Django after the client is gone."""
    deadline = time.monotonic() + 5
    while not check() and time.monotonic() < deadline:
        time.sleep(0.01)
    return check()


def test_a_message_goes_round(gateway: ApiGateway) -> None:
    with connect(f"{gateway.client_url}?channel=lobby", user_agent_header="Round/1") as socket:
        session = WebSocketSession.objects.get()
        assert (session.channel_name, session.ip_address) == ("lobby", "127.0.0.1")
        assert session.user_agent == "Round/1"

        socket.send('{"action": "say", "text": "hi"}')
        assert json.loads(socket.recv(timeout=5)) == {"said": "hi", "by": "AnonymousUser"}

        socket.send("not JSON")
        assert json.loads(socket.recv(timeout=5)) == {"default": {}, "raw": "not JSON"}

        assert WebSocketSession.objects.filter(channel_name="lobby").send_message({"n": 1}) == [True]
        assert json.loads(socket.recv(timeout=5)) == {"n": 1}
        socket.close(4001, "done")

    assert eventually(lambda: not WebSocketSession.objects.get().connected)
    session.refresh_from_db()
    assert (session.close_code, session.close_reason) == (4001, "done")
    assert not Refusal.objects.exists()


def test_who_joins_a_channel_hears_what_is_said_there_until_they_leave(aws: Served, site: str) -> None:
    gateway = ApiGateway.objects.create(api_name="rooms", target_base_endpoint=f"{site}/rooms/")
    gateway.create_gateway()
    ChannelPermission.objects.create(channel_name="alarm*", access="staff")

    def joined(name: str) -> bool:
        return WebSocketSession.objects.in_channel(name).count() == 2

    with connect(f"{gateway.client_url}?channel=a&channel=b") as one, connect(gateway.client_url) as other:
        other.send('{"action": "join", "channel": "alarm-1"}')  # refused
        other.send('{"action": "join", "channel": "b"}')
        assert eventually(lambda: joined("b"))
        one.send('{"action": "tell", "channel": "b"}')
        assert [json.loads(socket.recv(timeout=5)) for socket in (one, other)] == [{"told": "b"}] * 2

        one.send('{"action": "leave", "channel": "b"}')
        assert eventually(lambda: not joined("b"))
        other.send('{"action": "tell", "channel": "b"}')
        other.send('{"action": "tell", "channel": "a"}')
        assert json.loads(other.recv(timeout=5)) == {"told": "b"}
        assert json.loads(one.recv(timeout=5)) == {"told": "a"}

    assert eventually(lambda: not WebSocketSession.objects.in_channel("b").exists())
    assert ChannelMembership.objects.get().name == "b"
    assert Refusal.objects.get().facts == {"channel": "alarm-1", "channel permission": "alarm*"}


def test_a_new_secret_shuts_nobody_out_before_or_after_it_is_deployed(gateway: ApiGateway) -> None:
    gateway.secret_version = 2
    gateway.save()
    with connect(gateway.client_url) as socket:
        socket.send('{"action": "say", "text": "hi"}')
        assert json.loads(socket.recv(timeout=5))["said"] == "hi"

    provisioning.apply(gateway)

    with connect(gateway.client_url) as socket:
        socket.send('{"action": "say", "text": "hi"}')
        assert json.loads(socket.recv(timeout=5))["said"] == "hi"


def test_without_replies_the_handler_answers_through_boto3(gateway: ApiGateway) -> None:
    gateway.additional_routes.update(two_way=False)
    provisioning.apply(gateway)

    with connect(gateway.client_url) as socket:
        socket.send('{"action": "say", "text": "hi"}')
        reply: dict[str, Any] = json.loads(socket.recv(timeout=5))

    assert reply["said"] == "hi"


def test_sockets_that_stay_open_through_a_rotation_notice_nothing(gateway: ApiGateway) -> None:
    def talk(*open_ones: Any) -> None:
        for socket in open_ones:
            socket.send('{"action": "say", "text": "hi"}')
            assert json.loads(socket.recv(timeout=5))["said"] == "hi"

    old = secrets.derive(gateway)
    with connect(gateway.client_url) as first:
        talk(first)
        rotation.start(gateway)
        with connect(gateway.client_url) as second:
            talk(first, second)
            provisioning.apply(gateway)
            with connect(gateway.client_url) as third:
                talk(first, second, third)
                gateway.secret_rotated_on = timezone.now() - 2 * rotation.GRACE
                gateway.save()
                assert [(row.version, row.sessions) for row in rotation.traffic(gateway)] == [(2, 3)]
                rotation.retire(gateway)
                talk(first, second, third)

    assert eventually(lambda: not WebSocketSession.objects.filter(connected=True).exists())
    assert not Refusal.objects.exists()
    forged = Client().post("/ws/connect", headers=arrival(gateway, old))
    assert forged.status_code == 403
    assert Refusal.objects.get().guard == "secret"


def arrival(gateway: ApiGateway, secret: str) -> dict[str, str]:
    return {headers.CONNECTION_ID: "abc=", headers.API_ID: gateway.api_id, headers.SECRET: secret}
