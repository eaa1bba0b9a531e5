"""The core alone: a socket at the emulator, Django over HTTP, a handler, and back by reply and by boto3."""

from __future__ import annotations

import json
import sys
import threading
from wsgiref.simple_server import WSGIRequestHandler, make_server

#: What only the console needs; an import of it fails.
CONSOLE = ("apigw_ws_admin", "unfold", "django_htmx", "import_export", "tablib", "yaml")
sys.modules.update(dict.fromkeys(CONSOLE))

import django

django.setup()

from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.db import connections
from websockets.sync.client import connect

from apigw_ws.models import ApiGateway, ChannelPermission, WebSocketSession
from apigw_ws.services import transactions
from apigw_ws.testing import WebSocketTestClient


class Quiet(WSGIRequestHandler):
    def log_message(self, *args: object) -> None:
        pass


def main(url: str) -> None:
    ChannelPermission.objects.create(channel_name="lobby", access="everyone")
    gateway = ApiGateway.objects.create(api_name="chat", target_base_endpoint=f"{url}/ws/")
    gateway.create_gateway()
    played(gateway)
    real(gateway)
    together()


def played(gateway: ApiGateway) -> None:
    """As a project's own tests do."""
    socket = WebSocketTestClient(gateway)
    assert socket.connect(query={"channel": "lobby"}).status_code == 200
    assert socket.send({"action": "say", "text": "hi"}).json()["said"] == "hi"
    assert socket.disconnect().status_code == 200
    assert not WebSocketSession.objects.get().connected


def real(gateway: ApiGateway) -> None:
    with connect(f"{gateway.client_url}?channel=lobby") as socket:
        socket.send('{"action": "say", "text": "hi"}')
        assert json.loads(socket.recv(timeout=20)) == {"said": "hi", "by": "AnonymousUser", "inside": []}
        (outcome,) = WebSocketSession.objects.filter(channel_name="lobby").send_message({"n": 1})
        assert outcome
        assert json.loads(socket.recv(timeout=20)) == {"n": 1}


def together() -> None:
    """What is done together is done where the router keeps our tables."""
    done: list[int] = []
    with transactions.atomic():
        inside = [each.alias for each in connections.all() if each.in_atomic_block]
        transactions.on_commit(lambda: done.append(len(done)))
        assert (inside, done) == (["realtime"], [])
    assert done == [0]


if __name__ == "__main__":
    call_command("makemigrations", "people", "shop", verbosity=0)
    call_command("migrate", database="realtime", verbosity=0)
    with make_server("127.0.0.1", 0, get_wsgi_application(), handler_class=Quiet) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        main(f"http://127.0.0.1:{server.server_port}")
        server.shutdown()
    assert not [name for name in CONSOLE if sys.modules.get(name)]
    print("it goes round")
