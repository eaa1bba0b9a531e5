"""A cache of the gateways that this process has met.

Finding out which gateway a message came from must not cost a query.
"""

from __future__ import annotations

import time
from copy import copy
from dataclasses import dataclass
from typing import Final

from apigw_ws.models import ApiGateway
from apigw_ws.services import transactions

#: Seconds until a change by another process is seen, at the latest.
MAX_AGE: Final = 10.0
#: Seconds within which a wrong secret does not make us read the gateway again.
MIN_AGE: Final = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    gateway: ApiGateway
    read_at: float


_known: dict[str, _Known] = {}


def by_api_id(api_id: str, *, max_age: float = MAX_AGE) -> ApiGateway | None:
    """Return a copy of the gateway with this API ID, at most ``max_age`` seconds old; None if unknown."""
    now = time.monotonic()
    known = _known.get(api_id)
    if known is not None and now - known.read_at <= max_age:
        return copy(known.gateway)
    gateway = ApiGateway.objects.filter(api_id=api_id).first() if api_id else None
    if gateway is None:
        _known.pop(api_id, None)  # an unknown one is looked up each time: it may be made any moment
    else:
        _known[api_id] = _Known(gateway=copy(gateway), read_at=now)
    return gateway


def forget() -> None:
    """Read each gateway again when it is next needed."""
    _known.clear()


def changed() -> None:
    """Forget now, and again on commit: until then another thread would read the old rows."""
    forget()
    transactions.on_commit(forget)
