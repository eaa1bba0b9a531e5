"""A gateway in the emulator, sockets to send to, and workers."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from secrets import token_bytes
from typing import Any

import pytest
from websockets.sync.client import ClientConnection, connect

from apigw_ws.models import ApiGateway, Broadcast, WebSocketSession
from apigw_ws.services import broadcasts, provisioning
from tests.emulator.backend import Backend, recording_backend
from tests.emulator.serving import Served

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
    with ExitStack() as sockets:

        def open_socket(**fields: Any) -> tuple[ClientConnection, WebSocketSession]:
            socket = sockets.enter_context(connect(gateway.client_url))
            connection_id = backend.wait(path="/ws/connect")[-1].header("connectionId")
            values = {"api_gateway": gateway, "channel_name": "news", **fields}
            return socket, WebSocketSession.objects.create(connection_id=connection_id, **values)

        yield open_socket


def new_sessions(gateway: ApiGateway, number: int, **fields: Any) -> list[WebSocketSession]:
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
