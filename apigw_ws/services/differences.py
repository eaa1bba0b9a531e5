"""Turns an operation into differences, field by field: the record, AWS, and how to take AWS's side. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import singledispatch
from typing import Any, Final

from django.utils.translation import gettext as _

from apigw_ws.aws.domain_spec import DomainState
from apigw_ws.aws.operations import (
    CreateApi,
    CreateStage,
    Deploy,
    Operation,
    RemoveStage,
    RemoveTags,
    SetTags,
    UpdateApi,
    UpdateStage,
)
from apigw_ws.aws.spec import RouteState, Snapshot
from apigw_ws.models import ApiGateway

#: The API's fields -> the gateway's.
API_FIELDS: Final = {
    "name": "api_name",
    "description": "api_description",
    "route_selection_expression": "route_selection_expression",
    "api_key_selection_expression": "api_key_selection_expression",
    "disable_execute_api_endpoint": "disable_execute_api_endpoint",
}
#: The stage's fields -> the gateway's.
STAGE_FIELDS: Final = {
    "description": "stage_description",
    "throttling_rate_limit": "throttling_rate_limit",
    "throttling_burst_limit": "throttling_burst_limit",
    "detailed_metrics": "detailed_metrics",
    "logging_level": "logging_level",
    "data_trace": "data_trace",
    "access_log_destination_arn": "access_log_destination_arn",
    "access_log_format": "access_log_format",
    "variables": "stage_variables",
}
_OUR_TAGS: Final = "apigw-ws:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Take:
    """AWS's side as fields of the gateway or of a route; without any, the route is removed."""

    values: dict[str, Any]
    #: The key of an additional route; empty: the gateway itself.
    route: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One field or thing in which AWS and the record differ. Holds no secret."""

    #: Identifies it: "api.description", "tag.team", "route.join", "route.join.url", "stage.variables".
    key: str
    #: What each side has, for people; empty if it has nothing.
    record: str
    aws: str
    #: A sentence: what ``apply`` would do about it.
    would: str
    #: None if AWS's side follows from other fields and cannot be taken alone.
    take: Take | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class There:
    """The state that the operations were planned from."""

    gateway: ApiGateway
    snapshot: Snapshot | None
    #: The keys of the gateway's additional routes.
    additional: frozenset[str]
    domains: tuple[DomainState, ...] = ()

    @property
    def held(self) -> Snapshot:
        """The snapshot of AWS; only CreateApi and what follows it are planned without one."""
        if self.snapshot is None:
            raise LookupError("AWS holds nothing of this gateway.")
        return self.snapshot

    def route(self, key: str) -> RouteState:
        return next(route for route in self.held.routes if route.key == key)

    def domain(self, name: str) -> DomainState:
        return next((state for state in self.domains if state.name == name), DomainState(name=name))


@singledispatch
def of(operation: Operation, there: There) -> Iterator[Difference]:
    """Return the differences that the operation removes, at least one."""
    yield Difference(key=type(operation).__name__, record="", aws="", would=operation.describe())


@of.register
def of_new_api(operation: CreateApi, there: There) -> Iterator[Difference]:
    yield Difference(key="api", record=operation.api.name, aws="", would=operation.describe())


@of.register
def of_api(operation: UpdateApi, there: There) -> Iterator[Difference]:
    for name in operation.changes:
        value = getattr(there.held.api, name)
        yield Difference(
            key=f"api.{name}",
            record=shown(getattr(operation.api, name)),
            aws=shown(value),
            would=operation.describe(),
            take=Take(values={API_FIELDS[name]: value}),
        )


@of.register
def of_tags(operation: SetTags, there: There) -> Iterator[Difference]:
    for key, value in operation.tags.items():
        yield _tag(key, value, operation, there)


@of.register
def of_dropped_tags(operation: RemoveTags, there: There) -> Iterator[Difference]:
    for key in operation.keys:
        yield _tag(key, "", operation, there)


def _tag(key: str, wanted: str, operation: Operation, there: There) -> Difference:
    value = there.held.tags.get(key)
    others = {name: kept for name, kept in there.gateway.tags.items() if name != key}
    taken = Take(values={"tags": others if value is None else {**others, key: value}})
    return Difference(
        key=f"tag.{key}",
        record=wanted,
        aws=value or "",
        would=operation.describe(),
        take=None if key.startswith(_OUR_TAGS) else taken,
    )


@of.register
def of_new_stage(operation: CreateStage, there: There) -> Iterator[Difference]:
    yield Difference(key="stage", record=operation.stage.name, aws="", would=operation.describe())


@of.register
def of_stage(operation: UpdateStage, there: There) -> Iterator[Difference]:
    state = there.held.stage(operation.stage.name)
    for name in operation.changes:
        field = STAGE_FIELDS.get(name)
        value = getattr(state, name, None) if field else None
        yield Difference(
            key=f"stage.{name.replace(' ', '_')}",
            record=shown(getattr(operation.stage, name)) if field else "",
            aws=shown(value),
            would=operation.describe(),
            take=Take(values={field: _ours(name, value, operation)}) if field else None,
        )


def _ours(name: str, value: Any, operation: UpdateStage) -> Any:
    """The stage variables that are ours; others do not concern the record."""
    if name != "variables":
        return value
    return {key: value[key] for key in (*operation.stage.variables, *operation.dropped) if key in value}


@of.register
def of_dropped_stage(operation: RemoveStage, there: There) -> Iterator[Difference]:
    yield Difference(key=f"stage.{operation.name}", record="", aws=operation.name, would=operation.describe())


@of.register
def of_deployment(operation: Deploy, there: There) -> Iterator[Difference]:
    stage = there.snapshot.stage(operation.stage_name) if there.snapshot else None
    live = stage.deployment_id if stage else ""
    yield Difference(
        key="deployment", record=_("the routes of the record"), aws=live, would=operation.describe()
    )


def shown(value: Any) -> str:
    """Return a value as people read it."""
    if isinstance(value, bool):
        return _("on") if value else _("off")
    if isinstance(value, Mapping):
        return ", ".join(f"{key}={value[key]}" for key in sorted(value))
    return "" if value is None else str(value)
