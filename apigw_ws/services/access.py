"""How often an address tried, what a user has, and the record of who was refused."""

from __future__ import annotations

import datetime as dt
import ipaddress
import logging
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db import DatabaseError, transaction
from django.utils import timezone

from apigw_ws.conf import conf
from apigw_ws.exceptions import Refused
from apigw_ws.models import ApiGateway, Refusal, WebSocketSession

logger = logging.getLogger("apigw_ws.access")

#: Refused before the secret proved a gateway: anybody on the Internet can make as many of these as they like.
#: They have a tenth of the room, for themselves, so that they displace nothing.
_ANYBODYS: Final = ("request", "headers", "gateway", "secret")
#: Of each of those, rows that a process writes within a minute; the log has them all.
_A_MINUTE: Final = 100
_written: Counter[str] = Counter()

#: Seconds for which a permission that another process takes away still counts.
GRANT_AGE: Final = 5.0
_GRANTS_KEPT: Final = 10_000
_granted: dict[tuple[Any, ...], float] = {}

#: Refused before it was clear who asks (anybody could lock others out), because of the origin (any page could
#: lock its visitors out), or because of the rate (who does not stop trying would be locked out for good).
_NOT_ATTEMPTS: Final = ("headers", "gateway", "secret", "event_type", "rate", "origin")


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
    refused = Refusal.objects.filter(phase="connect", **lately).exclude(guard__in=_NOT_ATTEMPTS)
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
    transaction.on_commit(_granted.clear)


def holds(user: Any, names: Sequence[str]) -> bool:
    """Whether the user has all these permissions.

    A user model needs no PermissionsMixin; without either method it has none.
    """
    if not names:
        return True
    if hasattr(user, "has_perms"):
        return bool(user.has_perms(names))
    return hasattr(user, "has_perm") and all(user.has_perm(name) for name in names)


def record_refusal(
    refused: Refused,
    *,
    phase: str,
    connection_id: str = "",
    gateway: ApiGateway | None = None,
    user: AbstractBaseUser | AnonymousUser,
    ip_address: str | None = None,
    origin: str = "",
) -> None:
    """Keep a row of what was refused and why, and the newest REFUSALS_KEPT of them.

    Of what came without the secret only a tenth is kept, and no more is written than a hundred a minute. A
    database that fails is logged: the client is refused all the same.
    """
    logger.info("Refused %s %s by %s: %s", phase, connection_id, refused.guard, refused)
    if refused.guard in _ANYBODYS and _is_flood(refused.guard):
        return
    try:
        row = Refusal.objects.create(
            guard=refused.guard,
            phase=phase,
            status=refused.status,
            reason=refused.reason[:255],
            facts=_plain(refused.facts),
            api_gateway=gateway,
            user_id=user.pk if user.is_authenticated else None,
            ip_address=ip_address,
            address_block=block_of(ip_address),
            origin=origin,
            connection_id=connection_id,
        )
        if row.pk % max(1, conf.refusals_kept // 100) == 0:  # so a flood of refusals costs little more
            _forget_old_refusals()
    except DatabaseError:
        logger.exception("A refusal could not be recorded.")


def _is_flood(guard: str) -> bool:
    kind = f"{guard} {time.monotonic() // 60}"
    if kind not in _written:  # a minute begins
        for earlier in [name for name in _written if name.startswith(f"{guard} ")]:
            del _written[earlier]
    _written[kind] += 1
    return _written[kind] > _A_MINUTE


def _forget_old_refusals() -> None:
    anybodys = Refusal.objects.filter(guard__in=_ANYBODYS)
    others = Refusal.objects.exclude(guard__in=_ANYBODYS)
    for rows, kept in ((anybodys, max(1, conf.refusals_kept // 10)), (others, conf.refusals_kept)):
        for newest_that_goes in rows.order_by("-pk").values_list("pk", flat=True)[kept : kept + 1]:
            rows.filter(pk__lte=newest_that_goes).delete()


def _plain(facts: Mapping[str, Any]) -> dict[str, Any]:
    """PostgreSQL's jsonb takes neither NUL nor lone surrogates, and a client writes no long rows."""
    texts = {
        key: value.replace("\0", "").encode(errors="replace").decode()[:255]
        for key, value in facts.items()
        if isinstance(value, str)
    }
    return {**facts, **texts}
