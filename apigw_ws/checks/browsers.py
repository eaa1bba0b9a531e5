"""Checks what browsers do with a gateway's domain: cookies and the Origin header. Needs a database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register
from django.utils.http import is_same_domain

from apigw_ws.checks.configured import check_settings
from apigw_ws.checks.gateways import rows
from apigw_ws.checks.mounted import websocket_views
from apigw_ws.conf import conf
from apigw_ws.models import ApiGateway
from apigw_ws.services.origins import registrable

SESSIONS: Final = "django.contrib.sessions.middleware.SessionMiddleware"


@register(Tags.database)
def check_cookie_domain(databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """The gateway's host is not the site's, so the cookie needs a domain that covers both."""
    if not websocket_views() or SESSIONS not in settings.MIDDLEWARE:
        return []
    hint = (
        "Connects are anonymous, and tokens find no session. Give the gateway a custom domain below your "
        'site\'s, such as ws.example.com, and set SESSION_COOKIE_DOMAIN = ".example.com".'
    )
    return [
        Warning(
            f"Browsers do not send the session cookie to {host}, the gateway “{gateway}”.",
            hint=hint,
            obj=gateway,
            id="apigw_ws.W009",
        )
        for gateway in rows(ApiGateway.objects.all(), databases)
        if (host := _host(gateway)) and not _gets_cookie(host)
    ]


@register(Tags.security)
def check_same_site(**_: Any) -> list[CheckMessage]:
    """Browsers send a cookie with a WebSocket of another site's page only if its SameSite is None."""
    if check_settings() or not websocket_views():
        return []
    same_site, domain = settings.SESSION_COOKIE_SAMESITE or "", settings.SESSION_COOKIE_DOMAIN
    if same_site.lower() == "none" and not settings.SESSION_COOKIE_SECURE:
        says = "Browsers drop a session cookie with SameSite=None that is not secure."
        return [Warning(says, hint="Set SESSION_COOKIE_SECURE = True.", id="apigw_ws.W010")]
    if same_site.lower() not in ("lax", "strict") or not domain:
        return []
    site = registrable(domain.lstrip(".").lower())
    listed = conf.allowed_origins or settings.CSRF_TRUSTED_ORIGINS
    others = [each for each in listed if each not in ("*", "null") and registrable(_name(each)) != site]
    hint = 'Set SESSION_COOKIE_SAMESITE = "None" and SESSION_COOKIE_SECURE = True, or serve them below yours.'
    says = "Pages of {0} may connect, without the session cookie: its SameSite is {1}."
    return [Warning(says.format(origin, same_site), hint=hint, id="apigw_ws.W010") for origin in others]


@register(Tags.database)
def check_own_pages(databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """Without a list, pages of the site that API Gateway calls may connect: a load balancer's, perhaps."""
    if check_settings() or not websocket_views() or conf.allowed_origins:
        return []
    trusted = {registrable(_name(origin)) for origin in settings.CSRF_TRUSTED_ORIGINS}
    return [
        Warning(
            f"Pages of {site} may not connect to the gateway “{gateway}”.",
            hint=f"It calls Django at {called}. Add the pages' origins, such as https://www.{site}, to "
            "APIGW_WS['ALLOWED_ORIGINS'] or to CSRF_TRUSTED_ORIGINS.",
            obj=gateway,
            id="apigw_ws.W011",
        )
        for gateway in rows(ApiGateway.objects.exclude(domain_name=""), databases)
        if _host(gateway)
        and (called := urlsplit(gateway.target_base_endpoint).hostname)
        and (site := registrable(gateway.domain_name))
        and site not in {registrable(called), *trusted}
    ]


def _host(gateway: ApiGateway) -> str:
    """The host that browsers connect to; empty before it is known, and for the emulator, which has no DNS."""
    own = urlsplit(gateway.api_endpoint).hostname or ""
    if own and ".amazonaws.com" not in own:
        return ""
    return gateway.domain_name or own


def _gets_cookie(host: str) -> bool:
    domain = (settings.SESSION_COOKIE_DOMAIN or "").lstrip(".").lower()
    return bool(domain) and is_same_domain(host, f".{domain}")


def _name(origin: str) -> str:
    return (urlsplit(origin.lower()).hostname or "").removeprefix("*.")
