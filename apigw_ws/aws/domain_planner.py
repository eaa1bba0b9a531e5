"""Decides what to do about custom domains. Pure, like ``planner``."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _

from apigw_ws.aws.domain_operations import (
    CreateAlias,
    CreateDomain,
    MapDomain,
    RemoveAlias,
    RemoveDomain,
    TagDomain,
    TakeDomain,
    UnmapDomain,
    UpdateDomain,
)
from apigw_ws.aws.domain_spec import ZONE_TAG, DomainSpec, DomainState
from apigw_ws.aws.operations import Operation
from apigw_ws.aws.spec import OWNER_TAG, GatewaySpec
from apigw_ws.exceptions import OwnershipConflict


def domain_changes(
    spec: GatewaySpec, states: tuple[DomainState, ...] | None, api_id: str
) -> Iterator[Operation]:
    """The operations on domains; the wanted one is made before an earlier one is removed.

    Raises OwnershipConflict.
    """
    if states is None:
        return
    if spec.domain:
        wanted = spec.domain
        state = next((state for state in states if state.name == wanted.name), DomainState(name=wanted.name))
        _check_ownership(spec, wanted, state, api_id)
        yield from _wanted(spec, wanted, state, api_id)
    for state in states:
        if state.owner == spec.uid and (spec.domain is None or state.name != spec.domain.name):
            yield from domain_removal(state, api_id)


def domain_removal(state: DomainState, api_id: str) -> Iterator[Operation]:
    """Remove a domain of ours with its alias record and mapping; it stays if it leads elsewhere, too."""
    ours = state.root if state.root and state.root.api_id == api_id else None
    shared = any(mapping != ours for mapping in state.mappings)
    if state.has_alias(state.zone_id) and not shared:
        yield RemoveAlias(name=state.name, zone_id=state.zone_id, target=state.target)
    if ours:
        yield UnmapDomain(name=state.name, mapping_id=ours.id)
    if not shared:
        yield RemoveDomain(name=state.name)


def _wanted(spec: GatewaySpec, wanted: DomainSpec, state: DomainState, api_id: str) -> Iterator[Operation]:
    if not state.target:
        zone = {ZONE_TAG: wanted.zone_id} if wanted.zone_id else {}
        yield CreateDomain(domain=wanted, tags={OWNER_TAG: spec.uid, **zone})
    elif wanted.certificate_arn != state.certificate_arn:
        yield UpdateDomain(domain=wanted)
    if state.target and state.owner != spec.uid:
        yield TakeDomain(name=state.name, uid=spec.uid)
    root = state.root
    if root is None or (root.api_id, root.stage) != (api_id, spec.stage.name):
        yield MapDomain(name=wanted.name, stage_name=spec.stage.name, mapping_id=root.id if root else "")
    if state.target and wanted.zone_id != state.zone_id:
        if state.has_alias(state.zone_id):
            yield RemoveAlias(name=state.name, zone_id=state.zone_id, target=state.target)
        yield TagDomain(name=state.name, zone_id=wanted.zone_id)
    if wanted.zone_id and not state.has_alias(wanted.zone_id):
        yield CreateAlias(name=wanted.name, zone_id=wanted.zone_id)


def _check_ownership(spec: GatewaySpec, wanted: DomainSpec, state: DomainState, api_id: str) -> None:
    adoptable = spec.adopts and state.is_free(api_id)
    if state.target and state.owner != spec.uid and not adoptable:
        raise OwnershipConflict(
            _(
                "The custom domain %(name)s exists in AWS but was not made for this gateway. "
                "Remove it there, or tag it with %(tag)s."
            )
            % {"name": wanted.name, "tag": f"{OWNER_TAG}={spec.uid}"}
        )
    record = state.records.get(wanted.zone_id, "")
    if record and record != state.target:
        raise OwnershipConflict(
            _(
                "In the hosted zone %(zone)s, %(name)s points at %(record)s, which was not set up here. "
                "Remove that record, or clear the hosted zone and point DNS at the custom domain yourself."
            )
            % {"zone": wanted.zone_id, "name": wanted.name, "record": record}
        )
