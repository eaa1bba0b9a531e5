"""The secret by which a gateway proves itself to Django. It is derived, never stored.

The provisioning writes it into the integrations as a static header; anybody can call a public URL, only
our gateway can send this. Add one to ``ApiGateway.secret_version`` to rotate it: until that is deployed, the
secret of the live deployment counts as well.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils.crypto import constant_time_compare, salted_hmac

if TYPE_CHECKING:
    from apigw_ws.models import ApiGateway


def derive(gateway: ApiGateway) -> str:
    """Return what the gateway's integrations send: 43 URL-safe characters; "" for version 0."""
    version = gateway.secret_version
    return _derive(gateway, version, settings.SECRET_KEY) if version else ""


def accepted(gateway: ApiGateway) -> list[str]:
    """Return what proves the gateway, by SECRET_KEY and SECRET_KEY_FALLBACKS; nothing for version 0.

    Both the version that is wanted and the one that is live prove it.
    """
    if not gateway.secret_version:
        return []
    versions = {gateway.secret_version, gateway.live_secret_version or gateway.secret_version}
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return [_derive(gateway, version, key) for version in versions for key in keys]


def matches(gateway: ApiGateway, presented: str) -> bool:
    """Whether ``presented`` is one of the accepted secrets, compared in constant time."""
    return any(constant_time_compare(presented, secret) for secret in accepted(gateway))


def _derive(gateway: ApiGateway, version: int, key: str | bytes) -> str:
    mac = salted_hmac("apigw_ws.gateway", f"{gateway.uid}:{version}", key, algorithm="sha256")
    return base64.urlsafe_b64encode(mac.digest()).rstrip(b"=").decode()
