"""Rate limits: counts how often somebody tried lately.

Attempts are counted in a cache that the site's processes share (Redis, Memcached), by windows of the
clock; the previous window counts in proportion to what is less than a window ago. What is refused is not
counted, so that it extends no lock. Without such a cache each process counts for itself, except connects of
an address, which are counted in the database.
"""

from __future__ import annotations

import hashlib
import logging
import time
import unicodedata
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, Final

from django.conf import settings
from django.core.cache import DEFAULT_CACHE_ALIAS, cache
from django.core.cache.backends.locmem import LocMemCache

from apigw_ws.services import access

logger = logging.getLogger("apigw_ws.limits")

#: Seconds over which attempts to sign in are counted, and how many may fail in them: from one address (an
#: office has one for all), and for one name (from many addresses, while somebody guesses).
SIGN_IN_WINDOW: Final = 15 * 60
SIGN_INS_FROM: Final = 30
SIGN_INS_AS: Final = 10

#: Django's cache backends that other processes do not share, or that cost queries or files.
_NOT_SHARED: Final = tuple(
    f"django.core.cache.backends.{name}." for name in ("locmem", "dummy", "filebased", "db")
)
_own: Final = LocMemCache("apigw_ws.limits", {"OPTIONS": {"MAX_ENTRIES": 10_000}})


def connects_from(ip_address: str, window: int, limit: int) -> int:
    """Count a connect from the address (of IPv6, the /64), unless ``limit`` came before.

    Return how many came before in the last ``window`` seconds, as the functions below do.
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


def may_sign_in(ip_address: str | None, username: str) -> bool:
    """Count an attempt to sign in and return True; return False, uncounted, if too many failed before.

    The limits are per address and per name, whether or not a user has that name.
    """
    counted: list[str] = []
    for who, limit in _signing_in(ip_address, username).items():
        if _before(who, SIGN_IN_WINDOW, limit) >= limit:
            _take_back(counted)
            return False
        counted.append(who)
    return True


def signed_in(ip_address: str | None, username: str) -> None:
    """Uncount the attempt that ``may_sign_in`` counted: it did not fail."""
    _take_back(_signing_in(ip_address, username))


def _signing_in(ip_address: str | None, username: str) -> dict[str, int]:
    """The keys that attempts are counted by, and their limits. Names are hashed before they are cached."""
    name = hashlib.sha256(unicodedata.normalize("NFKC", username).casefold().encode()).hexdigest()
    return {f"sign-in:{access.block_of(ip_address)}": SIGN_INS_FROM, f"sign-in:{name}": SIGN_INS_AS}


def _take_back(counted: Iterable[str]) -> None:
    for who in counted:
        with suppress(Exception):  # evicted, or the cache does not answer: it counts until its window ends
            (cache if _is_shared() else _own).decr(_key(who, SIGN_IN_WINDOW, time.time()))


def _before(who: str, window: int, limit: int) -> int:
    """If the cache fails, this process counts: that must not keep people out."""
    if _is_shared():
        try:
            return _counted(cache, who, window, limit)
        except Exception:  # each cache has errors of its own
            logger.exception("The cache does not count.")
    return _counted(_own, who, window, limit)


def _counted(counter: Any, who: str, window: int, limit: int) -> int:
    moment = time.time()
    now, last = _key(who, window, moment), _key(who, window, moment - window)
    with suppress(ValueError):  # one was evicted a moment ago
        came = 0 if counter.add(now, 1, 2 * window) else int(counter.incr(now)) - 1
        count = came + int(counter.get(last, 0) * (1 - moment % window / window))
        if count >= limit:
            counter.decr(now)
        return count
    return 0


def _key(who: str, window: int, moment: float) -> str:
    return f"apigw_ws:limit:{who}:{window}:{int(moment // window)}"


def _is_shared() -> bool:
    return not settings.CACHES[DEFAULT_CACHE_ALIAS]["BACKEND"].startswith(_NOT_SHARED)
