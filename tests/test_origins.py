"""Which pages may connect to which host."""

from __future__ import annotations

import pytest
from django.test import override_settings

from apigw_ws.services import origins


def may(origin: str, host: str = "api.example.co.uk", scheme: str = "https") -> bool:
    return origins.is_allowed(origin, scheme=scheme, host=host)


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("https://api.example.co.uk", "api.example.co.uk"),
        ("https://www.example.co.uk", "api.example.co.uk"),
        ("https://example.co.uk", "api.example.co.uk:8443"),
        ("https://WWW.EXAMPLE.CO.UK", "api.example.co.uk"),
        ("https://me.github.io", "me.github.io"),
        ("https://xn--kche-0ra.example.de", "example.de"),
        ("https://chat.internal", "api.chat.internal"),
        ("https://backend", "backend:8000"),
        ("https://localhost:3000", "localhost:8000"),
        ("https://localhost:3000", "127.0.0.1:8000"),
        ("https://[::1]:3000", "127.0.0.1:8000"),
        ("https://192.168.0.7", "192.168.0.7:8000"),
    ],
)
def test_pages_of_the_same_site_may(origin: str, host: str) -> None:
    assert may(origin, host)


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("https://example.org", "api.example.co.uk"),
        ("https://other.co.uk", "api.example.co.uk"),
        ("https://co.uk", "api.example.co.uk"),
        ("https://example.co.uk.evil.net", "api.example.co.uk"),
        ("https://evil.net/?example.co.uk", "api.example.co.uk"),
        ("https://api.example.co.uk@evil.net", "api.example.co.uk"),
        ("https://evil.net#.example.co.uk", "api.example.co.uk"),
        ("https://notexample.co.uk", "example.co.uk"),
        ("https://evil.github.io", "me.github.io"),
        ("https://b.execute-api.eu-central-1.amazonaws.com", "a.execute-api.eu-central-1.amazonaws.com"),
        ("https://192.168.0.8", "192.168.0.7"),
        ("https://1.168.0.7", "2.168.0.7"),
        ("https://localhost", "example.com"),
        ("http://www.example.co.uk", "api.example.co.uk"),
        ("wss://www.example.co.uk", "api.example.co.uk"),
        ("https://www.example.co.uk:port", "api.example.co.uk"),
        ("https://[::1", "api.example.co.uk"),
        ("https://", ""),
        ("null", "api.example.co.uk"),
        ("", "api.example.co.uk"),
        (f"https://{'a.' * 120}example.co.uk.evil.net", "api.example.co.uk"),
    ],
)
def test_pages_of_other_sites_may_not(origin: str, host: str) -> None:
    assert not may(origin, host)


def test_a_page_without_tls_may_where_django_is_called_without() -> None:
    assert may("http://localhost:8000", "localhost:8000", "http")
    assert may("https://www.example.com", "api.example.com", "http")


@override_settings(CSRF_TRUSTED_ORIGINS=["https://pages.example.net", "https://*.example.org"])
def test_what_csrf_trusts_may_too() -> None:
    assert may("https://pages.example.net")
    assert may("https://a.example.org")
    assert not may("https://other.example.net")


@pytest.mark.parametrize(
    ("pattern", "origin", "allowed"),
    [
        ("https://www.example.com", "https://www.example.com", True),
        ("https://www.example.com/", "https://WWW.example.com", True),
        ("https://www.example.com", "http://www.example.com", False),
        ("https://www.example.com", "https://www.example.com:8443", False),
        ("https://*.example.com", "https://a.b.example.com", True),
        ("https://*.example.com", "https://example.com", True),
        ("https://*.example.com", "http://a.example.com", False),
        ("https://*.example.com", "https://aexample.com", False),
        ("https://*.example.com:8443", "https://a.example.com:8443", True),
        ("https://*.example.com:8443", "https://a.example.com", False),
        ("https://*.example.com", "https://x@a.example.com.evil.net", False),
        ("chrome-extension://abc", "chrome-extension://abc", True),
        ("null", "null", True),
        ("*", "https://anything.example", True),
        ("*.example.com", "https://a.example.com", False),
        ("https://*.example.com", "https://[::1", False),
    ],
)
def test_a_list_of_origins_is_all_that_counts(pattern: str, origin: str, allowed: bool) -> None:
    with override_settings(APIGW_WS={"ALLOWED_ORIGINS": [pattern]}):
        assert may(origin, "nowhere.example") is allowed
