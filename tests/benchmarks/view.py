"""What an event costs in Django: through its WSGI handler and the suite's middleware, without a network.

    python tests/benchmarks/view.py        prints requests/s, CPU per request and the ratio to an empty view
    pytest tests/benchmarks/view.py -s     the same, and fails where an event costs more than it may

Each figure is the best of three rounds; the rows are of SQLite in memory, or of TEST_DATABASE_URL.
"""

from __future__ import annotations

import io
import os
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from apigw_ws.models import ApiGateway

REQUESTS = 1000
ROUNDS = 3

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    name: str
    seconds: float
    cpu: float

    def line(self, empty: Figure) -> str:
        return (
            f"{self.name:<34}{1 / self.seconds:>9,.0f} requests/s{self.cpu * 1e6:>8,.0f} µs CPU"
            f"{self.cpu / empty.cpu:>7.1f} x empty view"
        )


def environ(path: str, headers: dict[str, str], body: bytes = b"") -> dict[str, Any]:
    return {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "SERVER_NAME": "www.example.com",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "www.example.com",
        "CONTENT_LENGTH": str(len(body)),
        "CONTENT_TYPE": "application/json",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        **{f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()},
    }


def measure(name: str, application: Application, make: Callable[[int], dict[str, Any]]) -> Figure:
    """Send REQUESTS requests a round; all must be answered 200."""
    best = Figure(name=name, seconds=float("inf"), cpu=float("inf"))
    statuses: list[str] = []
    for round_number in range(ROUNDS):
        environs = [make(round_number * REQUESTS + number) for number in range(REQUESTS)]
        wall, cpu = time.perf_counter(), time.process_time()
        for sent in environs:
            response = application(sent, lambda status, _headers: statuses.append(status))
            b"".join(response)
            response.close()  # type: ignore[attr-defined]
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        if cpu / REQUESTS < best.cpu:
            best = Figure(name=name, seconds=wall / REQUESTS, cpu=cpu / REQUESTS)
    assert statuses == ["200 OK"] * REQUESTS * ROUNDS
    return best


def figures(gateway: ApiGateway) -> list[Figure]:
    """The empty view first."""
    from django.core.handlers.wsgi import WSGIHandler
    from django.db import connection

    from apigw_ws import headers
    from apigw_ws.services import secrets

    def event(kind: str, path: str, connection: str, body: bytes = b"", **extra: str) -> dict[str, Any]:
        mapped = {
            headers.API_ID: gateway.api_id,
            headers.CONNECTION_ID: connection,
            headers.EVENT_TYPE: kind,
            headers.SOURCE_IP: "203.0.113.7",
            headers.CONNECTED_AT: "1700000000123",
            headers.SECRET: secrets.derive(gateway),
            headers.TWO_WAY: "1",
            **extra,
        }
        return environ(path, mapped, body)

    connection.close()
    connection.settings_dict["CONN_MAX_AGE"] = None  # not a new connection to PostgreSQL for every request
    application = WSGIHandler()
    message = b'{"action": "say", "text": "hello"}'
    origin = {"Origin": "http://www.example.com", "User-Agent": "Mozilla/5.0"}
    return [
        measure("empty view", application, lambda n: environ("/empty/", {}, message)),
        measure("$connect", application, lambda n: event("CONNECT", "/ws/connect", f"c{n}=", b"", **origin)),
        measure(
            "message with a reply",
            application,
            lambda n: event("MESSAGE", "/ws/default", f"c{n % 1000}=", message),
        ),
        measure("$disconnect", application, lambda n: event("DISCONNECT", "/ws/disconnect", f"c{n}=")),
    ]


@pytest.mark.benchmark
@pytest.mark.django_db(transaction=True)
def test_an_event_costs_no_more_than_its_queries_make_plain(settings: Any) -> None:
    from tests.app.factories import new_gateway

    settings.APIGW_WS = {"CONNECT_RATE_LIMIT": 0}
    empty, *events = figures(new_gateway())
    print("", *(figure.line(empty) for figure in (empty, *events)), sep="\n")

    assert all(figure.cpu < 20 * empty.cpu for figure in events)


def main() -> None:
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    import django

    django.setup()
    from django.test.utils import (
        override_settings,
        setup_databases,
        setup_test_environment,
        teardown_databases,
    )

    from tests.app.factories import new_gateway

    setup_test_environment()
    databases = setup_databases(verbosity=0, interactive=False)
    try:
        with override_settings(APIGW_WS={"CONNECT_RATE_LIMIT": 0}):
            empty, *events = figures(new_gateway())
        print(*(figure.line(empty) for figure in (empty, *events)), sep="\n")
    finally:
        teardown_databases(databases, verbosity=0)


if __name__ == "__main__":
    main()
