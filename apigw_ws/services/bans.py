"""Who is kept out: makes and lifts bans, and tells a connect whether one applies.

The active bans are read every few seconds, so that a connect costs no query for them.
"""

from __future__ import annotations

import ipaddress
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from apigw_ws.exceptions import BanRefused
from apigw_ws.models import AuditEvent, Ban, WebSocketSession
from apigw_ws.models.bans import as_network
from apigw_ws.services import access, audit, sessions, transactions
from apigw_ws.services.ban_index import BanIndex, covers, parse_address

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser

#: Seconds until a ban that another process made or lifted counts here, at the latest.
MAX_AGE: Final = 5.0
#: Until they read the bans again, other processes let the banned in: ``enforce`` looks back this far.
_AFTERMATH: Final = timedelta(minutes=5)
#: By IP version: a network with a shorter prefix than this may hold a whole country.
_WIDE: Final = {4: 16, 6: 32}
#: How nearly every browser's user agent begins.
_ANY_BROWSER: Final = "mozilla/5.0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Banned:
    ban: Ban
    closed: int  # open sessions


_index: BanIndex | None = None


def find(*, user: Any, ip_address: str | None, user_agent: str, channel: str = "") -> Ban | None:
    """Return an active ban that keeps this client out, or out of ``channel``; None if there is none.

    At most one query.
    """
    global _index
    index = _index
    if index is None or time.monotonic() - index.read_at > MAX_AGE:
        index = _index = BanIndex(Ban.objects.active())
    concerning = index.concerning(lambda: user.pk, ip_address, user_agent)
    return next((ban for ban in concerning if ban.active and covers(ban, channel)), None)


def forget() -> None:
    """Read the bans again when they are next needed."""
    global _index
    _index = None


def changed() -> None:
    """Forget now, and again on commit: until then another thread would read the old rows."""
    forget()
    transactions.on_commit(forget)


def ban(
    *,
    user: AbstractBaseUser | None = None,
    network: str = "",
    user_agent: str = "",
    channel: str = "",
    minutes: int | None = None,
    reason: str = "",
    by: AbstractBaseUser | None = None,
    ip: str | None = None,
    wide: bool = False,
) -> Banned:
    """Keep a user, a network or a user agent out of ``channel``, or out of everything if that is empty.

    With a channel alone, everybody is kept out of it. The ban lasts ``minutes``; None means until it is
    lifted. The sessions it hits are closed, and a task closes their connections at AWS. Raises
    ValidationError for values that make no ban, and BanRefused if it would hit ``by`` (at ``ip``) or,
    without ``wide``, a crowd.
    """
    made = Ban(user=user, network=network, user_agent=user_agent, channel_name=channel, reason=reason)  # type: ignore[misc]
    if minutes is not None:
        made.expires_on = timezone.now() + timedelta(minutes=minutes)
    return make(made, by=by, ip=ip, wide=wide)


def make(
    made: Ban, *, by: AbstractBaseUser | None, ip: str | None, wide: bool = False, closing: bool = True
) -> Banned:
    """As ``ban``, for an unsaved row. Without ``closing`` the caller calls ``close_hit`` later."""
    made.full_clean()
    made.network = made.network and as_network(made.network)
    made.created_by = by  # type: ignore[assignment]
    if problem := objection(made, by=by, ip=ip) or ("" if wide else breadth(made)):
        raise BanRefused(problem)
    with audit.recorded(AuditEvent.Verb.BAN, None, what=str(made), by=by, ip=ip) as it, transactions.atomic():
        made.save()
        closed = close_hit(made) if closing else 0
        it.after = {"ban": made.pk, "reason": made.reason, "until": _moment(made), "closed": closed}
    return Banned(ban=made, closed=closed)


def lift(ban: Ban, *, by: AbstractBaseUser | None, ip: str | None = None) -> bool:
    """Lift the ban; return whether it was active until now."""
    if not ban.active:
        return False
    before = {"reason": ban.reason, "until": _moment(ban)}
    with audit.recorded(AuditEvent.Verb.LIFT_BAN, None, what=str(ban), by=by, ip=ip, before=before):
        ban.lifted_on = timezone.now()
        ban.save(update_fields=["lifted_on"])
    return True


def objection(made: Ban, *, by: AbstractBaseUser | None, ip: str | None) -> str:
    """Why this person must not make this ban, as a sentence; empty if they may."""
    if by is not None and made.user_id == by.pk:
        return _("This is you. Ask a colleague, should you really have to be kept out.")
    address = parse_address(ip)
    if made.network and address and address in ipaddress.ip_network(as_network(made.network)):
        return _("Your own address, %(ip)s, is in this network. Name a smaller one.") % {"ip": ip}
    return ""


def breadth(made: Ban) -> str:
    """What a ban hits that is too wide, as a sentence; empty if nothing is."""
    if made.network:
        network = ipaddress.ip_network(as_network(made.network))
        if network.prefixlen < _WIDE[network.version]:
            return _("%(network)s is a very large network: bystanders would be kept out too.") % {
                "network": network
            }
    word = made.user_agent.replace("*", "").casefold().strip()
    if made.user_agent and (len(word) < 4 or word in _ANY_BROWSER):
        return _("“%(agent)s” is in the user agents of most browsers.") % {"agent": made.user_agent}
    everywhere = made.channel_name == "*" and made.subject == _("Everybody")
    return _("This keeps everybody out of every channel.") if everywhere else ""


def close_hit(ban: Ban) -> int:
    """Close the open sessions that a ban hits, and return how many; ``closing.finish`` tells AWS."""
    index, closed = BanIndex([ban]), 0
    hit = [session.pk for session in _candidates(ban).iterator(chunk_size=2000) if _hits(index, session)]
    for start in range(0, len(hit), sessions.BATCH):
        rows = WebSocketSession.objects.filter(pk__in=hit[start : start + sessions.BATCH])
        closed += sessions.close_all(rows, by=sessions.ClosedBy.OPERATOR, reason="Banned", at_aws=True)
    return closed


def enforce() -> int:
    """Close the sessions that other processes opened before they read a new ban; return how many."""
    fresh = Ban.objects.active().filter(created_on__gt=timezone.now() - _AFTERMATH)
    return sum(close_hit(ban) for ban in fresh)


def _candidates(ban: Ban) -> QuerySet[WebSocketSession]:
    """The open sessions that may be hit, as far as the database can tell."""
    found = WebSocketSession.objects.filter(connected=True).order_by("pk")
    if ban.user_id is not None:
        found = found.filter(user_id=ban.user_id)
    if ban.network:
        network = ipaddress.ip_network(ban.network)
        if network.prefixlen >= (32 if network.version == 4 else 64):
            found = found.filter(address_block=access.block_of(str(network.network_address)))
    if ban.user_agent and "*" not in ban.user_agent:
        found = found.filter(user_agent__icontains=ban.user_agent)
    return found.prefetch_related("memberships") if ban.channel_name else found


def _hits(index: BanIndex, session: WebSocketSession) -> bool:
    for ban in index.concerning(lambda: session.user_id, session.ip_address, session.user_agent):
        names = (session.channel_name, *(one.name for one in session.memberships.all()))
        if not ban.channel_name or any(covers(ban, name) for name in names):
            return True
    return False


def _moment(ban: Ban) -> str | None:
    return ban.expires_on.isoformat() if ban.expires_on else None
