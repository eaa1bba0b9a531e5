"""The gateways that this process has met.

A message must not cost a query to learn which gateway it came from.
"""

from __future__ import annotations

import time
from copy import copy
from dataclasses import dataclass
from typing import Final

from apigw_ws.models import ApiGateway
from apigw_ws.services import transactions

#: Seconds after which a change made by another process is seen at the latest.
MAX_AGE: Final = 10.0
#: Seconds within which a forged secret does not make us read again.
MIN_AGE: Final = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    gateway: ApiGateway
    read_at: float


_known: dict[str, _Known] = {}


def by_api_id(api_id: str, *, max_age: float = MAX_AGE) -> ApiGateway | None:
    """Return the gateway with this ID in AWS, at most ``max_age`` seconds old; a copy, the caller's own."""
    now = time.monotonic()
    known = _known.get(api_id)
    if known is not None and now - known.read_at <= max_age:
        return copy(known.gateway)
    gateway = ApiGateway.objects.filter(api_id=api_id).first() if api_id else None
    if gateway is None:
        _known.pop(api_id, None)  # an unknown one is asked for again: it may be made any moment
    else:
        _known[api_id] = _Known(gateway=copy(gateway), read_at=now)
    return gateway


def forget() -> None:
    """Read every gateway again when it is next needed."""
    _known.clear()


def changed() -> None:
    """Forget now, and again when the change is committed: until then another thread reads what was before."""
    forget()
    transactions.on_commit(forget)
