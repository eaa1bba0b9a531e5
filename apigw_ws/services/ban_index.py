"""Finding the bans that concern a client, without asking the database for each."""

from __future__ import annotations

import ipaddress
import re
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Any

from apigw_ws.models import Ban


class BanIndex:
    """A set of bans, looked up by user, address and user agent."""

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
        """Yield the client's bans, whatever their channel. ``user_id`` may query: it is called if needed."""
        if self._users:
            yield from self._users.get(user_id(), ())
        if self._networks and ip_address:
            yield from self._of_address(ip_address)
        for ban in self._agents:
            if _has(ban.user_agent, user_agent):
                yield ban
        yield from self._everybody

    def _of_address(self, ip_address: str) -> Iterator[Ban]:
        address = parse_address(ip_address)
        for version, prefix in self._prefixes:
            if address and version == address.version:
                network = ipaddress.ip_network((address, prefix), strict=False)
                yield from self._networks.get(network, ())


def covers(ban: Ban, channel: str) -> bool:
    """Whether the ban keeps its client out of ``channel``; an empty channel stands for everything."""
    return not ban.channel_name or bool(_pattern(ban.channel_name).fullmatch(channel))


def _has(pattern: str, user_agent: str) -> bool:
    text = user_agent.casefold()
    return (
        bool(_pattern(pattern.casefold()).fullmatch(text)) if "*" in pattern else pattern.casefold() in text
    )


@lru_cache(maxsize=1024)
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(".*".join(map(re.escape, text.split("*"))), re.DOTALL)


def parse_address(text: str | None) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Return the address, an IPv4-mapped one as IPv4; None if there is none, as behind a Unix socket."""
    try:
        address = ipaddress.ip_address(text or "")
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
