"""Differences of operations on domains; importing this module registers them with ``differences.of``."""

from __future__ import annotations

from collections.abc import Iterator

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
from apigw_ws.services.differences import Difference, Take, There, of


@of.register
def of_new_domain(operation: CreateDomain, there: There) -> Iterator[Difference]:
    yield Difference(key="domain", record=operation.domain.name, aws="", would=operation.describe())


@of.register
def of_certificate(operation: UpdateDomain, there: There) -> Iterator[Difference]:
    held = there.domain(operation.domain.name).certificate_arn
    yield Difference(
        key="domain.certificate",
        record=operation.domain.certificate_arn,
        aws=held,
        would=operation.describe(),
        take=Take(values={"certificate_arn": held}),
    )


@of.register
def of_mapping(operation: MapDomain, there: There) -> Iterator[Difference]:
    root = there.domain(operation.name).root
    api_id = there.snapshot.api_id if there.snapshot else ""
    yield Difference(
        key="domain.mapping",
        record=f"{api_id}/{operation.stage_name}".removeprefix("/"),
        aws=f"{root.api_id}/{root.stage}" if root else "",
        would=operation.describe(),
    )


@of.register
def of_alias(operation: CreateAlias, there: There) -> Iterator[Difference]:
    yield Difference(
        key="domain.record",
        record=operation.zone_id,
        aws="",
        would=operation.describe(),
        take=Take(values={"hosted_zone_id": ""}),
    )


@of.register
def of_zone_tag(operation: TagDomain, there: There) -> Iterator[Difference]:
    held = there.domain(operation.name).zone_id
    yield Difference(key="domain.zone", record=operation.zone_id, aws=held, would=operation.describe())


@of.register
def of_owner(operation: TakeDomain, there: There) -> Iterator[Difference]:
    yield Difference(key="domain.owner", record=operation.uid, aws="", would=operation.describe())


@of.register
def of_dropped_alias(operation: RemoveAlias, there: There) -> Iterator[Difference]:
    yield Difference(
        key=f"domain.{operation.name}.record", record="", aws=operation.target, would=operation.describe()
    )


@of.register
def of_dropped_mapping(operation: UnmapDomain, there: There) -> Iterator[Difference]:
    yield Difference(
        key=f"domain.{operation.name}.mapping",
        record="",
        aws=operation.mapping_id,
        would=operation.describe(),
    )


@of.register
def of_dropped_domain(operation: RemoveDomain, there: There) -> Iterator[Difference]:
    yield Difference(
        key=f"domain.{operation.name}", record="", aws=operation.name, would=operation.describe()
    )
