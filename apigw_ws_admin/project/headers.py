"""Security headers of the standalone console, and the client's address behind a proxy."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping
from contextlib import suppress

from django.conf import settings
from django.http import HttpRequest, HttpResponse

Respond = Callable[[HttpRequest], HttpResponse]


def of_console(*, on_loopback: bool, strict: bool = False) -> Mapping[str, str]:
    """Return the headers of every page. ``strict`` is for pages with ``apigw_ws_admin.strict_csp``."""
    return {
        "Content-Security-Policy": content_security_policy(on_loopback=on_loopback, strict=strict),
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    }


def content_security_policy(*, on_loopback: bool, strict: bool = False) -> str:
    """Return the policy: scripts from our files only, no foreign frames or form targets, WebSockets anywhere.

    Unfold's Alpine evaluates its attributes, which needs 'unsafe-eval' unless ``strict``, and its pages
    have ``<style>`` and ``style=``; none has an inline script, so there is no nonce. Without TLS
    browsers may connect to this machine's emulator only.
    """
    sockets = ["wss:", *(["ws://127.0.0.1:*", "ws://localhost:*"] if on_loopback else ())]
    policy = {
        "default-src": ["'none'"],
        "script-src": ["'self'", *([] if strict else ["'unsafe-eval'"])],
        "script-src-attr": ["'none'"],
        "style-src": ["'self'", "'unsafe-inline'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'", *sockets],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-src": ["'self'"],  # where Unfold 0.110 shows the form of a related record
        "frame-ancestors": ["'self'"],
    }
    return "; ".join(" ".join((directive, *sources)) for directive, sources in policy.items())


class HeadersMiddleware:
    """Adds ``settings.CONSOLE_HEADERS`` to responses that do not have them.

    Stands after WhiteNoise: static files need none of it, and fifty of them would be 30 KB larger.
    """

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        for name, value in getattr(settings, "CONSOLE_HEADERS", {}).items():
            response.headers.setdefault(name, value)
        return response


class ProxyMiddleware:
    """Sets REMOTE_ADDR to the client that the proxy saw: the last of X-Forwarded-For."""

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        seen = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
        with suppress(ValueError):
            request.META["REMOTE_ADDR"] = str(ipaddress.ip_address(seen))
        return self.get_response(request)
