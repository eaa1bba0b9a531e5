"""How often somebody tried lately.

Counted in the cache that the site's processes share, where it has one (Redis, Memcached): by windows of the
clock, of which the last counts by as much of it as is less than a window ago. What is refused is not
counted, so that it makes no lock last longer. Elsewhere each process counts for itself, but the connects of
an address, which the database knows.
"""

from __future__ import annotations

import logging
import time
from contextlib import suppress
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


def connects_from(ip_address: str, window: int, limit: int) -> int:
    """Count a connect from the address, or of IPv6 its /64, unless ``limit`` came before.

    Return how many came before in the last ``window`` seconds; so do the functions below.
    """
    if not _is_shared():
        return access.attempts(ip_address, window)
    return _before(f"address:{access.block_of(ip_address)}", window, limit)


def connects_of(user_id: Any, window: int, limit: int) -> int:
    """Count a connect of the user, unless ``limit`` came before."""
    return _before(f"user:{user_id}", window, limit)


def messages_of(connection_id: str, window: int, limit: int) -> int:
    """Count a message of the connection, unless ``limit`` came before."""
    return _before(f"connection:{connection_id}", window, limit)


def _before(who: str, window: int, limit: int) -> int:
    """A cache that does not answer must let people in: then this process counts."""
    if _is_shared():
        try:
            return _counted(cache, who, window, limit)
        except Exception:  # each cache has errors of its own
            logger.exception("The cache does not count.")
    return _counted(_own, who, window, limit)


def _counted(counter: Any, who: str, window: int, limit: int) -> int:
    number, seconds = divmod(time.time(), window)
    now, last = (f"apigw_ws:limit:{who}:{window}:{int(number) - ago}" for ago in (0, 1))
    with suppress(ValueError):  # one was evicted a moment ago
        came = 0 if counter.add(now, 1, 2 * window) else int(counter.incr(now)) - 1
        count = came + int(counter.get(last, 0) * (1 - seconds / window))
        if count >= limit:
            counter.decr(now)
        return count
    return 0


def _is_shared() -> bool:
    return not settings.CACHES[DEFAULT_CACHE_ALIAS]["BACKEND"].startswith(_NOT_SHARED)
