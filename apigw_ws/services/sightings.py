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

    Nothing of a gateway that was deleted meanwhile. One query where all were selected with theirs; else two.
    """
    noted = list(seen)
    new = {gateway.pk: Sighting(gateway_id=gateway.pk, **values) for gateway, values in noted}
    fields = {name for _gateway, values in noted for name in values}
    if new and all(gateway._state.fields_cache.get("sighting") for gateway, _values in noted):
        Sighting.objects.bulk_update(new.values(), fields)
    elif new:
        there = ApiGateway.objects.order_by("pk").filter(pk__in=new).values_list("pk", flat=True)
        Sighting.objects.bulk_create(
            [new[pk] for pk in there], update_conflicts=True, unique_fields=["gateway"], update_fields=fields
        )
    for gateway, values in noted:
        _remember(gateway, values)


def _remember(gateway: ApiGateway, values: Mapping[str, Any]) -> None:
    """Bring what was selected with the gateway up to date; None, that there was none, is forgotten."""
    if selected := gateway._state.fields_cache.get("sighting"):
        for name, value in values.items():
            setattr(selected, name, value)
    else:
        gateway._state.fields_cache.pop("sighting", None)
