"""The sample view, as a project would test its own."""

from __future__ import annotations

from typing import Any

import pytest

from apigw_ws.models import ApiGateway, ChannelPermission, Refusal, WebSocketSession
from apigw_ws.testing.client import WebSocketTestClient

pytestmark = pytest.mark.django_db


@pytest.fixture
def gateway(settings: Any) -> ApiGateway:
    settings.ROOT_URLCONF = "apigw_ws_admin.demo.urls"
    gateway = ApiGateway.objects.create(
        api_name="demo",
        api_id="demo1",
        target_base_endpoint="http://127.0.0.1/ws/",
        default_channel_name="lobby",
    )
    gateway.additional_routes.create(
        name="clock", route_key="time", integration_url="http://127.0.0.1/clock/message"
    )
    return gateway


@pytest.fixture
def ada(gateway: ApiGateway) -> WebSocketTestClient:
    """Somebody in the lobby."""
    socket = WebSocketTestClient(gateway)
    assert socket.connect().status_code == 200
    return socket


def test_what_is_said_comes_back_as_the_reply(ada: WebSocketTestClient) -> None:
    said = ada.send({"action": "say", "text": "Hello", "request_id": "a1"}).json()

    assert said.pop("at")
    assert said == {
        "type": "said",
        "from": f"guest-{ada.connection_id[:4]}",
        "text": "Hello",
        "channel": "lobby",
        "request_id": "a1",
    }


def test_joining_leaves_the_channel_before(ada: WebSocketTestClient) -> None:
    reply = ada.send({"action": "join", "channel": "kitchen"}).json()

    assert reply == {"type": "joined", "channel": "kitchen", "members": 1}
    assert WebSocketSession.objects.get().channel_name == "kitchen"


def test_a_channel_that_is_not_for_everybody_is_not_joined(ada: WebSocketTestClient) -> None:
    ChannelPermission.objects.create(channel_name="office", access="staff")

    assert ada.send({"action": "join", "channel": "office"}).status_code == 403
    assert WebSocketSession.objects.get().channel_name == "lobby"
    assert Refusal.objects.get().guard == "channel"


def test_who_is_there(ada: WebSocketTestClient) -> None:
    assert ada.send({"action": "who"}).json() == {
        "type": "who",
        "you": f"guest-{ada.connection_id[:4]}",
        "members": [f"guest-{ada.connection_id[:4]}"],
    }


def test_the_clock_answers_on_a_route_of_its_own(ada: WebSocketTestClient) -> None:
    assert ada.send({"action": "time"}).json()["type"] == "time"


def test_a_keep_alive_is_not_answered(ada: WebSocketTestClient) -> None:
    assert ada.send({"action": "ping"}).content == b""


@pytest.mark.parametrize("message", [{"action": "sing"}, {"action": "_members"}, "no JSON", []])
def test_anything_else_is_answered_with_what_there_is(ada: WebSocketTestClient, message: Any) -> None:
    assert ada.send(message).json()["text"] == "Send an action: say, join, who or time."
