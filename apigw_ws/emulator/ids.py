"""Identifiers in the shape API Gateway gives them: 16 characters of base64url, 11 random bytes."""

from __future__ import annotations

import re
import secrets
from base64 import urlsafe_b64encode

_CONNECTION_ID = re.compile(r"[A-Za-z0-9_-]+={0,2}")


def connection_id() -> str:
    return _identifier("C")


def request_id() -> str:
    return _identifier("F")


def is_connection_id(value: str) -> bool:
    """Whether ``value`` could be a connection's id: base64url with its padding, at most 128 characters."""
    return len(value) <= 128 and len(value) % 4 == 0 and bool(_CONNECTION_ID.fullmatch(value))


def trace_id(now: float) -> str:
    """An ``X-Amzn-Trace-Id`` of its own, as X-Ray writes it."""
    return f"Root=1-{int(now):08x}-{secrets.token_hex(12)}"


def _identifier(mark: str) -> str:
    text = urlsafe_b64encode(secrets.token_bytes(11)).decode()
    return text[:11] + mark + text[12:]  # AWS's connection ids have a C there, its request ids an F
