"""What every view that answers events must do, whoever wrote it. Subclass it and say where the view is."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.test import Client, override_settings

from apigw_ws import headers
from apigw_ws.models import ApiGateway, Refusal, WebSocketSession
from apigw_ws.services import secrets
from apigw_ws.testing import WebSocketTestClient
from tests.app.factories import new_gateway, session_of


@pytest.mark.django_db
class GuardCases:
    path: str

    @pytest.fixture
    def gateway(self) -> ApiGateway:
        return new_gateway(self.path)

    @pytest.fixture
    def socket(self, gateway: ApiGateway) -> WebSocketTestClient:
        return WebSocketTestClient(gateway, client=Client(enforce_csrf_checks=True))

    def refused(self, status: int, guard: str, response: object) -> bool:
        """Whether the response is a bare status, and the newest refusal names the guard."""
        newest = Refusal.objects.order_by("pk").last()
        return (
            newest is not None
            and (newest.guard, newest.status) == (guard, status)
            and getattr(response, "status_code", 0) == status
            and getattr(response, "content", b"?") == b""
        )

    def test_a_gateway_needs_neither_csrf_token_nor_login(self, socket: WebSocketTestClient) -> None:
        assert "LoginRequiredMiddleware" in str(settings.MIDDLEWARE)
        assert [socket.connect().status_code, socket.send({}).status_code] == [200, 200]
        assert socket.disconnect().status_code == 200

    def test_an_unknown_gateway_is_refused(self, socket: WebSocketTestClient) -> None:
        socket.gateway.api_id = "other"

        assert self.refused(403, "gateway", socket.connect())
        assert self.refused(403, "gateway", socket.send({}))
        assert self.refused(403, "gateway", socket.disconnect())

    def test_a_call_that_names_no_gateway_is_refused(self, socket: WebSocketTestClient) -> None:
        """A gateway that is not made yet has no API ID, and must not match."""
        ApiGateway.objects.update(api_id="")
        socket.gateway.api_id = ""

        assert self.refused(403, "gateway", socket.connect())

    def test_a_missing_secret_is_refused(self, socket: WebSocketTestClient) -> None:
        socket.mapped = False

        assert self.refused(403, "secret", socket.connect())
        assert self.refused(403, "secret", socket.send({}))
        assert self.refused(403, "secret", socket.disconnect())

    def test_a_wrong_secret_is_refused_and_not_recorded(self, socket: WebSocketTestClient) -> None:
        socket.gateway.secret_version = 7
        wrong = secrets.derive(socket.gateway)

        assert self.refused(403, "secret", socket.connect())
        assert Refusal.objects.get().facts == {"presented": True, "secret_version": 1}
        assert wrong not in str(Refusal.objects.values())

    def test_a_rotated_secret_key_is_accepted_for_as_long_as_it_is_a_fallback(
        self, socket: WebSocketTestClient
    ) -> None:
        before = secrets.derive(socket.gateway)

        with override_settings(SECRET_KEY="new" * 20, SECRET_KEY_FALLBACKS=[settings.SECRET_KEY]):
            assert secrets.derive(socket.gateway) != before
            assert secrets.version_of(socket.gateway, before) == 1
        with override_settings(SECRET_KEY="new" * 20):
            assert secrets.version_of(socket.gateway, before) is None

    def test_a_connection_id_that_is_missing_or_malformed_is_refused(
        self, socket: WebSocketTestClient
    ) -> None:
        for wrong in ["", "a b", "x" * 129, "é"]:
            socket.connection_id = wrong
            assert self.refused(400, "request", socket.connect())

    def test_an_event_at_the_url_of_another_is_refused(self, socket: WebSocketTestClient) -> None:
        response = socket._post(socket._url("connect"), "MESSAGE", "chat", {}, socket.client)

        assert self.refused(400, "event_type", response)

    def test_only_post_is_answered(self, socket: WebSocketTestClient) -> None:
        response = Client(headers={"Host": "www.example.com"}).get(f"/{self.path}/connect")

        assert response.status_code == 405

    def test_the_same_connect_delivered_twice_makes_one_session(self, socket: WebSocketTestClient) -> None:
        assert [socket.connect().status_code, socket.connect().status_code] == [200, 200]
        assert WebSocketSession.objects.count() == 1

    def test_a_disconnect_of_an_unknown_connection_changes_nothing(self, socket: WebSocketTestClient) -> None:
        socket.connect()
        unknown = WebSocketTestClient(socket.gateway)

        assert unknown.disconnect().status_code == 200
        assert session_of(socket).connected
        assert WebSocketSession.objects.count() == 1

    def test_a_message_of_an_unknown_or_closed_connection_is_refused(
        self, socket: WebSocketTestClient
    ) -> None:
        assert self.refused(403, "session", socket.send({}))
        socket.connect()
        socket.disconnect()
        assert self.refused(403, "session", socket.send({}))

    def test_a_message_through_another_gateway_is_refused(self, socket: WebSocketTestClient) -> None:
        socket.connect()
        other = WebSocketTestClient(new_gateway(self.path, api_name="other", api_id="other"))
        other.connection_id = socket.connection_id

        assert self.refused(403, "session", other.send({}))
        assert other.disconnect().status_code == 200
        assert session_of(socket).connected

    def test_headers_without_a_secret_are_not_believed(self, socket: WebSocketTestClient) -> None:
        """A gateway that maps nothing passes the client's own headers on: they are forgeable."""
        socket.gateway.secret_version, socket.mapped = 0, False
        socket.gateway.save()
        forged = {headers.SOURCE_IP: "192.0.2.1", headers.USER_AGENT: "forged", headers.CONNECTED_AT: "1"}

        assert socket.connect(headers=forged).status_code == 200
        session = session_of(socket)
        assert (session.ip_address, session.user_agent) == (None, "Mozilla/5.0")
        assert session.connected_on is not None
        assert session.connected_on.year > 1970
