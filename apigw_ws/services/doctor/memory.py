"""How many problems there were when the doctor looked last. AWS is not asked."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from django.core.cache import cache

from apigw_ws.models import ApiGateway
from apigw_ws.services.doctor.findings import Finding, Level
from apigw_ws.services.doctor.project import of_setup

#: Seconds after which a look at a gateway is forgotten: its problems may be long gone.
_KEPT: Final = 24 * 60 * 60


def note(gateway: ApiGateway, findings: Iterable[Finding]) -> None:
    """Keep how many of what was found at a gateway are problems."""
    cache.set(_key(gateway.pk), _reds(findings), _KEPT)


def problems() -> int:
    """Those of the project now, and of each gateway as it was looked at within the last day."""
    keys = [_key(pk) for pk in ApiGateway.objects.order_by().values_list("pk", flat=True)]
    seen: dict[str, int] = cache.get_many(keys)
    return _reds(of_setup()) + sum(seen.values())


def _reds(findings: Iterable[Finding]) -> int:
    return sum(each.level == Level.RED for each in findings)


def _key(pk: int) -> str:
    return f"apigw_ws:doctor:problems:{pk}"
