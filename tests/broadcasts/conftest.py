"""A gateway in the emulator, sockets to send to, and workers."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from secrets import token_bytes
from typing import TYPE_CHECKING, Any

import pytest
from websockets.sync.client import ClientConnection, connect

from apigw_ws.models import ApiGateway, Broadcast, WebSocketSession
from apigw_ws.services import broadcasts, provisioning
from tests.app.factories import new_gateway
from tests.broadcasts.stub import Stub, running_stub
from tests.emulator.backend import Backend, recording_backend
from tests.emulator.serving import Served

if TYPE_CHECKING:
    from pytest_django import Settings

Connect = Callable[..., tuple[ClientConnection, WebSocketSession]]


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
    opened: list[str | None] = []
    with ExitStack() as sockets:

        def open_socket(**fields: Any) -> tuple[ClientConnection, WebSocketSession]:
            socket = sockets.enter_context(connect(gateway.client_url))
            connection_id = backend.wait(len(opened) + 1, path="/ws/connect")[-1].header("connectionId")
            opened.append(connection_id)
            values = {"api_gateway": gateway, "channel_name": "news", **fields}
            return socket, WebSocketSession.objects.create(connection_id=connection_id, **values)

        yield open_socket


@pytest.fixture
def stub() -> Iterator[Stub]:
    with running_stub() as stub:
        yield stub


@pytest.fixture
def at_stub(stub: Stub, db: None, settings: Settings) -> ApiGateway:
    """A gateway whose connections the stub has."""
    settings.APIGW_WS = {"REGION": "eu-west-1"}
    settings.AWS_ACCESS_KEY_ID = settings.AWS_SECRET_ACCESS_KEY = "stub"
    return new_gateway(api_endpoint=stub.url, deployment_id="d1")


def new_sessions(gateway: ApiGateway | None, number: int, **fields: Any) -> list[WebSocketSession]:
    """Sessions whose connections AWS does not know."""
    values = {"api_gateway": gateway, "channel_name": "news", **fields}
    return WebSocketSession.objects.bulk_create(
        WebSocketSession(connection_id=urlsafe_b64encode(token_bytes(11)).decode(), **values)
        for _ in range(number)
    )


def prepared(**fields: Any) -> Broadcast:
    values: dict[str, Any] = {
        "audience": {"kind": "channels", "channels": ["news"]},
        "payload": '{"text": "Hello"}',
    }
    return broadcasts.prepare(**{**values, **fields})


def sent(broadcast: Broadcast) -> Broadcast:
    """Start it, and do what workers would do until it rests."""
    broadcasts.start(broadcast)
    broadcasts.begin(broadcast)
    broadcasts.run(broadcast)
    broadcast.refresh_from_db()
    return broadcast
