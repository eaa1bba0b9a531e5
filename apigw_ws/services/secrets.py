"""The secret by which a gateway proves itself to Django. It is derived, never stored.

The provisioning writes it into the integrations as a static header; anybody can call a public URL, only
our gateway can send this. ``services.rotation`` goes from one version to the next.
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
    """Each version that proves the gateway, the likeliest first, by SECRET_KEY and SECRET_KEY_FALLBACKS.

    Those are what is live, what is wanted, what is not retired yet, and the next: only we can make that, and
    a process that has not heard of a rotation yet must not refuse its first events.
    """
    versions = (*_known(gateway), gateway.secret_version + 1)
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    for version in filter(None, dict.fromkeys(versions)):
        for key in keys:
            yield version, _derive(gateway, version, key)


def needed(gateway: ApiGateway) -> bool:
    """Whether calls that prove nothing are refused: version 0 is neither wanted nor live nor retiring."""
    return 0 not in _known(gateway)


def version_of(gateway: ApiGateway, presented: str) -> int | None:
    """The version that ``presented`` is; else 0 if no proof is needed, and None if it is.

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
