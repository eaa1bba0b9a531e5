"""The whole emulator, for every test that needs AWS: real sockets, the real boto3, a free port.

with running_emulator() as aws:
    api = aws.create_api("http://127.0.0.1:8000/ws", {"$connect": "/connect", "$default": "/default"})
    websockets.sync.client.connect(api.socket_url)
    aws.client("apigatewayv2").get_apis()
    api.management.post_to_connection(ConnectionId=..., Data=b"hello")
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from apigw_ws.emulator.app import Emulator
from apigw_ws.emulator.options import Options
from apigw_ws.emulator.server import Server, bind
from apigw_ws.emulator.state import State

ACCESS_KEY = "AKIATESTTESTTESTTEST"
SECRET_KEY = "secret-of-the-tests"
#: What every integration of ours maps, so that a backend knows whose event it is.
CONNECTION_ID = {"integration.request.header.connectionId": "context.connectionId"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """A deployed WebSocket API."""

    api_id: str
    stage: str
    socket_url: str
    management: Any
    routes: Mapping[str, str]
    integrations: Mapping[str, str]


@dataclass(slots=True, kw_only=True)
class Served:
    """A running emulator and clients for it."""

    url: str
    access_key: str = ACCESS_KEY
    secret_key: str = SECRET_KEY
    region: str = "us-east-1"
    #: The object itself, where it runs in this process.
    emulator: Emulator | None = field(default=None, repr=False)
    server: Server | None = field(default=None, repr=False)
    process: subprocess.Popen[str] | None = None
    _clients: list[Any] = field(default_factory=list, repr=False)

    @property
    def environment(self) -> dict[str, str]:
        """For a child process: boto3 and the aws command line find the emulator by these."""
        return {
            **os.environ,
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "AWS_DEFAULT_REGION": self.region,
        }

    def client(self, service: str, endpoint_url: str = "", *, retries: int = 1, **options: Any) -> Any:
        """A boto3 client. ``retries`` is how often a call is tried in all."""
        client = boto3.client(
            service,
            endpoint_url=endpoint_url or self.url,
            region_name=self.region,
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
            config=Config(retries={"total_max_attempts": retries, "mode": "standard"}, **options),
        )
        self._clients.append(client)
        return client

    def management(self, api_id: str, stage: str) -> Any:
        """A boto3 client of a stage's @connections."""
        return self.client("apigatewaymanagementapi", f"{self.url}/_aws/execute-api/{api_id}/{stage}")

    def create_api(
        self,
        target: str,
        routes: Mapping[str, str] | Iterable[str] = ("$connect", "$default", "$disconnect"),
        *,
        two_way: Iterable[str] = (),
        stage: str = "test",
        selection: str = "$request.body.action",
        integration: Mapping[str, Any] | None = None,
        parameters: Mapping[str, str] | None = None,
        route_options: Mapping[str, Mapping[str, Any]] | None = None,
        stage_options: Mapping[str, Any] | None = None,
    ) -> Api:
        """An API, deployed to ``stage``, whose routes call ``target`` and their path (``/connect``)."""
        paths = routes if isinstance(routes, Mapping) else {key: "/" + key.lstrip("$") for key in routes}
        aws = self.client("apigatewayv2")
        api_id = aws.create_api(Name="test", ProtocolType="WEBSOCKET", RouteSelectionExpression=selection)[
            "ApiId"
        ]
        route_ids, integration_ids = {}, {}
        for key, path in paths.items():
            integration_ids[key] = aws.create_integration(
                ApiId=api_id,
                **{
                    "IntegrationType": "HTTP_PROXY",
                    "IntegrationMethod": "POST",
                    "IntegrationUri": target + path,
                    "RequestParameters": {**CONNECTION_ID, **(parameters or {})},
                    **(integration or {}),
                },
            )["IntegrationId"]
            options = dict((route_options or {}).get(key, {}))
            if key in two_way:
                options["RouteResponseSelectionExpression"] = "$default"
            route_ids[key] = aws.create_route(
                ApiId=api_id, RouteKey=key, Target=f"integrations/{integration_ids[key]}", **options
            )["RouteId"]
            if key in two_way:
                aws.create_route_response(ApiId=api_id, RouteId=route_ids[key], RouteResponseKey="$default")
        aws.create_stage(ApiId=api_id, StageName=stage, **(stage_options or {}))
        aws.create_deployment(ApiId=api_id, StageName=stage)
        return Api(
            api_id=api_id,
            stage=stage,
            socket_url=f"{self.url.replace('http', 'ws')}/_aws/execute-api/{api_id}/{stage}",
            management=self.management(api_id, stage),
            routes=route_ids,
            integrations=integration_ids,
        )

    def backstage(self, method: str, path: str, data: Any = None) -> tuple[int, Any]:
        """Call the emulator's own controls: ``backstage("POST", "clock", {"advance": 600})``."""
        request = urllib.request.Request(
            f"{self.url}/_emulator/{path}",
            method=method,
            data=None if data is None else json.dumps(data).encode(),
            headers={"Authorization": f"Bearer {self.secret_key}"},
        )
        try:
            with urllib.request.urlopen(request, timeout=10) as response:
                status, body = response.status, response.read()
        except urllib.error.HTTPError as error:
            with error:
                status, body = error.code, error.read()
        return status, json.loads(body) if body else None

    def fault(self, operation: str, effect: str, **details: Any) -> int:
        """Set a fault; its number."""
        status, data = self.backstage("POST", "faults", {"operation": operation, "effect": effect, **details})
        assert status == 201, data
        return int(data["number"])

    def close(self) -> None:
        for client in self._clients:
            client.close()


@contextmanager
def running_emulator(state: str | Path | None = None, port: int = 0, **options: Any) -> Iterator[Served]:
    """The emulator in a thread of this process; ``options`` are those of ``Options``."""
    chosen = {"access_key": ACCESS_KEY, "secret_key": SECRET_KEY, **options}
    emulator = Emulator(Options(**chosen), State(state))
    ready = threading.Event()
    listener = bind(port)
    server = Server(emulator, listener, on_ready=ready.set)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    access_key, secret_key = next(iter(emulator.keys.items()))
    served = Served(
        url=emulator.url,
        access_key=access_key,
        secret_key=secret_key,
        region=emulator.options.region,
        emulator=emulator,
        server=server,
    )
    try:
        assert ready.wait(10), "the emulator did not start"
        yield served
    finally:
        served.close()
        server.stop()
        thread.join()
        listener.close()


@contextmanager
def emulator_process(*arguments: str, port: int = 0) -> Iterator[Served]:
    """The same as a process of its own, started by its command; it is stopped with SIGTERM."""
    keys = ("--access-key", ACCESS_KEY, "--secret-key", SECRET_KEY)
    command = [sys.executable, "-m", "apigw_ws.emulator", "--port", str(port), *keys, *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    served = None
    try:
        lines = dict(line.strip().split(": ", 1) for line in (process.stdout.readline() for _ in range(5)))
        served = Served(url=lines["Emulator"], process=process, region=lines["Region"])
        yield served
    finally:
        if served:
            served.close()
        process.send_signal(signal.SIGTERM)
        process.wait(10)
        process.stdout.close()
