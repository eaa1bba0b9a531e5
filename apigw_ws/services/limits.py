"""How often somebody tried lately.

Counted in the cache that the site's processes share, where it has one (Redis, Memcached): by windows of the
clock, so that no number of refusals makes a lock last longer. Elsewhere each process counts for itself, but
the connects of an address, which the database knows.
"""

from __future__ import annotations

import logging
import time
from typing import Any, Final

from django.conf import settings
from django.core.cache import DEFAULT_CACHE_ALIAS, cache
from django.core.cache.backends.locmem import LocMemCache

from apigw_ws.services import access

logger = logging.getLogger("apigw_ws.limits")

#: Backends of Django that other processes do not see, or that cost queries or files.
_NOT_SHARED: Final = tuple(
    f"django.core.cache.backends.{name}." for name in ("locmem", "dummy", "filebased", "db")
)
_own: Final = LocMemCache("apigw_ws.limits", {"OPTIONS": {"MAX_ENTRIES": 10_000}})


def connects_from(ip_address: str, window: int) -> int:
    """Count a connect from the address, or of IPv6 its /64; return how many came before it in this window."""
    if not _is_shared():
        return access.attempts(ip_address, window)
    return _before(f"address:{access.block_of(ip_address)}", window)


def connects_of(user_id: Any, window: int) -> int:
    """Count a connect of the user; return how many came before it in this window."""
    return _before(f"user:{user_id}", window)


def messages_of(connection_id: str, window: int) -> int:
    """Count a message of the connection; return how many came before it in this window."""
    return _before(f"connection:{connection_id}", window)


def _before(who: str, window: int) -> int:
    """A cache that does not answer must let people in: then this process counts."""
    key = f"apigw_ws:limit:{who}:{window}:{int(time.time() // window)}"
    if _is_shared():
        try:
            return _counted(cache, key, window)
        except Exception:  # each cache has errors of its own
            logger.exception("The cache does not count.")
    return _counted(_own, key, window)


def _counted(counter: Any, key: str, window: int) -> int:
    if counter.add(key, 1, window + 1):
        return 0
    try:
        return int(counter.incr(key)) - 1
    except ValueError:  # it was evicted a moment ago
        return 0


def _is_shared() -> bool:
    return not settings.CACHES[DEFAULT_CACHE_ALIAS]["BACKEND"].startswith(_NOT_SHARED)
