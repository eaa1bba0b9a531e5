"""Who is kept out: the only writer of ``Ban``, and what a connect asks.

The active bans are read once in a few seconds, so that a connect costs no query for them.
"""

from __future__ import annotations

import ipaddress
import re
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from apigw_ws.exceptions import BanRefused
from apigw_ws.models import AuditEvent, Ban, WebSocketSession
from apigw_ws.models.bans import as_network
from apigw_ws.services import access, audit, sessions, transactions

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser

#: Seconds after which a ban that another process made or lifted counts at the latest.
MAX_AGE: Final = 5.0
#: Other processes let in whom they had not heard of: for so long it is looked whether somebody came.
_AFTERMATH: Final = timedelta(minutes=5)
#: Networks with a shorter prefix than this, by version, hold whole countries.
_WIDE: Final = {4: 16, 6: 32}
#: What nearly every browser says of itself.
_ANY_BROWSER: Final = "mozilla/5.0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Banned:
    ban: Ban
    closed: int  # open sessions


class Book:
    """Some bans, found by whom they concern."""

    def __init__(self, bans: Iterable[Ban]) -> None:
        self.read_at = time.monotonic()
        self._users, self._networks = defaultdict(list), defaultdict(list)
        self._agents, self._everybody = list[Ban](), list[Ban]()
        for ban in bans:
            if ban.user_id is not None:
                self._users[ban.user_id].append(ban)
            elif ban.network:
                self._networks[ipaddress.ip_network(ban.network)].append(ban)
            else:
                (self._agents if ban.user_agent else self._everybody).append(ban)
        self._prefixes = {(network.version, network.prefixlen) for network in self._networks}

    def concerning(
        self, user_id: Callable[[], Any], ip_address: str | None, user_agent: str
    ) -> Iterator[Ban]:
        """The bans of this client, of all channels. ``user_id``, a query maybe, is called if it counts."""
        if self._users:
            yield from self._users.get(user_id(), ())
        if self._networks and ip_address:
            yield from self._of_address(ip_address)
        for ban in self._agents:
            if _has(ban.user_agent, user_agent):
                yield ban
        yield from self._everybody

    def _of_address(self, ip_address: str) -> Iterator[Ban]:
        address = _address(ip_address)
        for version, prefix in self._prefixes:
            if address and version == address.version:
                network = ipaddress.ip_network((address, prefix), strict=False)
                yield from self._networks.get(network, ())


_book: Book | None = None


def find(*, user: Any, ip_address: str | None, user_agent: str, channel: str = "") -> Ban | None:
    """Return an active ban that keeps this client out, or out of this channel; at most one query."""
    global _book
    book = _book
    if book is None or time.monotonic() - book.read_at > MAX_AGE:
        book = _book = Book(Ban.objects.active())
    concerning = book.concerning(lambda: user.pk, ip_address, user_agent)
    return next((ban for ban in concerning if ban.active and _is_about(ban, channel)), None)


def forget() -> None:
    """Read the bans again when they are next needed."""
    global _book
    _book = None


def changed() -> None:
    """Forget now, and again when the change is committed: until then another thread reads what was before."""
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
    """Keep a user, a network or an agent out, of ``channel`` or of everything; or everybody out of it.

    For ``minutes``, None: until it is lifted. Their open sessions are closed, and AWS is told off the
    request. Raises ValidationError for values that make no ban, and BanRefused where it would hit ``by``,
    at ``ip``, or, unless ``wide`` says that it shall, people beyond number.
    """
    made = Ban(user=user, network=network, user_agent=user_agent, channel_name=channel, reason=reason)  # type: ignore[misc]
    if minutes is not None:
        made.expires_on = timezone.now() + timedelta(minutes=minutes)
    return make(made, by=by, ip=ip, wide=wide)


def make(
    made: Ban, *, by: AbstractBaseUser | None, ip: str | None, wide: bool = False, closing: bool = True
) -> Banned:
    """As ``ban``, for a row that is not stored yet. Not ``closing``: that is left to ``close_hit``."""
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
    """Let them in again; return whether the ban was active until now."""
    if not ban.active:
        return False
    before = {"reason": ban.reason, "until": _moment(ban)}
    with audit.recorded(AuditEvent.Verb.LIFT_BAN, None, what=str(ban), by=by, ip=ip, before=before):
        ban.lifted_on = timezone.now()
        ban.save(update_fields=["lifted_on"])
    return True


def objection(made: Ban, *, by: AbstractBaseUser | None, ip: str | None) -> str:
    """Why a ban is out of the question for who makes it, in a sentence; empty where it is not."""
    if by is not None and made.user_id == by.pk:
        return _("This is you. Ask a colleague, should you really have to be kept out.")
    address = _address(ip)
    if made.network and address and address in ipaddress.ip_network(as_network(made.network)):
        return _("Your own address, %(ip)s, is in this network. Name a smaller one.") % {"ip": ip}
    return ""


def breadth(made: Ban) -> str:
    """Whom a ban would hit beyond number, in a sentence; empty where that is nobody."""
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
    """Close the open sessions that a ban hits; AWS has still to be told. Return how many there were."""
    book, closed = Book([ban]), 0
    hit = [session.pk for session in _candidates(ban).iterator(chunk_size=2000) if _hits(book, session)]
    for start in range(0, len(hit), sessions.BATCH):
        rows = WebSocketSession.objects.filter(pk__in=hit[start : start + sessions.BATCH])
        closed += sessions.close_all(rows, by=sessions.ClosedBy.OPERATOR, reason="Banned", at_aws=True)
    return closed


def enforce() -> int:
    """Close who came in while processes had not heard of a new ban; return how many sessions."""
    fresh = Ban.objects.active().filter(created_on__gt=timezone.now() - _AFTERMATH)
    return sum(close_hit(ban) for ban in fresh)


def _candidates(ban: Ban) -> QuerySet[WebSocketSession]:
    """The open sessions that may be hit, narrowed down by what the database can compare."""
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


def _hits(book: Book, session: WebSocketSession) -> bool:
    for ban in book.concerning(lambda: session.user_id, session.ip_address, session.user_agent):
        names = (session.channel_name, *(one.name for one in session.memberships.all()))
        if not ban.channel_name or any(_is_about(ban, name) for name in names):
            return True
    return False


def _is_about(ban: Ban, channel: str) -> bool:
    """Whether it keeps out of the channel; of everything, where the channel is empty."""
    return not ban.channel_name or bool(_pattern(ban.channel_name).fullmatch(channel))


def _has(pattern: str, user_agent: str) -> bool:
    text = user_agent.casefold()
    return (
        bool(_pattern(pattern.casefold()).fullmatch(text)) if "*" in pattern else pattern.casefold() in text
    )


@lru_cache(maxsize=1024)
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(".*".join(map(re.escape, text.split("*"))), re.DOTALL)


def _moment(ban: Ban) -> str | None:
    return ban.expires_on.isoformat() if ban.expires_on else None


def _address(text: str | None) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """An IPv4 address written in IPv6 is the IPv4 address; None for what is none, as behind a Unix socket."""
    try:
        address = ipaddress.ip_address(text or "")
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
