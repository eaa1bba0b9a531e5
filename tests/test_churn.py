"""An hour of coming and going, with disconnects that get lost: afterwards the table and AWS agree.

CHURN=200 python -m pytest tests/test_churn.py    two hundred connects in each five minutes, and not fifteen
"""

from __future__ import annotations

import datetime as dt
import os
import random
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any
from wsgiref.simple_server import WSGIServer, make_server

import pytest
from django.core.wsgi import get_wsgi_application
from django.db import connections
from django.utils import timezone
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from apigw_ws.models import ApiGateway, WebSocketSession
from apigw_ws.services import reaper
from apigw_ws.services.sessions import ClosedBy
from tests.emulator.serving import Served
from tests.test_round_trip import Quiet, eventually

MINUTES = 60
STEP = 5
#: Connects in each step.
ARRIVALS = int(os.environ.get("CHURN", 15))


class Site:
    """Django over HTTP, which can be stopped and started again at its port."""

    def __init__(self) -> None:
        self.shared = connections["default"]
        self.port = 0
        self.start()

    def start(self) -> None:
        self.server: WSGIServer = make_server(
            "127.0.0.1", self.port, get_wsgi_application(), handler_class=Quiet
        )
        self.port = self.server.server_port
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()

    def serve(self) -> None:
        if self.shared.vendor == "sqlite":
            connections["default"] = self.shared
        self.server.serve_forever(poll_interval=0.01)

    def stop(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


class Crowd:
    """Clients of the gateway; what they do is decided by dice that fall the same way every time."""

    def __init__(self, aws: Served, gateway: ApiGateway, entered: ExitStack) -> None:
        self.aws, self.gateway, self.entered = aws, gateway, entered
        self.sockets: list[ClientConnection] = []
        self.dice = random.Random(4)

    def arrive(self, number: int) -> int:
        """How many of them were let in."""
        before = len(self.sockets)
        for _ in range(number):
            try:
                self.sockets.append(self.entered.enter_context(connect(self.gateway.client_url)))
            except InvalidStatus:  # nobody answered $connect
                continue
        return len(self.sockets) - before

    def speak(self) -> None:
        for socket in self.dice.sample(self.sockets, len(self.sockets) // 2):
            try:
                socket.send('{"action": "say", "text": "hi"}')
                socket.recv(timeout=5)
            except ConnectionClosed:  # AWS has cut it
                self.sockets.remove(socket)

    def leave(self) -> None:
        """A third go: with a word, without, or so that AWS tells nobody."""
        for socket in self.dice.sample(self.sockets, len(self.sockets) // 3):
            self.sockets.remove(socket)
            match self.dice.randrange(3):
                case 0:
                    socket.close(1000, "Bye")
                case 1:
                    socket.socket.close()
                case 2:
                    self.aws.backstage("DELETE", f"connections/{self.dice.choice(self.open())}")

    def open(self) -> list[str]:
        """The connections that AWS has."""
        _status, all_of_them = self.aws.backstage("GET", "connections")
        return [one["connection_id"] for one in all_of_them if one["api_id"] == self.gateway.api_id]


class Time:
    """It passes for the emulator's connections and for Django alike."""

    def __init__(self, aws: Served, monkeypatch: pytest.MonkeyPatch) -> None:
        self.aws, self.passed = aws, dt.timedelta()
        now = timezone.now
        monkeypatch.setattr(timezone, "now", lambda: now() + self.passed)

    def passes(self, minutes: float) -> None:
        self.passed += dt.timedelta(minutes=minutes)
        self.aws.backstage("POST", "clock", {"advance": minutes * 60})


@pytest.fixture
def site(transactional_db: None) -> Iterator[Site]:
    connections["default"].inc_thread_sharing()
    site = Site()
    yield site
    site.stop()
    connections["default"].dec_thread_sharing()


@pytest.fixture
def entered() -> Iterator[ExitStack]:
    with ExitStack() as sockets:
        yield sockets


def test_after_an_hour_every_live_row_is_a_connection_and_every_connection_has_a_live_row(
    aws: Served, site: Site, settings: Any, monkeypatch: pytest.MonkeyPatch, entered: ExitStack
) -> None:
    settings.APIGW_WS |= {"PROBE_RATE": 1000, "CONNECT_RATE_LIMIT": 0}
    target = f"http://127.0.0.1:{site.port}/ws/"
    gateway = ApiGateway.objects.create(api_name="churn", target_base_endpoint=target)
    gateway.create_gateway()
    crowd, time, ghosts = Crowd(aws, gateway, entered), Time(aws, monkeypatch), 0
    for minute in range(0, MINUTES, STEP):
        crowd.arrive(ARRIVALS)
        crowd.speak()
        if minute % 15 == 10:  # some disconnects get lost on the way
            aws.fault("execute-api:$disconnect", "drop", times=3)
            aws.fault("execute-api:$connect", "reset", when="after", times=2)  # Django has let them in
        if minute in (20, 40):  # Django is deployed while people leave and come
            site.stop()
            crowd.leave()
            assert crowd.arrive(1) == 0
            site.start()
        crowd.leave()
        time.passes(STEP)
        report = reaper.tick()
        assert report is not None
        ghosts += report.ghosts

    time.passes(2)

    def agree() -> bool:
        reaper.tick()
        live = WebSocketSession.objects.live().values_list("connection_id", flat=True)
        return sorted(live) == sorted(crowd.open())

    assert eventually(agree)
    assert ghosts > 0
    assert crowd.open()
    assert not WebSocketSession.objects.idle().exists()
    assert WebSocketSession.objects.filter(closed_by=ClosedBy.AWS).exists()
    assert WebSocketSession.objects.count() > MINUTES / STEP * (ARRIVALS - 1)
