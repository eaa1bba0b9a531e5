"""A signed-in browser, over real HTTP and a real WebSocket: cookie, origin, token, logout."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from apigw_ws.models import ApiGateway, Refusal, WebSocketSession
from tests.app.factories import new_user
from tests.emulator.serving import Served
from tests.test_round_trip import gateway, site  # noqa: F401  (fixtures)


@pytest.fixture
def browser(transactional_db: None) -> Client:
    client = Client()
    client.force_login(new_user())
    return client


def handshake(browser: Client, origin: str) -> dict[str, Any]:
    cookie = "; ".join(f"{name}={morsel.value}" for name, morsel in browser.cookies.items())
    return {"additional_headers": {"Cookie": cookie}, "origin": origin}


def test_a_signed_in_page_chats_with_a_token_until_it_logs_out(
    aws: Served,
    gateway: ApiGateway,  # noqa: F811
    browser: Client,
    settings: Any,
) -> None:
    settings.APIGW_WS["USE_WS_TOKEN"] = True
    origin = gateway.target_base_endpoint.removesuffix("/ws/")
    token = browser.post("/ws-token/").json()["token"]
    url = f"{gateway.client_url}?ws_token={token}"

    with connect(url, **handshake(browser, origin)) as socket:
        socket.send('{"action": "say", "text": "hi"}')
        assert json.loads(socket.recv(timeout=5)) == {"said": "hi", "by": "ada"}
        with pytest.raises(InvalidStatus) as refused, connect(url, **handshake(browser, origin)):
            pass
        assert refused.value.response.status_code == 403

        browser.logout()
        assert not WebSocketSession.objects.get().connected

    assert list(Refusal.objects.values_list("guard", flat=True)) == ["token"]


def test_a_page_of_another_site_is_kept_out(
    gateway: ApiGateway,  # noqa: F811
    browser: Client,
) -> None:
    with (
        pytest.raises(InvalidStatus) as refused,
        connect(gateway.client_url, **handshake(browser, "https://evil.example.org")),
    ):
        pass

    assert refused.value.response.status_code == 403
    refusal = Refusal.objects.get()
    assert (refusal.guard, refusal.origin, refusal.ip_address) == (
        "origin",
        "https://evil.example.org",
        "127.0.0.1",
    )
    assert refusal.user is not None
