"""Connect tokens: from whom, for whom, how long and how often."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client, override_settings

from apigw_ws.exceptions import ConfigurationError
from apigw_ws.models import Refusal, WebSocketToken
from apigw_ws.services import tokens
from apigw_ws.testing import WebSocketTestClient
from tests.app.factories import new_gateway, new_user, session_of
from tests.test_sessions import at_once, in_parallel

pytestmark = pytest.mark.django_db


def token_for(client: Client) -> str:
    response = client.post("/ws-token/")
    assert response.status_code == 200
    return str(response.json()["token"])


def connect(client: Client, token: str, path: str = "tokened") -> int:
    socket = WebSocketTestClient(new_gateway(path), client=client)
    status: int = socket.connect(query={"ws_token": token}).status_code
    socket.gateway.delete()
    return status


@pytest.fixture
def browser() -> Client:
    client = Client()
    client.force_login(new_user())
    return client


class TestView:
    def test_a_token_comes_with_the_seconds_it_is_good_for(self, browser: Client) -> None:
        response = browser.post("/ws-token/")

        assert response.json() == {"token": response.json()["token"], "expires_in": 60}
        assert "no-store" in response["Cache-Control"]

    def test_only_a_hash_is_stored(self, browser: Client) -> None:
        token = token_for(browser)

        assert token not in str(WebSocketToken.objects.values())
        assert str(WebSocketToken.objects.get()) == f"{tokens.digest(token)[:8]}…"

    @override_settings(SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies")
    def test_a_session_without_a_key_is_a_plain_error(self) -> None:
        with pytest.raises(ConfigurationError, match="not signed cookies"):
            Client().post("/ws-token/")

        assert not WebSocketToken.objects.exists()

    def test_a_request_without_csrf_token_is_refused_in_json(self) -> None:
        client = Client(enforce_csrf_checks=True)

        response = client.post("/ws-token/")

        assert (response.status_code, response["Content-Type"]) == (403, "application/json")
        assert response.json()["error"].startswith("The CSRF check failed")

    @pytest.mark.parametrize("middleware", [True, False])
    def test_with_its_csrf_token_a_page_gets_one(self, middleware: bool, settings: Any) -> None:
        if not middleware:
            settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if "Csrf" not in name]
        client = Client(enforce_csrf_checks=True)
        client.cookies["csrftoken"] = "a" * 32

        response = client.post("/ws-token/", headers={"X-CSRFToken": "a" * 32})

        assert response.status_code == 200

    def test_other_methods_are_refused_in_json(self) -> None:
        response = Client().get("/ws-token/")

        assert (response.status_code, response["Allow"]) == (405, "POST")
        assert response.json() == {"error": "Send a POST."}

    def test_an_anonymous_visitor_gets_a_session_to_tie_the_token_to(self) -> None:
        client = Client()

        assert connect(client, token_for(client)) == 200

    def test_an_expired_session_is_replaced(self) -> None:
        client = Client()
        client.cookies["sessionid"] = "expired" * 4
        token = token_for(client)

        assert client.cookies["sessionid"].value != "expired" * 4
        assert connect(client, token) == 200

    def test_a_browser_holds_at_most_twenty_unused_tokens(self, browser: Client) -> None:
        for _ in range(20):
            token = token_for(browser)

        response = browser.post("/ws-token/")
        assert (response.status_code, list(response.json())) == (429, ["error"])
        assert connect(browser, token) == 200
        assert browser.post("/ws-token/").status_code == 200


class TestUse:
    def test_a_token_lets_its_user_in_once(self, browser: Client) -> None:
        token = token_for(browser)

        assert [connect(browser, token), connect(browser, token)] == [200, 403]
        assert Refusal.objects.get().guard == "token"
        assert token not in str(Refusal.objects.values())

    def test_the_same_connect_delivered_twice_is_one_use(self, browser: Client) -> None:
        socket = WebSocketTestClient(new_gateway("tokened"), client=browser)
        query = {"ws_token": token_for(browser)}

        assert [socket.connect(query=query).status_code for _ in "ab"] == [200, 200]
        user = session_of(socket).user
        assert user is not None
        assert user.get_username() == "ada"

    def test_a_token_is_of_no_use_to_another_browser(self, browser: Client) -> None:
        token, other = token_for(browser), Client()
        other.force_login(new_user("eve"))

        assert [connect(other, token), connect(Client(), token)] == [403, 403]

    def test_without_a_token_nobody_is_let_in(self, browser: Client) -> None:
        assert connect(browser, "") == 403
        assert Refusal.objects.get().facts == {"token": False, "session": True}

    def test_a_made_up_token_is_refused(self, browser: Client) -> None:
        assert connect(browser, "é" * 50) == 403

    def test_a_token_is_good_for_a_minute(self, browser: Client) -> None:
        token = token_for(browser)
        WebSocketToken.objects.update(created_on="2026-01-01T00:00:00Z")

        assert connect(browser, token) == 403

    def test_a_token_ends_with_its_login(self, browser: Client) -> None:
        token = token_for(browser)
        browser.logout()

        assert connect(browser, token) == 403
        assert not WebSocketToken.objects.exists()

    def test_the_settings_or_the_view_demand_tokens(self, browser: Client) -> None:
        assert connect(browser, "", "ws") == 200
        with override_settings(APIGW_WS={"USE_WS_TOKEN": True}):
            assert connect(browser, "", "ws") == 403

    @pytest.mark.django_db(transaction=True)
    @in_parallel
    def test_of_two_connections_that_race_for_a_token_one_gets_it(self, browser: Client) -> None:
        token, key = token_for(browser), str(browser.session.session_key)

        won = at_once(lambda: tokens.consume(token, key, "a="), lambda: tokens.consume(token, key, "b="))

        assert sorted(won) == [False, True]


def test_the_command_deletes_tokens_whose_time_is_over(browser: Client) -> None:
    token_for(browser)
    WebSocketToken.objects.update(created_on="2026-01-01T00:00:00Z")
    token_for(browser)
    out = StringIO()

    call_command("cleanupWebSocketTokens", "--token-age", "0", stdout=out)

    assert out.getvalue() == "Deleted 1 connect tokens.\n"
    assert WebSocketToken.objects.count() == 1
