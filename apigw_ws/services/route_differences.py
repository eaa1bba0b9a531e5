"""Differences of operations on routes; importing this module registers them with ``differences.of``. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from django.utils.translation import gettext as _

from apigw_ws.aws.operations import CreateRoute, DisableReplies, EnableReplies, RemoveRoute, UpdateRoute
from apigw_ws.aws.spec import IntegrationSpec, IntegrationState
from apigw_ws.services.differences import Difference, Take, There, of, shown

_HEADER: Final = "integration.request.header."


@of.register
def of_new_route(operation: CreateRoute, there: There) -> Iterator[Difference]:
    key = operation.route.key
    taken = there.snapshot is not None and key in there.additional
    yield Difference(
        key=f"route.{key}",
        record=operation.route.integration.url,
        aws="",
        would=operation.describe(),
        take=Take(route=key, values={}) if taken else None,
    )


@of.register
def of_dropped_route(operation: RemoveRoute, there: There) -> Iterator[Difference]:
    state = there.route(operation.key)
    integration = state.integration or IntegrationState(id="")
    values = {
        "integration_url": integration.url,
        "integration_timeout": integration.timeout,
        "two_way": bool(state.response_ids),
        "enabled": True,
    }
    yield Difference(
        key=f"route.{operation.key}",
        record="",
        aws=integration.url,
        would=operation.describe(),
        take=Take(route=operation.key, values=values),
    )


@of.register
def of_route(operation: UpdateRoute, there: There) -> Iterator[Difference]:
    key, wanted = operation.route.key, operation.route.integration
    held = there.route(key).integration or IntegrationState(id="")
    taken = {"URL": "integration_url", "timeout": "integration_timeout"} if key in there.additional else {}
    for name in operation.changes:
        record, aws = _sides(name, wanted, held)
        take = Take(route=key, values={taken[name]: getattr(held, name.lower())}) if name in taken else None
        yield Difference(
            key=f"route.{key}.{name.lower()}", record=record, aws=aws, would=operation.describe(), take=take
        )


def _sides(name: str, wanted: IntegrationSpec, held: IntegrationState) -> tuple[str, str]:
    if name == "owner":
        return _("this gateway"), held.description or _("made elsewhere")
    if name != "headers":
        return shown(getattr(wanted, name.lower())), shown(getattr(held, name.lower()))
    return _only(wanted.parameters, held.parameters), _only(held.parameters, wanted.parameters)


def _only(ours: Mapping[str, str], theirs: Mapping[str, str]) -> str:
    """The headers that differ, by name only: one of the values is the secret."""
    names = sorted(name for name in ours if ours[name] != theirs.get(name))
    return ", ".join(name.removeprefix(_HEADER) for name in names)


@of.register(EnableReplies)
@of.register(DisableReplies)
def of_replies(operation: EnableReplies | DisableReplies, there: There) -> Iterator[Difference]:
    wanted, key = isinstance(operation, EnableReplies), operation.key
    values = {"two_way": not wanted}
    take = Take(route=key, values=values) if key in there.additional else None
    if key == there.gateway.route_key:
        take = Take(values=values)
    yield Difference(
        key=f"route.{key}.two_way",
        record=shown(wanted),
        aws=shown(not wanted),
        would=operation.describe(),
        take=take,
    )
