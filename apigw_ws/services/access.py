"""Counts the connects of an address, and remembers what users may do."""

from __future__ import annotations

import datetime as dt
import ipaddress
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from apigw_ws.models import Refusal, WebSocketSession
from apigw_ws.services import transactions

#: Seconds for which a permission that another process revokes still counts.
GRANT_AGE: Final = 5.0
_GRANTS_KEPT: Final = 10_000
_granted: dict[tuple[Any, ...], float] = {}

#: Guards whose refusals do not count: those before it is clear who asks (anybody could lock others out), the
#: origin's (any page could lock its visitors out), and the limits' (who keeps trying would stay locked out).
NOT_ATTEMPTS: Final = ("headers", "gateway", "secret", "event_type", "ban", "user_rate", "rate", "origin")


def block_of(ip_address: str | None) -> str | None:
    """Return what rates count by: the address, or the /64 of IPv6, of which one client has every address."""
    if ip_address is None:
        return None
    address = ipaddress.ip_address(ip_address)
    if address.version == 4 or address.ipv4_mapped:
        return str(getattr(address, "ipv4_mapped", None) or address)
    return str(ipaddress.ip_network((address, 64), strict=False).network_address)


def attempts(ip_address: str, window: int) -> int:
    """Return how many connects from the address were let in or refused in the last ``window`` seconds.

    Connects that are under way are not among them, so those that race may pass a limit together.
    """
    since = timezone.now() - dt.timedelta(seconds=window)
    lately = {"address_block": block_of(ip_address), "created_on__gt": since}
    opened = WebSocketSession.objects.filter(**lately)
    refused = Refusal.objects.filter(phase="connect", **lately).exclude(guard__in=NOT_ATTEMPTS)
    return opened.order_by().values("pk").union(refused.order_by().values("pk"), all=True).count()


def has_permissions(
    user: AbstractBaseUser | AnonymousUser, any_of: Sequence[str], all_of: Sequence[str]
) -> bool:
    """Whether ``user`` has any of the ones and all of the others; an empty sequence demands nothing.

    A yes is remembered.
    """
    return remembered(
        (user.pk, *any_of, None, *all_of),
        lambda: holds(user, all_of) and (not any_of or any(holds(user, [name]) for name in any_of)),
    )


def remembered(key: tuple[Any, ...], ask: Callable[[], bool]) -> bool:
    """What ``ask`` says of the user whose primary key comes first in ``key``.

    A yes holds for ``GRANT_AGE`` seconds, so that messages cost no queries for it; what this process takes
    away is gone at once.
    """
    now = time.monotonic()
    if key[0] is not None and now - _granted.get(key, -GRANT_AGE) < GRANT_AGE:
        return True
    if not ask():
        return False
    if len(_granted) >= _GRANTS_KEPT:
        _granted.clear()
    _granted[key] = now
    return True


def grants_changed() -> None:
    """Ask for every permission again, and once more when the change is committed."""
    _granted.clear()
    transactions.on_commit(_granted.clear)


def holds(user: Any, names: Sequence[str]) -> bool:
    """Whether the user has all these permissions.

    A user model needs no PermissionsMixin; without either method it has none.
    """
    if not names:
        return True
    if hasattr(user, "has_perms"):
        return bool(user.has_perms(names))
    return hasattr(user, "has_perm") and all(user.has_perm(name) for name in names)
