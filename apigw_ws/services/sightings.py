"""What AWS held of gateways when it was seen last, for every process: the only writer of ``Sighting``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from apigw_ws.models import ApiGateway, Sighting


def of(gateways: Sequence[ApiGateway]) -> Mapping[int, Sighting]:
    """Those that there are, by the gateway's primary key; one query, unless all were selected with them."""
    if all("sighting" in gateway._state.fields_cache for gateway in gateways):
        selected = (gateway._state.fields_cache["sighting"] for gateway in gateways)
        return {each.gateway_id: each for each in selected if each}
    return Sighting.objects.in_bulk([gateway.pk for gateway in gateways])


def note(seen: Iterable[tuple[ApiGateway, Mapping[str, Any]]]) -> None:
    """Write down these fields of each, the same of all, and leave the others as they are.

    Nothing of a gateway that was deleted meanwhile.
    """
    new, fields = {}, set[str]()
    for gateway, values in seen:
        new[gateway.pk] = Sighting(gateway_id=gateway.pk, **values)
        gateway._state.fields_cache.pop("sighting", None)  # selected with it, and old now
        fields |= values.keys()
    if not new:
        return
    there = ApiGateway.objects.order_by("pk").filter(pk__in=new).values_list("pk", flat=True)
    Sighting.objects.bulk_create(
        [new[pk] for pk in there], update_conflicts=True, unique_fields=["gateway"], update_fields=fields
    )
