"""An adopted API at work: a socket, the emulator, Django over HTTP, before and after the first apply."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from websockets.sync.client import connect

from apigw_ws.models import ApiGateway, Refusal, WebSocketSession
from apigw_ws.services import adoption, provisioning, rotation
from tests.emulator.serving import Served
from tests.foreign import Elsewhere, as_the_peer_does, by_hand
from tests.test_round_trip import eventually, site  # noqa: F401  (a fixture)


def adopted(aws: Served, make: Callable[..., Elsewhere], base: str) -> tuple[Elsewhere, ApiGateway]:
    api = make(aws, base)
    return api, adoption.adopt(ApiGateway(), api.api_id)


def said(gateway: ApiGateway, message: dict[str, Any]) -> Any:
    """What Django answers to one message over a connection of its own."""
    with connect(gateway.client_url) as socket:
        socket.send(json.dumps(message))
        answer = json.loads(socket.recv(timeout=5))
        assert WebSocketSession.objects.filter(connected=True, api_gateway=gateway).exists()
    assert eventually(lambda: not WebSocketSession.objects.filter(connected=True).exists())
    return answer


def test_an_api_of_the_peer_works_before_and_after_the_first_apply(aws: Served, site: str) -> None:  # noqa: F811
    api, gateway = adopted(aws, as_the_peer_does, f"{site}/ws/")
    hello = {"action": "say", "text": "hi"}
    answer = {"said": "hi", "by": "AnonymousUser"}
    assert said(gateway, hello) == answer

    provisioning.apply(gateway)
    assert said(gateway, hello) == answer

    rotation.start(gateway)
    assert said(gateway, hello) == answer, "the secret is wanted, and not deployed yet"
    provisioning.apply(gateway)
    assert said(gateway, hello) == answer
    rotation.retire(gateway, force=True)
    assert said(gateway, hello) == answer
    assert not Refusal.objects.exists()

    forged = Client().post(
        "/ws/connect", headers={"connectionId": "abc=", "X-Amzn-Apigateway-Api-Id": api.api_id}
    )
    assert forged.status_code == 403
    assert Refusal.objects.get().guard == "secret"
    api.clean()


def test_an_api_made_by_hand_works_before_and_after_the_first_apply(aws: Served, site: str) -> None:  # noqa: F811
    api, gateway = adopted(aws, by_hand, f"{site}/ws/")
    hello = {"do": "nothing that has a route", "action": "say", "text": "hi"}
    answer = {"said": "hi", "by": "AnonymousUser"}
    with connect(
        gateway.client_url
    ) as socket:  # nobody tells Django that it is gone: there is no $disconnect
        socket.send(json.dumps(hello))
        assert json.loads(socket.recv(timeout=5)) == answer
    WebSocketSession.objects.update(connected=False)

    provisioning.apply(gateway)

    assert said(gateway, hello) == answer
    api.clean()


@pytest.mark.parametrize("applied", [False, True])
def test_it_reaches_its_connections(aws: Served, site: str, applied: bool) -> None:  # noqa: F811
    api, gateway = adopted(aws, as_the_peer_does, f"{site}/ws/")
    if applied:
        provisioning.apply(gateway)

    with connect(f"{gateway.client_url}?channel=lobby") as socket:
        assert WebSocketSession.objects.filter(channel_name="lobby").send_message({"n": 1}) == [True]
        assert json.loads(socket.recv(timeout=5)) == {"n": 1}

    api.clean()
