"""Proposes bans that would keep out the people behind chosen sessions."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from django.contrib.auth import get_user_model
from django.db.models import QuerySet

from apigw_ws.models import Ban, WebSocketSession

#: The most bans that are made at once.
MOST: Final = 100
#: Addresses that are read to find that many networks.
_LOOKED_AT: Final = 2000
#: Prefix lengths of what counts as one network, by IP version.
_PREFIXES: Final = {4: 24, 6: 48}


class Kind(StrEnum):
    USER = "user"
    #: The address; of IPv6 the /64, because one client has all of it.
    ADDRESS = "address"
    #: The /24, of IPv6 the /48.
    NETWORK = "network"
    AGENT = "agent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bannable:
    """Unsaved bans of one kind, at most ``MOST``, and whether there would be more."""

    kind: Kind
    bans: tuple[Ban, ...]
    more: bool


def behind(rows: QuerySet[WebSocketSession], kind: Kind) -> Bannable:
    """Return one ban for each user, address, network or agent of the sessions; one query."""
    rows = rows.order_by()
    match kind:
        case Kind.USER:
            users = get_user_model()._default_manager.filter(pk__in=rows.values("user")).order_by("pk")
            made = [Ban(user=user) for user in users[: MOST + 1]]
        case Kind.AGENT:
            agents = rows.exclude(user_agent="").values_list("user_agent", flat=True).distinct()
            made = [Ban(user_agent=agent) for agent in sorted({each[:255] for each in agents[: MOST + 1]})]
        case _:
            blocks = rows.exclude(address_block=None).values_list("address_block", flat=True).distinct()
            found = list(blocks[: _LOOKED_AT + 1])
            made = [Ban(network=network) for network in _networks(found, kind)]
            if len(found) > _LOOKED_AT:
                return Bannable(kind=kind, bans=tuple(made[:MOST]), more=True)
    return Bannable(kind=kind, bans=tuple(made[:MOST]), more=len(made) > MOST)


def _networks(blocks: Iterable[str | None], kind: Kind) -> list[str]:
    addresses = [ipaddress.ip_address(block or "") for block in blocks]
    single = {4: 32, 6: 64}
    prefixes = single if kind is Kind.ADDRESS else _PREFIXES
    networks = {ipaddress.ip_network((one, prefixes[one.version]), strict=False) for one in addresses}
    return [
        str(each) for each in sorted(networks, key=lambda each: (each.version, int(each.network_address)))
    ]
