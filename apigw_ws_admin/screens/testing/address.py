"""Where a test connection leads, and what the browser sends: its origin, and the console's cookies."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest
from django.utils.http import is_same_domain
from django.utils.translation import gettext as _

from apigw_ws.conf import conf
from apigw_ws.models import ApiGateway
from apigw_ws.services import origins

_LOOPBACK: Final = ("127.0.0.1", "localhost")
_SELECTOR: Final = re.compile(r"\$request\.body\.([\w.]+)\Z")


def url_for(request: HttpRequest, gateway: ApiGateway) -> str:
    """Return the gateway's URL; for an emulator on this machine, with the page's own host name.

    Browsers keep the cookies of 127.0.0.1 and localhost apart.
    """
    parts = urlsplit(gateway.client_url)
    here = _host(request)
    if parts.hostname in _LOOPBACK and here in _LOOPBACK:
        parts = parts._replace(netloc=f"{here}:{parts.port}" if parts.port else here)
    return parts.geturl()


def origin_of(request: HttpRequest) -> str:
    """Return the page's Origin, as the browser sends it."""
    return f"{request.scheme}://{request.get_host()}"


def problems(request: HttpRequest, gateway: ApiGateway) -> list[str]:
    """Return why the guards will refuse this page or take it for anonymous, each with a fix."""
    return [*_of_origin(request, gateway), *_of_cookies(request, gateway)]


def selector(gateway: ApiGateway) -> str:
    """The path in a message that names its route; empty if the expression is of another kind."""
    found = _SELECTOR.match(gateway.route_selection_expression)
    return found[1] if found else ""


def _of_origin(request: HttpRequest, gateway: ApiGateway) -> list[str]:
    called, origin = urlsplit(gateway.target_base_endpoint), origin_of(request)
    if not called.netloc or origins.is_allowed(origin, scheme=called.scheme, host=called.netloc):
        return []
    setting = 'APIGW_WS["ALLOWED_ORIGINS"]' if conf.allowed_origins else "CSRF_TRUSTED_ORIGINS"
    return [
        _(
            "This page's origin may not connect: Django will refuse it. Add “%(origin)s” to %(setting)s of "
            "the project that answers this gateway."
        )
        % {"origin": origin, "setting": setting}
    ]


def _of_cookies(request: HttpRequest, gateway: ApiGateway) -> list[str]:
    here, there = _host(request), urlsplit(url_for(request, gateway)).hostname or ""
    domain = settings.SESSION_COOKIE_DOMAIN or ""
    if here == there or (domain and is_same_domain(there, domain)):
        return []
    return [
        _(
            "You will be nobody there: your browser sends the console's session cookie to %(here)s, not to "
            "%(there)s, so a view that asks for a sign-in or a connect token refuses. To connect as "
            "yourself, give the gateway a domain of the console's site, and name the site in "
            "SESSION_COOKIE_DOMAIN."
        )
        % {"here": domain or here, "there": there}
    ]


def _host(request: HttpRequest) -> str:
    return urlsplit(f"//{request.get_host()}").hostname or ""
