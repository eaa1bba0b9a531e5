"""What the standalone console tells browsers to refuse."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory, override_settings

pytestmark = pytest.mark.django_db

#: Printed by the settings of a console that others than this machine reach.
DEPLOYED = (
    "from apigw_ws_admin.project import settings as s; print(s.CONSOLE_HEADERS['Content-Security-Policy'])"
)


@pytest.fixture(autouse=True)
def standalone() -> Iterator[None]:
    with override_settings(ROOT_URLCONF="apigw_ws_admin.project.urls"):
        yield


def policy(answer: HttpResponse) -> dict[str, list[str]]:
    directives = (each.split() for each in answer["Content-Security-Policy"].split(";"))
    return {name: sources for name, *sources in directives}


@pytest.mark.parametrize("path", ["/admin/", "/admin/login/", "/admin/nowhere/", "/nowhere/", "/"])
def test_every_answer_has_them(client: Client, path: str) -> None:
    answer = client.get(path)

    told = policy(answer)
    assert told["default-src"] == told["base-uri"] == ["'none'"]
    assert told["frame-src"] == told["frame-ancestors"] == ["'self'"]
    assert told["script-src"] == ["'self'", "'unsafe-eval'"]
    assert (answer["X-Content-Type-Options"], answer["X-Frame-Options"]) == ("nosniff", "DENY")
    assert (answer["Referrer-Policy"], answer["Cross-Origin-Opener-Policy"]) == ("same-origin",) * 2
    assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "camera=()" in answer["Permissions-Policy"]


def test_a_stricter_policy_differs_by_what_alpine_evaluates() -> None:
    from apigw_ws_admin.project.headers import content_security_policy

    usual, strict = (content_security_policy(on_loopback=True, strict=each) for each in (False, True))

    assert strict == usual.replace(" 'unsafe-eval'", "")
    assert strict != usual


def test_an_answer_that_is_stricter_stays_so(rf: RequestFactory) -> None:
    from apigw_ws_admin.project.headers import HeadersMiddleware

    stricter = HttpResponse(headers={"Content-Security-Policy": "default-src 'none'"})
    answer = HeadersMiddleware(lambda request: stricter)(rf.get("/"))

    assert answer["Content-Security-Policy"] == "default-src 'none'"


def test_a_console_on_the_network_lets_pages_open_encrypted_sockets_only() -> None:
    environment = {**os.environ, "APIGW_WS_HOSTS": "console.example.com", "APIGW_WS_SECRET_KEY": "x" * 60}
    done = subprocess.run(
        [sys.executable, "-c", DEPLOYED], env=environment, capture_output=True, text=True, check=True
    )

    assert "connect-src 'self' wss:;" in done.stdout


@pytest.mark.parametrize(
    ("forwarded", "address"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("192.0.2.66, 203.0.113.7", "203.0.113.7"),  # the first is what the client says
        ("2001:db8::1", "2001:db8::1"),
        ("", "10.0.0.1"),
        ("203.0.113.7, unknown", "10.0.0.1"),
    ],
)
def test_behind_a_proxy_the_address_is_whom_it_saw(rf: RequestFactory, forwarded: str, address: str) -> None:
    from apigw_ws_admin.project.headers import ProxyMiddleware

    def echo(request: HttpRequest) -> HttpResponse:
        return HttpResponse(request.META["REMOTE_ADDR"])

    headers: dict[str, Any] = {"X-Forwarded-For": forwarded} if forwarded else {}
    answer = ProxyMiddleware(echo)(rf.get("/", REMOTE_ADDR="10.0.0.1", headers=headers))

    assert answer.text == address
