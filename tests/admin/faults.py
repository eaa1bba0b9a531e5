"""The ways in which AWS fails, and what a page says of each."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from apigw_ws.emulator.faults import Fault
from tests.emulator.serving import Served

#: Seconds that AWS may take for an answer where these are tested.
BUDGET = 0.2
SERVICES = ("apigateway", "route53", "acm", "sts", "monitoring")


class Hotel(BaseHTTPRequestHandler):
    """A proxy that answers in AWS's place."""

    def do_GET(self) -> None:
        body = b"<html>Welcome to the hotel's network</html>"
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_PATCH = do_DELETE = do_GET

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@contextmanager
def hotel() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Hotel) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


Happen = Callable[[Served, Any, str], None]


def faulty(**how: Any) -> Happen:
    def happen(aws: Served, settings: Any, proxy: str) -> None:
        assert aws.emulator is not None
        for service in SERVICES:
            aws.emulator.faults.add(Fault(operation=f"{service}:*", times=None, **how))

    return happen


def gone(aws: Served, settings: Any, proxy: str) -> None:
    settings.APIGW_WS = {**settings.APIGW_WS, "ENDPOINT_URL": "http://127.0.0.1:1"}


def behind_a_proxy(aws: Served, settings: Any, proxy: str) -> None:
    settings.APIGW_WS = {**settings.APIGW_WS, "ENDPOINT_URL": proxy}


def in_another_region(aws: Served, settings: Any, proxy: str) -> None:
    settings.APIGW_WS = {**settings.APIGW_WS, "REGION": "eu-west-1"}


def a_strangers_key(aws: Served, settings: Any, proxy: str) -> None:
    settings.AWS_ACCESS_KEY_ID = "AKIASTRANGER"


def no_such_profile(aws: Served, settings: Any, proxy: str) -> None:
    settings.AWS_IAM_PROFILE = "nobody"


#: How it begins what a page says of AWS that does not do what it was asked.
PROBLEMS = ("AWS refused", "No answer from AWS", "AWS has not answered", "AWS answers too slowly")
#: What happens, and what else is said then: AWS's code, the request's ID, what to do next.
FAULTS: dict[str, tuple[Happen, tuple[str, ...]]] = {
    "denied": (faulty(effect="error", status=403), ("(InternalFailure, request ID", "IAM policy")),
    "throttled": (
        faulty(effect="throttle"),
        ("TooManyRequestsException, request ID", "try again in a minute"),
    ),
    "failing": (faulty(effect="error", status=500), ("(InternalFailure, request ID", "try again")),
    "missing": (faulty(effect="error", status=404), ("(InternalFailure, request ID", "look again")),
    "reset": (faulty(effect="reset"), ("Check the network",)),
    "silent": (faulty(effect="timeout", seconds=30), ()),
    "slow": (faulty(effect="delay", seconds=BUDGET / 2), ()),
    "gone": (gone, ("Check the network",)),
    "proxy": (behind_a_proxy, ("Check the network",)),
    "stranger": (a_strangers_key, ("request ID", "credentials")),
    "region": (in_another_region, ("request ID", "region")),
    "profile": (no_such_profile, ()),
}
TOO_SLOW = ("silent", "slow")
