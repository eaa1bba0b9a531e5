"""What AWS held of gateways when the upkeep saw it last, for every process: the only writer of ``Sighting``.

Pages write down nothing: to show what they have seen, they would wait for whoever writes to the database.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from apigw_ws.models import ApiGateway, Sighting


def of(gateways: Sequence[ApiGateway]) -> Mapping[int, Sighting]:
    """Those that there are, by the gateway's primary key; one query, unless all were selected with them."""
    if all("sighting" in gateway._state.fields_cache for gateway in gateways):
        selected = (gateway._state.fields_cache["sighting"] for gateway in gateways)
        return {each.gateway_id: each for each in selected if each}
    return Sighting.objects.in_bulk([gateway.pk for gateway in gateways])


def note(gateway: ApiGateway, **values: Any) -> None:
    """Write down these fields, and leave the others as they are; nothing of a gateway that was deleted."""
    if ApiGateway.objects.filter(pk=gateway.pk).exists():
        Sighting.objects.update_or_create(gateway_id=gateway.pk, defaults=values)
