"""How often an address tried, which channels are whose, and the record of who was refused."""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser, PermissionsMixin
from django.db import DatabaseError
from django.utils import timezone

from apigw_ws.conf import conf
from apigw_ws.exceptions import Refused
from apigw_ws.models import ApiGateway, ChannelPermission, Refusal, WebSocketSession

logger = logging.getLogger("apigw_ws.access")

#: Refused before the secret proved a gateway: anybody on the Internet can make as many of these as they like.
#: They have a tenth of the room, for themselves, so that they displace nothing.
_ANYBODYS: Final = ("request", "headers", "gateway", "secret")
#: Of each of those, rows that a process writes within a minute; the log has them all.
_A_MINUTE: Final = 100
_written: Counter[str] = Counter()

#: Refused before it was clear who asks (anybody could lock others out), because of the origin (any page could
#: lock its visitors out), or because of the rate (who does not stop trying would be locked out for good).
_NOT_ATTEMPTS: Final = ("headers", "gateway", "secret", "event_type", "rate", "origin")


def attempts(ip_address: str, window: int) -> int:
    """Return how many connects from the address were let in or refused in the last ``window`` seconds.

    Connects that are under way are not among them, so those that race may pass a limit together.
    """
    lately = {"ip_address": ip_address, "created_on__gt": timezone.now() - dt.timedelta(seconds=window)}
    opened = WebSocketSession.objects.filter(**lately)
    refused = Refusal.objects.filter(phase="connect", **lately).exclude(guard__in=_NOT_ATTEMPTS)
    return opened.order_by().values("pk").union(refused.order_by().values("pk"), all=True).count()


def may_join(user: AbstractBaseUser | AnonymousUser, channel_name: str) -> bool:
    """Whether ``user`` may be in the channel."""
    permission = ChannelPermission.objects.filter(channel_name=channel_name).first()
    return conf.allow_unlisted_channels if permission is None else _satisfies(user, permission)


def _satisfies(user: AbstractBaseUser | AnonymousUser, permission: ChannelPermission) -> bool:
    match permission.access:
        case ChannelPermission.Access.EVERYONE:
            return True
        case ChannelPermission.Access.AUTHENTICATED:
            return user.is_authenticated
        case ChannelPermission.Access.STAFF:
            return bool(getattr(user, "is_staff", False))
        case ChannelPermission.Access.SUPERUSERS:
            return bool(getattr(user, "is_superuser", False))
    return _satisfies_a_rule(user, permission)


def _satisfies_a_rule(user: AbstractBaseUser | AnonymousUser, permission: ChannelPermission) -> bool:
    if not isinstance(user, PermissionsMixin | AnonymousUser):
        return False
    rules = permission.rules.prefetch_related("permissions__content_type")
    wanted = [[f"{p.content_type.app_label}.{p.codename}" for p in rule.permissions.all()] for rule in rules]
    return any(names and user.has_perms(names) for names in wanted)


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
    """PostgreSQL's jsonb takes neither NUL nor lone surrogates."""
    texts = {
        key: value.replace("\0", "").encode(errors="replace").decode()
        for key, value in facts.items()
        if isinstance(value, str)
    }
    return {**facts, **texts}
