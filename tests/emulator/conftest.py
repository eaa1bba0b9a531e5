"""The control plane behind a small HTTP server, so that the real boto3 can drive it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import boto3
import pytest
from botocore.config import Config

from apigw_ws.emulator.control.plane import ControlPlane
from apigw_ws.emulator.metrics import Metrics
from apigw_ws.emulator.sigv4 import Verifier
from apigw_ws.emulator.state import State
from apigw_ws.emulator.values import AwsError, HttpRequest, HttpResponse
from tests.emulator.backend import Backend, recording_backend
from tests.emulator.serving import Served, running_emulator

ACCESS_KEY, SECRET_KEY, REGION, ACCOUNT = "AKIATEST", "secret", "eu-west-2", "123456789012"
Answer = Callable[[HttpRequest], HttpResponse]


class Clock:
    """The time of a test; it stands still until it is moved."""

    def __init__(self, seconds: float = 1_790_000_000.0) -> None:
        self.seconds = seconds

    def __call__(self) -> float:
        return self.seconds


@contextmanager
def serving(answer: Answer) -> Iterator[str]:
    """Serve a function from HttpRequest to HttpResponse; yields its URL."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        #: One write for headers and body; two would wait for each other's acknowledgement.
        wbufsize = -1

        def handle_one_request(self) -> None:
            self.raw_requestline = self.rfile.readline(65537)
            if not self.raw_requestline or not self.parse_request():
                self.close_connection = True
                return
            path, _, query = self.path.partition("?")
            response = answer(
                HttpRequest(
                    method=self.command,
                    raw_path=path,
                    raw_query=query,
                    headers=tuple((name.lower(), value) for name, value in self.headers.items()),
                    body=self.rfile.read(int(self.headers.get("Content-Length", 0))),
                )
            )
            self.send_response(response.status)
            for name, value in response.headers:
                self.send_header(name, value)
            if response.status != 204:
                self.send_header("Content-Length", str(len(response.body)))
            self.end_headers()
            self.wfile.write(response.body)
            self.wfile.flush()

        def log_message(self, *_: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def plane_on(state: State, clock: Callable[[], float], metrics: Metrics | None = None) -> ControlPlane:
    return ControlPlane(
        region=REGION,
        account_id=ACCOUNT,
        state=state,
        metrics=metrics or Metrics(clock),
        endpoint=lambda: "http://127.0.0.1:8790",
        now=clock,
    )


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def metrics(clock: Clock) -> Metrics:
    return Metrics(clock)


@pytest.fixture
def state() -> State:
    return State()


@pytest.fixture
def plane(state: State, clock: Clock, metrics: Metrics) -> ControlPlane:
    return plane_on(state, clock, metrics)


class Gate:
    """What the one server of the session passes its signed requests to: the plane of the running test."""

    plane: ControlPlane

    def answer(self, request: HttpRequest) -> HttpResponse:
        try:
            Verifier({ACCESS_KEY: SECRET_KEY}).verify(request)
        except AwsError as error:
            return self.plane.fail(request, error)
        return self.plane.handle(request)


@pytest.fixture(scope="session")
def gate() -> Iterator[tuple[Gate, str]]:
    made = Gate()
    with serving(made.answer) as url:
        yield made, url


@pytest.fixture(scope="session")
def make_client(gate: tuple[Gate, str]) -> Iterator[Callable[..., Any]]:
    """Makes boto3 clients, each kind once: reading AWS's models takes longer than most tests."""
    made: dict[str, Any] = {}

    def make(service: str, **changes: Any) -> Any:
        settings = {
            "endpoint_url": gate[1],
            "region_name": REGION,
            "aws_access_key_id": ACCESS_KEY,
            "aws_secret_access_key": SECRET_KEY,
            "config": Config(retries={"total_max_attempts": 1}),
            **changes,
        }
        key = f"{service} {sorted(changes.items())}"
        made[key] = made.get(key) or boto3.client(service, **settings)
        return made[key]

    yield make
    for each in made.values():
        each.close()


@pytest.fixture
def endpoint(gate: tuple[Gate, str], plane: ControlPlane) -> str:
    """The URL of this test's control plane, which answers only what is signed with the test's keys."""
    gate[0].plane = plane
    return gate[1]


@pytest.fixture
def client(endpoint: str, make_client: Callable[..., Any]) -> Callable[..., Any]:
    return make_client


@pytest.fixture
def api(client: Callable[..., Any]) -> Any:
    """The real boto3's apigatewayv2 client on the control plane."""
    return client("apigatewayv2")


@pytest.fixture(scope="module")
def aws() -> Iterator[Served]:
    """The whole emulator, shared by a module's tests; each makes APIs of its own."""
    with running_emulator() as served:
        yield served


@pytest.fixture
def backend() -> Iterator[Backend]:
    """A real HTTP server that records what integrations send."""
    with recording_backend() as found:
        yield found
