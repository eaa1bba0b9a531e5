"""What the standalone console tells browsers to refuse, whatever a page says."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping
from contextlib import suppress

from django.conf import settings
from django.http import HttpRequest, HttpResponse

Respond = Callable[[HttpRequest], HttpResponse]


def of_console(*, on_loopback: bool, strict: bool = False) -> Mapping[str, str]:
    """The headers of every answer, by name. ``strict`` is for pages with ``apigw_ws_admin.strict_csp``."""
    return {
        "Content-Security-Policy": content_security_policy(on_loopback=on_loopback, strict=strict),
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    }


def content_security_policy(*, on_loopback: bool, strict: bool = False) -> str:
    """No script but our files, no frame of others, no form to elsewhere; WebSockets to gateways anywhere.

    Unfold's Alpine makes functions of its attributes, which is 'unsafe-eval' unless ``strict``, and its pages
    have ``<style>`` and ``style=``; none has a script of its own, so that there is no nonce. Without TLS
    browsers reach the emulator of this machine only.
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
    """Puts ``settings.CONSOLE_HEADERS`` on pages that have none of their own.

    Stands after WhiteNoise: fifty files would be 30 KB larger, and none of them is a page.
    """

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        for name, value in getattr(settings, "CONSOLE_HEADERS", {}).items():
            response.headers.setdefault(name, value)
        return response


class ProxyMiddleware:
    """REMOTE_ADDR is whom the proxy saw: the last of X-Forwarded-For, which the proxy wrote."""

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        seen = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
        with suppress(ValueError):
            request.META["REMOTE_ADDR"] = str(ipaddress.ip_address(seen))
        return self.get_response(request)
