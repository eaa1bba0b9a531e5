"""The secret with which a gateway proves itself to Django. It is derived, never stored.

Provisioning writes it into the integrations as a static header: anybody can call a public URL, but only
our gateway can send this. ``services.rotation`` moves from one version to the next.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils.crypto import constant_time_compare, salted_hmac

if TYPE_CHECKING:
    from apigw_ws.models import ApiGateway


def derive(gateway: ApiGateway) -> str:
    """Return what the gateway's integrations send: 43 URL-safe characters; "" for version 0."""
    version = gateway.secret_version
    return _derive(gateway, version, settings.SECRET_KEY) if version else ""


def accepted(gateway: ApiGateway) -> Iterator[tuple[int, str]]:
    """Yield the versions that prove the gateway, likeliest first, by SECRET_KEY and SECRET_KEY_FALLBACKS.

    These are the live, the wanted, the not yet retired and the next version: only we can make the next, and
    a process that does not know of a rotation yet must not refuse its first events.
    """
    versions = (*_known(gateway), gateway.secret_version + 1)
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    for version in filter(None, dict.fromkeys(versions)):
        for key in keys:
            yield version, _derive(gateway, version, key)


def needed(gateway: ApiGateway) -> bool:
    """Return whether requests without a secret are refused: no version 0 is wanted, live or retiring."""
    return 0 not in _known(gateway)


def version_of(gateway: ApiGateway, presented: str) -> int | None:
    """Return the version of ``presented``; if it is none, 0 if no secret is needed, else None.

    Secrets are compared in constant time.
    """
    for version, secret in accepted(gateway):
        if constant_time_compare(presented, secret):
            return version
    return None if needed(gateway) else 0


def _known(gateway: ApiGateway) -> tuple[int | None, int, int | None]:
    return gateway.live_secret_version, gateway.secret_version, gateway.retiring_secret_version


def _derive(gateway: ApiGateway, version: int, key: str | bytes) -> str:
    mac = salted_hmac("apigw_ws.gateway", f"{gateway.uid}:{version}", key, algorithm="sha256")
    return base64.urlsafe_b64encode(mac.digest()).rstrip(b"=").decode()
