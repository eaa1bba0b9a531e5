"""Decides which pages may connect: browsers send cookies for any page, but also its true Origin."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from functools import cache
from urllib.parse import SplitResult, urlsplit

from django.conf import settings
from django.utils.http import is_same_domain
from publicsuffixlist import PublicSuffixList

from apigw_ws.conf import conf


def is_allowed(origin: str, *, scheme: str, host: str) -> bool:
    """Whether a page of ``origin`` may connect to a view called at ``scheme`` and ``host`` (with its port).

    With APIGW_WS["ALLOWED_ORIGINS"] only what it lists; else CSRF_TRUSTED_ORIGINS and the same registrable
    site (www.example.co.uk and api.example.co.uk, but not two customers of github.io).
    """
    if conf.allowed_origins:
        return is_listed(origin, conf.allowed_origins)
    return is_same_site(origin, scheme, host) or is_listed(origin, settings.CSRF_TRUSTED_ORIGINS)


def is_listed(origin: str, patterns: Iterable[str]) -> bool:
    """Whether a pattern is ``origin``, or ``*.`` and a domain at or above it, or ``*`` for any."""
    return any(_matches(origin.lower(), pattern.lower().rstrip("/")) for pattern in patterns)


def is_same_site(origin: str, scheme: str, host: str) -> bool:
    """Whether the page's site is that of ``host``; a page without TLS counts only if ``scheme`` has none."""
    page, called = _split(origin), _split(f"//{host}")
    if page is None or called is None or page.scheme not in {"https", scheme}:
        return False
    theirs, ours = page.hostname or "", called.hostname or ""
    if theirs == ours or (_is_loopback(theirs) and _is_loopback(ours)):
        return bool(theirs)
    site = registrable(ours)
    return site is not None and site == registrable(theirs)


def registrable(host: str) -> str | None:
    """Return the registrable domain of ``host`` (example.co.uk); None for addresses and bare suffixes."""
    if _address(host) is not None:
        return None
    found: str | None = _suffixes().privatesuffix(host)
    return found


def _matches(origin: str, pattern: str) -> bool:
    if pattern in ("*", origin):
        return True
    scheme, separator, domain = pattern.partition("://")
    page = _split(origin)
    if page is None or not separator or not domain.startswith("*."):
        return False
    return page.scheme == scheme and is_same_domain(page.netloc, domain[1:])


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url.lower())
        parts.port  # noqa: B018  (raises for a port that is no number)
    except ValueError:
        return None
    return parts


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _is_loopback(host: str) -> bool:
    address = _address(host)
    return host == "localhost" if address is None else address.is_loopback


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()
