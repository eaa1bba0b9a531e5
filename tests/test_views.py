"""The view from outside: what API Gateway sends, what it gets back, and what is in the tables afterwards."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import SuspiciousOperation
from django.db import connection
from django.test import Client, RequestFactory, override_settings

from apigw_ws import headers
from apigw_ws.events import Event
from apigw_ws.exceptions import Refused
from apigw_ws.guarded import GuardedRequest
from apigw_ws.guards import GUARDS, Phase
from apigw_ws.models import Refusal, WebSocketSession
from apigw_ws.services import secrets
from apigw_ws.signals import connected, disconnected, message_received
from apigw_ws.testing import WebSocketTestClient
from apigw_ws.views import WebSocketView
from tests.app.factories import API_ID, HOST, new_gateway, new_user, session_of
from tests.app.views import ChatView
from tests.emulator.serving import Served

pytestmark = pytest.mark.django_db


@pytest.fixture
def socket() -> WebSocketTestClient:
    """An open connection to ChatView."""
    opened = WebSocketTestClient(new_gateway())
    assert opened.connect().status_code == 200
    return opened


def open_socket(path: str, user: User | None = None, **query: str) -> WebSocketTestClient:
    client = Client(raise_request_exception=False)
    if user is not None:
        client.force_login(user)
    socket = WebSocketTestClient(new_gateway(path), client=client)
    socket.connect(query=query)
    return socket


class TestConnect:
    def test_a_session_remembers_who_from_where_and_since_when(self) -> None:
        user = new_user()
        client = Client()
        client.force_login(user)
        socket = WebSocketTestClient(
            new_gateway(), client=client, source_ip="2001:db8::1", user_agent="Firefox"
        )
        socket.connect(query={"channel": "lobby"})

        session = session_of(socket)
        assert (session.user, session.api_gateway, session.channel_name) == (user, socket.gateway, "lobby")
        assert (session.ip_address, session.user_agent, session.origin) == ("2001:db8::1", "Firefox", HOST)
        assert session.stage_name == "production"
        assert session.connected_on is not None
        assert int(session.connected_on.timestamp() * 1000) == socket.connected_at
        assert (session.connected, session.request_count, str(session)) == (True, 1, socket.connection_id)

    @pytest.mark.parametrize("hosts", [["*"], [".example.com"], ["www.example.com"]])
    def test_allowed_hosts_may_be_patterns(self, hosts: list[str]) -> None:
        with override_settings(ALLOWED_HOSTS=hosts):
            assert WebSocketTestClient(new_gateway()).connect().status_code == 200

    def test_a_host_that_is_not_allowed_is_a_bad_request(self) -> None:
        gateway = new_gateway(target_base_endpoint="https://elsewhere.example.net/ws/")
        with override_settings(MIDDLEWARE=[]):
            assert WebSocketTestClient(gateway).connect().status_code == 400

    def test_a_page_on_another_subdomain_may_connect(self) -> None:
        gateway = new_gateway(target_base_endpoint="https://api.example.com/ws/")

        assert WebSocketTestClient(gateway).connect(headers={"Origin": HOST}).status_code == 200

    def test_nothing_but_what_api_gateway_sends_is_needed(self) -> None:
        """No proxy in front (no X-Real-Ip, no X-Forwarded-*), no cookie, no extensions, no mapped headers."""
        gateway = new_gateway(secret_version=0)
        bare = {"Host": "www.example.com", "connectionId": "a=", headers.API_ID: API_ID}
        client = Client(headers=bare)

        answers = [
            client.generic("POST", "/ws/connect", secure=True).status_code,
            client.generic("POST", "/ws/default", b'{"action": "hush"}', secure=True).status_code,
            client.generic("POST", "/ws/disconnect", secure=True).status_code,
        ]

        assert answers == [200, 200, 200]
        assert WebSocketSession.objects.get(api_gateway=gateway).ip_address is None

    @override_settings(APIGW_WS={"TRUSTED_PROXIES": 2})
    def test_an_unmapped_address_is_counted_from_the_right_of_x_forwarded_for(self) -> None:
        socket = WebSocketTestClient(new_gateway(secret_version=0), mapped=False)
        socket.connect(headers={"X-Forwarded-For": "6.6.6.6, 203.0.113.9, 10.0.0.1"})

        assert session_of(socket).ip_address == "203.0.113.9"

    def test_a_mapped_address_comes_before_x_forwarded_for(self, socket: WebSocketTestClient) -> None:
        assert session_of(socket).ip_address == "203.0.113.7"

    def test_a_method_that_refuses_leaves_no_open_session(self) -> None:
        socket = open_socket("picky", status="403")

        assert (session_of(socket).connected, session_of(socket).close_reason) == (False, "Refused")

    def test_a_method_that_fails_leaves_no_open_session(self) -> None:
        socket = open_socket("picky", crash="1")

        assert not session_of(socket).connected

    def test_a_method_that_forgets_super_is_told(self, caplog: pytest.LogCaptureFixture) -> None:
        class Forgets(ChatView):
            def connect(self, request: Any, *args: Any, **kwargs: Any) -> Any:
                return None

        assert call(Forgets, "connect", new_gateway()).status_code == 200
        assert "Forgets.connect opened no session: call super()." in caplog.text

    def test_a_subprotocol_that_a_method_chooses_reaches_api_gateway(self) -> None:
        class Chooses(ChatView):
            def connect(self, request: Any, *args: Any, **kwargs: Any) -> Any:
                response = super().connect(request, *args, **kwargs)
                response["Sec-WebSocket-Protocol"] = "chat.v1"
                return response

        response = call(Chooses, "connect", new_gateway())

        assert (response.status_code, response["Sec-WebSocket-Protocol"]) == (200, "chat.v1")

    def test_a_connection_id_that_is_anothers_is_refused(self, socket: WebSocketTestClient) -> None:
        other = WebSocketTestClient(new_gateway(api_name="other", api_id="other"))
        other.connection_id = socket.connection_id

        assert other.connect().status_code == 403
        assert (Refusal.objects.get().guard, session_of(socket).api_gateway) == ("session", socket.gateway)


class TestMessages:
    def test_a_dict_is_the_reply_on_a_two_way_route(self, socket: WebSocketTestClient) -> None:
        assert socket.send({"action": "say", "text": "hi"}).json() == {"said": "hi", "by": "AnonymousUser"}

    def test_a_list_too(self, socket: WebSocketTestClient) -> None:
        assert socket.send({"action": "many"}).json() == [1, 2, 3]

    def test_nothing_says_nothing(self, socket: WebSocketTestClient) -> None:
        response = socket.send({"action": "hush"})

        assert (response.status_code, response.content) == (200, b"")

    def test_of_a_response_only_the_status_goes_out(self, socket: WebSocketTestClient) -> None:
        response = socket.send({"action": "teapot"})

        assert (response.status_code, response.content) == (418, b"")

    def test_on_a_one_way_route_the_reply_goes_through_connections(self, aws: Served) -> None:
        """The connection is unknown to AWS, so the real boto3 is told that it is gone."""
        gateway = new_gateway()
        gateway.create_gateway()
        gateway.two_way = False
        gateway.save()
        socket = WebSocketTestClient(gateway)
        socket.connect()
        WebSocketSession.objects.update(created_on="2026-01-01T00:00:00Z")

        response = socket.send({"action": "say", "text": "hi"})

        assert (response.status_code, response.content) == (200, b"")
        assert not session_of(socket).connected

    def test_the_handler_key_comes_before_the_action(self, socket: WebSocketTestClient) -> None:
        assert socket.send({"handler": "hush", "action": "say"}).content == b""
        assert "said" in socket.send({"handler": "unknown", "action": "say"}).json()

    def test_a_view_may_name_its_keys(self) -> None:
        class Renamed(ChatView):
            handler_selection_key, route_selection_key = "method", "type"

        response = call(Renamed, "default", new_gateway(), b'{"type": "many", "action": "hush"}')

        assert json.loads(response.content) == [1, 2, 3]

    @pytest.mark.parametrize("action", ["many", "change_channel", "default"])
    def test_allowed_handlers_leave_all_others_to_default(self, action: str) -> None:
        class Narrow(ChatView):
            ALLOWED_HANDLERS = {"say"}

        sent = json.dumps({"action": action}).encode()
        gateway = new_gateway()

        assert json.loads(call(Narrow, "default", gateway, sent).content)["default"] == {"action": action}
        assert "said" in json.loads(answer(Narrow, gateway, b'{"action": "say"}').content)

    @pytest.mark.parametrize(
        "text",
        ["hello", "", "[1, 2]", '"text"', "null", "{", "[" * 50_000, "🎉"],
    )
    def test_what_is_no_json_object_goes_to_default_with_its_text(
        self, socket: WebSocketTestClient, text: str
    ) -> None:
        assert socket.send(text).json() == {"default": {}, "raw": text}

    def test_invalid_utf_8_goes_to_default(self, socket: WebSocketTestClient) -> None:
        assert socket.send(b"\xff{}").json() == {"default": {}, "raw": "\ufffd{}"}

    @pytest.mark.parametrize(
        "body",
        [
            {"text": "no key"},
            {"action": ["x"]},
            {"action": {"say": 1}},
            {"action": None},
            {"action": 1},
            {"action": "unknown"},
            {"action": "_private"},
            {"action": "connect"},
            {"action": "dispatch"},
            {"action": "__init__"},
            {"action": "send"},
            {"handler": "_answer"},
        ],
    )
    def test_what_names_no_handler_goes_to_default(
        self, socket: WebSocketTestClient, body: dict[str, Any]
    ) -> None:
        assert socket.send(body).json()["default"] == body

    def test_a_message_over_128_kb_is_refused(self, socket: WebSocketTestClient) -> None:
        response = socket.send("x" * 129 * 1024)

        assert (response.status_code, response.content) == (413, b"")
        assert Refusal.objects.get().guard == "size"

    def test_marked_handlers_answer_to_their_names(self, socket: WebSocketTestClient) -> None:
        for name in ["chat.send", "chat.shout"]:
            assert socket.send({"action": name}).json() == {"marked": True}

    def test_an_additional_route_may_have_its_own_view(self) -> None:
        gateway = new_gateway()
        gateway.additional_routes.create(
            name="many", route_key="many", integration_url=f"{HOST}/ws/many", two_way=True
        )
        socket = WebSocketTestClient(gateway)
        socket.connect()

        assert socket.send({"action": "many"}).json() == [1, 2, 3]

    def test_a_message_has_the_user_of_its_connection_and_needs_no_cookie(self) -> None:
        assert open_socket("ws", new_user()).send({"action": "say"}).json()["by"] == "ada"

    def test_messages_are_counted(self, socket: WebSocketTestClient) -> None:
        socket.send({})
        socket.send({})

        session = session_of(socket)
        assert session.request_count == 3
        assert session.last_seen_on is not None

    def test_a_client_changes_its_channel(self, socket: WebSocketTestClient) -> None:
        assert socket.send({"action": "change_channel", "channel": "news"}).status_code == 200
        assert session_of(socket).channel_name == "news"
        assert socket.send({"action": "change_channel", "channel": ["x"]}).status_code == 400
        assert socket.send({"action": "change_channel"}).status_code == 400
        assert session_of(socket).channel_name == "news"


class TestFailures:
    @pytest.mark.parametrize("action", ["crash", "number", "huge"])
    def test_a_handler_that_fails_is_logged_and_tells_the_client_nothing(
        self, action: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        with override_settings(DEBUG=True):
            response = open_socket("ws").send({"action": action})

        assert (response.status_code, response.content) == (500, b"")
        assert "ChatView failed at /ws/default" in caplog.text
        assert "Traceback" in caplog.text

    def test_a_test_sees_the_exception_of_a_handler(self, socket: WebSocketTestClient) -> None:
        with pytest.raises(ValueError, match="the secret of the house"):
            socket.send({"action": "crash"})

    def test_a_handler_may_refuse(self) -> None:
        class Closed(ChatView):
            def say(self, request: Any, *args: Any, **kwargs: Any) -> Any:
                raise Refused("hours", 403, "We are closed.", {"hour": 3})

        assert call(Closed, "default", new_gateway(), b'{"action": "say"}').status_code == 403
        assert (Refusal.objects.get().guard, Refusal.objects.get().facts) == ("hours", {"hour": 3})

    def test_a_project_adds_its_own_guard(self) -> None:
        def never(request: GuardedRequest, event: Event) -> None:
            raise Refused("never", 418, event.connection_id)

        class Guarded(ChatView):
            guards = {**GUARDS, Phase.CONNECT: (*GUARDS[Phase.CONNECT], never)}

        assert call(Guarded, "connect", new_gateway()).status_code == 418

    def test_a_suspicious_operation_is_a_bad_request(self, caplog: pytest.LogCaptureFixture) -> None:
        class Suspicious(ChatView):
            def say(self, request: Any, *args: Any, **kwargs: Any) -> Any:
                raise SuspiciousOperation("odd")

        assert call(Suspicious, "default", new_gateway(), b'{"action": "say"}').status_code == 400

    @pytest.mark.django_db(transaction=True)
    def test_a_handler_runs_outside_of_a_transaction(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """It may wait for the network, and what it wrote must be there when its message arrives."""
        seen: list[bool] = []
        monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", True)
        message_received.connect(listen := lambda **_: seen.append(connection.in_atomic_block))
        try:
            open_socket("ws").send({"action": "hush"})
        finally:
            message_received.disconnect(listen)

        assert seen == [False]

    def test_the_base_view_can_be_mounted_as_it_is(self) -> None:
        response = call(WebSocketView, "default", new_gateway(), b'{"action": "anything"}')

        assert (response.status_code, response.content) == (200, b"")

    def test_without_middleware_a_view_still_answers(self) -> None:
        with override_settings(MIDDLEWARE=[]):
            socket = WebSocketTestClient(new_gateway())

            assert [socket.connect().status_code, socket.send({}).status_code] == [200, 200]
            assert socket.connect(headers={"Origin": "https://evil.example.org"}).status_code == 403


class TestDisconnect:
    def test_the_session_knows_when_and_why_it_ended(self, socket: WebSocketTestClient) -> None:
        assert socket.disconnect(1001, "Going away").status_code == 200

        session = session_of(socket)
        assert (session.connected, session.close_code, session.close_reason) == (False, 1001, "Going away")
        assert session.disconnected_on is not None

    def test_the_session_is_closed_even_where_an_override_fails(self) -> None:
        socket = open_socket("picky")

        assert socket.disconnect().status_code == 500
        assert not session_of(socket).connected

    def test_a_second_disconnect_changes_nothing(self, socket: WebSocketTestClient) -> None:
        socket.disconnect(1001, "Going away")
        socket.disconnect(1006, "")

        assert session_of(socket).close_code == 1001


class TestSignals:
    def test_a_project_hears_of_connects_messages_and_disconnects(self) -> None:
        heard: list[str] = []

        def listen(signal: Any, **kwargs: Any) -> None:
            heard.append(f"{kwargs['session']} {kwargs.get('body', '')}")

        for signal in (connected, message_received, disconnected):
            signal.connect(listen)
        try:
            socket = WebSocketTestClient(new_gateway())
            socket.connect()
            socket.connect()  # delivered twice, heard once
            socket.send({"action": "hush"})
            socket.disconnect()
        finally:
            for signal in (connected, message_received, disconnected):
                signal.disconnect(listen)

        name = socket.connection_id
        assert heard == [f"{name} ", f"{name} {{'action': 'hush'}}", f"{name} "]

    def test_a_receiver_that_fails_is_logged_and_not_felt(self, caplog: pytest.LogCaptureFixture) -> None:
        def fail(**kwargs: Any) -> None:
            raise ValueError("receiver failed")

        connected.connect(fail)
        try:
            assert WebSocketTestClient(new_gateway()).connect().status_code == 200
        finally:
            connected.disconnect(fail)
        assert "receiver failed" in caplog.text


class TestDebug:
    def test_debug_notes_the_way_through_the_view(self) -> None:
        request, view = request_for("connect", new_gateway()), ChatView(debug=True)
        view.setup(request, route="connect")
        view.dispatch(request, route="connect")
        view._debug("mine")

        assert view.debug_log[:2] == ["guard headers_present", "guard gateway_known"]
        assert view.debug_log[-1] == "mine"

    def test_without_debug_nothing_is_noted(self) -> None:
        view = ChatView()
        view._debug("mine")

        assert view.debug_log == []

    def test_a_class_may_turn_it_on(self) -> None:
        class Noisy(ChatView):
            debug = True

        view = Noisy()
        view._debug("mine")

        assert view.debug_log == ["mine"]


def request_for(route: str, gateway: Any, body: bytes = b"") -> Any:
    """A request as it arrives at the view, without middleware."""
    sent = {
        "Host": "www.example.com",
        headers.API_ID: gateway.api_id,
        headers.CONNECTION_ID: "a=",
        headers.SECRET: secrets.derive(gateway),
        headers.TWO_WAY: "1",
    }
    return RequestFactory().generic("POST", f"/ws/{route}", body, headers=sent)


def call(view: type[WebSocketView], route: str, gateway: Any, body: bytes = b"") -> Any:
    """The answer of a view that is mounted nowhere, to an event of an open connection."""
    if route != "connect":
        WebSocketSession.objects.create(connection_id="a=", api_gateway=gateway)
    return view.as_view()(request_for(route, gateway, body), route=route)


def answer(view: type[WebSocketView], gateway: Any, body: bytes) -> Any:
    """The answer to a further message of that connection."""
    return view.as_view()(request_for("default", gateway, body), route="default")
