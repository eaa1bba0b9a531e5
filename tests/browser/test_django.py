"""client.js on a page of Django's: cookies, WebSocketTokenView, and a WebSocketView behind the emulator."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from apigw_ws.models import ApiGateway, Refusal, WebSocketSession
from tests.app.factories import new_user
from tests.browser.tabs import Tab, eventually
from tests.emulator.serving import Served

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("orm_beside_playwright")]

QUICK = {"backoffBase": 20, "backoffCap": 100}


@pytest.fixture
def site(live_server: Any) -> str:
    """Django by the host name of the emulator, so that the session's cookie goes to both."""
    return str(live_server.url).replace("localhost", "127.0.0.1")


@pytest.fixture
def gateway(aws: Served, site: str, settings: Any) -> ApiGateway:
    settings.APIGW_WS["USE_WS_TOKEN"] = True
    gateway = ApiGateway.objects.create(api_name="chat", target_base_endpoint=f"{site}/ws/")
    gateway.create_gateway()
    return gateway


@pytest.fixture
def signed_in(page: Any, site: str, gateway: ApiGateway) -> Iterator[Tab]:
    """A page with a session and the CSRF cookie. It is left, and Django told, before the test ends."""
    client = Client()
    client.force_login(new_user())
    page.context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": site}])
    page.goto(f"{site}/admin/login/")
    yield Tab(page)
    page.goto("about:blank")
    eventually(lambda: not WebSocketSession.objects.filter(connected=True).exists())


def test_every_connect_gets_a_token_from_django(signed_in: Tab, gateway: ApiGateway, aws: Served) -> None:
    signed_in.start(gateway.client_url, token="/ws-token/", **QUICK)
    signed_in.wait_for("open")
    first = WebSocketSession.objects.get()
    management = aws.management(str(gateway.api_id), gateway.stage_name)
    management.delete_connection(ConnectionId=first.connection_id)
    signed_in.wait_for("open", 2)
    signed_in.run("() => socket.send({ action: 'say', text: 'hi' })")
    signed_in.wait_for("message")

    assert signed_in.messages() == [{"said": "hi", "by": "ada"}]
    assert not Refusal.objects.exists()


def test_without_one_it_is_refused(signed_in: Tab, gateway: ApiGateway) -> None:
    signed_in.start(gateway.client_url, **QUICK)
    [error, *_] = signed_in.wait_for("error")
    signed_in.run("() => socket.close()")

    assert error["code"] == "connect"
    assert {refusal.guard for refusal in Refusal.objects.all()} == {"token"}


def test_a_wrong_csrf_token_gets_none(signed_in: Tab, gateway: ApiGateway) -> None:
    signed_in.start(gateway.client_url, token="/ws-token/", csrfToken="wrong", **QUICK)
    [error, *_] = signed_in.wait_for("error")
    signed_in.run("() => socket.close()")

    assert (error["code"], error["status"]) == ("token", 403)
