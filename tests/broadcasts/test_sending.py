"""From an audience to a ledger that adds up, at the emulator."""

from __future__ import annotations

import json

import pytest

from apigw_ws.models import ApiGateway, Broadcast
from tests.broadcasts.conftest import Connect, new_sessions, prepared, sent

State = Broadcast.State


@pytest.mark.django_db
def test_everybody_gets_it_with_its_id(visit: Connect) -> None:
    sockets = [visit()[0] for _ in range(3)]

    broadcast = sent(prepared())

    for socket in sockets:
        assert json.loads(socket.recv(5)) == {"text": "Hello", "broadcast_id": str(broadcast.uid)}
    assert (broadcast.state, broadcast.total, broadcast.sent) == (State.DONE, 3, 3)
    assert not broadcast.recipients.exists()


@pytest.mark.django_db
def test_who_is_gone_is_counted_named_and_closed(gateway: ApiGateway, visit: Connect) -> None:
    visit()
    new_sessions(gateway, 4)

    broadcast = sent(prepared())

    assert (broadcast.state, broadcast.total, broadcast.sent, broadcast.gone) == (State.DONE, 5, 1, 4)
    assert {one.code for one in broadcast.recipients.all()} == {"GoneException"}
    assert gateway.sessions.filter(connected=True).count() == 1
