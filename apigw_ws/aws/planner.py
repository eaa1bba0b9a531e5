"""Decides what to do in AWS. Pure: no calls, no side effects."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import fields

from django.utils.translation import gettext as _

from apigw_ws.aws.domain_planner import domain_changes
from apigw_ws.aws.domain_spec import DomainState
from apigw_ws.aws.operations import (
    CreateApi,
    CreateRoute,
    CreateStage,
    Deploy,
    DisableReplies,
    EnableReplies,
    Operation,
    RemoveIntegration,
    RemoveRoute,
    RemoveStage,
    RemoveTags,
    SetTags,
    UpdateApi,
    UpdateRoute,
)
from apigw_ws.aws.spec import (
    DOMAIN_TAG,
    LEDGER_SEPARATOR,
    LEDGER_TAG,
    ApiSpec,
    GatewaySpec,
    IntegrationState,
    RouteSpec,
    RouteState,
    Snapshot,
)
from apigw_ws.aws.stage_planner import stage_changes
from apigw_ws.exceptions import OwnershipConflict


def plan(
    spec: GatewaySpec, snapshot: Snapshot | None, domains: tuple[DomainState, ...] | None = None
) -> tuple[Operation, ...]:
    """Return the operations, in order, that make AWS hold what ``spec`` says; none if it does already.

    Whether to deploy is its own fact: the digest in the live deployment's description. A deployment that
    failed after its routes were changed is therefore planned again.
    Without ``domains`` nothing is planned about custom domains.
    Raises OwnershipConflict when a route, domain or DNS record the spec needs is somebody else's.
    """
    if snapshot is None:
        return (
            CreateApi(api=spec.api, tags=spec.all_tags),
            *(CreateRoute(route=route) for route in spec.routes),
            CreateStage(stage=spec.stage, tags=spec.stage_tags),
            Deploy(stage_name=spec.stage.name, digest=spec.digest),
            *domain_changes(spec, domains, api_id=""),
        )
    changes = (*_api(spec, snapshot), *_routes(spec, snapshot), *_removed_routes(spec, snapshot))
    stale = bool(changes) or snapshot.live_digest != spec.digest
    return (
        *_tags(spec, snapshot),
        *changes,
        *_orphans(snapshot),
        *_stage(spec, snapshot),
        *([Deploy(stage_name=spec.stage.name, digest=spec.digest)] if stale else []),
        # Before stages are removed: AWS keeps a stage that a domain leads to.
        *domain_changes(spec, domains, snapshot.api_id),
        *_removed_stages(spec, snapshot),
        *_untagged(spec, snapshot, domains),
    )


def _api(spec: GatewaySpec, snapshot: Snapshot) -> Iterator[Operation]:
    names = (field.name for field in fields(ApiSpec))
    changes = tuple(name for name in names if getattr(spec.api, name) != getattr(snapshot.api, name))
    if changes:
        yield UpdateApi(api=spec.api, changes=changes)


def _tags(spec: GatewaySpec, snapshot: Snapshot) -> Iterator[Operation]:
    wanted = spec.all_tags
    ours = {LEDGER_TAG, *snapshot.tags.get(LEDGER_TAG, "").split(LEDGER_SEPARATOR)}
    if dropped := tuple(sorted(key for key in snapshot.tags if key in ours and key not in wanted)):
        yield RemoveTags(keys=dropped)
    if changed := {key: value for key, value in wanted.items() if snapshot.tags.get(key) != value}:
        yield SetTags(tags=changed)


def _untagged(
    spec: GatewaySpec, snapshot: Snapshot, domains: tuple[DomainState, ...] | None
) -> Iterator[Operation]:
    """Comes last: the tag says that there are domains to look for."""
    if domains is not None and not spec.domain and DOMAIN_TAG in snapshot.tags:
        yield RemoveTags(keys=(DOMAIN_TAG,))


def _routes(spec: GatewaySpec, snapshot: Snapshot) -> Iterator[Operation]:
    users = _users(snapshot)
    for route in spec.routes:
        state = snapshot.route(route.key)
        if state is None:
            yield CreateRoute(route=route)
        else:
            yield from _differences(route, state, adopts=spec.adopts, alone=users[state.target] == 1)
            yield from _replies(route, state)


def _users(snapshot: Snapshot) -> Counter[str]:
    """How many routes call each integration, by its ID."""
    return Counter(route.target for route in snapshot.routes if route.target)


def _differences(route: RouteSpec, state: RouteState, *, adopts: bool, alone: bool) -> Iterator[Operation]:
    there = state.integration or IntegrationState(id="")
    if state.integration and not state.managed and not (adopts and there.adoptable):
        raise OwnershipConflict(
            _(
                "The route “%(key)s” exists in AWS and calls %(url)s, which was not set up here. "
                "Remove it there, or choose another route key."
            )
            % {"key": route.key, "url": there.url}
        )
    if changes := _changes(route, state, there):
        yield UpdateRoute(
            route=route,
            route_id=state.id,
            # An integration that several routes share stays as it is; this route gets one of its own.
            integration_id=there.id if alone or state.managed else "",
            dropped=tuple(sorted(there.parameters.keys() - route.integration.parameters.keys())),
            changes=changes,
        )


def _changes(route: RouteSpec, state: RouteState, there: IntegrationState) -> tuple[str, ...]:
    wanted = route.integration
    differs = {
        "URL": wanted.url != there.url,
        "method": wanted.method != there.method,
        "timeout": wanted.timeout != there.timeout,
        "headers": wanted.parameters != there.parameters or not route.declared <= state.declared,
        "owner": state.integration is not None and not state.managed,
    }
    return tuple(name for name, different in differs.items() if different)


def _replies(route: RouteSpec, state: RouteState) -> Iterator[Operation]:
    if route.two_way and not (state.response_ids and state.response_expression):
        yield EnableReplies(key=route.key, route_id=state.id, has_response=bool(state.response_ids))
    if not route.two_way and (state.response_ids or state.response_expression):
        yield DisableReplies(key=route.key, route_id=state.id, response_ids=state.response_ids)


def _removed_routes(spec: GatewaySpec, snapshot: Snapshot) -> Iterator[Operation]:
    wanted = {route.key for route in spec.routes}
    users = _users(snapshot)
    for route in snapshot.routes:
        if route.integration and route.managed and route.key not in wanted:
            alone = users[route.target] == 1
            yield RemoveRoute(
                key=route.key, route_id=route.id, integration_id=route.integration.id if alone else ""
            )


def _orphans(snapshot: Snapshot) -> Iterator[Operation]:
    used = _users(snapshot)
    for integration in snapshot.integrations:
        if integration.managed and integration.id not in used:
            yield RemoveIntegration(integration_id=integration.id)


def _stage(spec: GatewaySpec, snapshot: Snapshot) -> Iterator[Operation]:
    state = snapshot.stage(spec.stage.name)
    if state is None:
        yield CreateStage(stage=spec.stage, tags=spec.stage_tags)
    else:
        yield from stage_changes(spec, state)


def _removed_stages(spec: GatewaySpec, snapshot: Snapshot) -> Iterator[Operation]:
    for stage in snapshot.stages:
        if stage.owner == spec.uid and stage.name != spec.stage.name:
            yield RemoveStage(name=stage.name)
