"""What an event costs in SQL, outside of a transaction as in production.

Once the process knows the gateway and the channel permissions, which it reads every ten seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apigw_ws.models import ApiGateway, ChannelPermission
from apigw_ws.services import bans, gateways, rules, traces
from apigw_ws.testing import WebSocketTestClient
from tests.app.factories import new_gateway, new_user

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def nothing_is_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """However slow the machine is."""
    monkeypatch.setattr(traces, "MAX_AGE", 3600)


@pytest.fixture
def gateway() -> ApiGateway:
    return new_gateway()


@pytest.fixture
def browser() -> Client:
    client = Client()
    client.force_login(new_user())
    return client


@contextmanager
def costs(expected: int) -> Iterator[None]:
    with CaptureQueriesContext(connection) as captured:
        yield
    # The test client itself asks for the gateway's routes.
    statements = [q["sql"] for q in captured.captured_queries if "additionalroute" not in q["sql"]]
    assert len(statements) == expected, "\n".join(statements)


def known(gateway: ApiGateway, client: Client | None = None) -> WebSocketTestClient:
    """A client of a gateway that the process has met; it knows bans and traces too."""
    socket = WebSocketTestClient(gateway, client=client)
    gateways.by_api_id(gateway.api_id)
    rules.deciding("")
    bans.find(user=None, ip_address=None, user_agent="")
    traces.sent([], b"")
    return socket


def test_a_connect_of_a_visitor_with_the_limit_costs_2(gateway: ApiGateway) -> None:
    socket = known(gateway)
    with costs(2):  # attempts, INSERT
        assert socket.connect().status_code == 200


def test_a_connect_with_login_token_limit_and_channel_costs_5(browser: Client) -> None:
    gateway = new_gateway("tokened")
    ChannelPermission.objects.create(channel_name="room", access="authenticated")
    token = browser.post("/ws-token/").json()["token"]
    socket = known(gateway, browser)

    with costs(5):  # attempts, browser session, user, token, INSERT
        assert socket.connect(query={"channel": "room", "ws_token": token}).status_code == 200


def test_the_same_connect_again_costs_one_more(gateway: ApiGateway) -> None:
    socket = known(gateway)
    socket.connect()
    with costs(3):  # attempts, refused INSERT, the stored one
        assert socket.connect().status_code == 200


@pytest.mark.parametrize("client", [lambda browser: None, lambda browser: browser])
def test_a_message_costs_2(
    gateway: ApiGateway, browser: Client, client: Callable[[Client], Client | None]
) -> None:
    socket = known(gateway, client(browser))
    socket.connect()
    with costs(2):  # session with user, UPDATE
        assert socket.send({"action": "say", "text": "hi"}).json()["said"] == "hi"


def test_a_message_to_a_view_with_permissions_costs_2_as_well() -> None:
    client = Client()
    client.force_login(new_user("bob", "change_user"))
    socket = known(new_gateway("staff"), client)
    socket.connect()
    with costs(2):  # session with user, UPDATE
        assert socket.send({"action": "say"}).status_code == 200


def test_a_connect_to_a_view_with_permissions_into_a_channel_with_rules_costs_6() -> None:
    client = Client()
    client.force_login(new_user("bob", "change_user"))
    room = ChannelPermission.objects.create(channel_name="room", access="rules")
    for _ in range(3):
        room.rules.create().permissions.set(Permission.objects.filter(codename="change_user"))
    socket = known(new_gateway("staff"), client)

    with costs(6):  # attempts, browser session, user, its permissions (2), INSERT
        assert socket.connect(query={"channel": "room"}).status_code == 200


def test_a_message_that_asks_whether_the_user_may_send_costs_as_much_as_any() -> None:
    client = Client()
    client.force_login(new_user("bob", "change_user"))
    room = ChannelPermission.objects.create(channel_name="room*", send_access="rules")
    room.rules.create(verb="send").permissions.set(Permission.objects.filter(codename="change_user"))
    socket = known(new_gateway("rooms"), client)
    socket.connect()
    assert socket.send({"action": "tell", "channel": "room-1"}).status_code == 200
    with costs(3):  # session with user, the room's members, UPDATE
        assert socket.send({"action": "tell", "channel": "room-1"}).status_code == 200


def test_joining_and_leaving_cost_little_more_than_any_message() -> None:
    socket = known(new_gateway("rooms"))
    socket.connect()
    with costs(7):  # session with user, is it there, INSERT in a transaction, how many are there, UPDATE
        assert socket.send({"action": "join", "channel": "room"}).status_code == 200
    with costs(7):  # session with user, is it there, DELETE in a transaction, its note, UPDATE
        assert socket.send({"action": "leave", "channel": "room"}).status_code == 200


def test_a_disconnect_costs_2(gateway: ApiGateway, browser: Client) -> None:
    socket = known(gateway, browser)
    socket.connect()
    with costs(2):  # session with user, UPDATE
        socket.disconnect()


def test_a_disconnect_of_an_unknown_connection_costs_1(gateway: ApiGateway) -> None:
    socket = known(gateway)
    with costs(1):
        socket.disconnect()


def test_a_token_costs_4(browser: Client) -> None:
    with costs(4):  # browser session, user, tokens that wait, INSERT
        browser.post("/ws-token/")
