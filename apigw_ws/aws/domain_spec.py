"""Values: a custom domain as we want it, and as it is in AWS."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

#: The tag on a custom domain that names the hosted zone with its alias record.
ZONE_TAG: Final = "apigw-ws:zone"


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainSpec:
    """A custom domain whose root leads to the stage."""

    name: str
    certificate_arn: str
    #: The Route 53 zone that gets an alias record; empty if DNS is somebody else's.
    zone_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MappingState:
    """What a path of a custom domain leads to; the root has no key."""

    id: str
    api_id: str
    stage: str
    key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainState:
    """A custom domain that is ours or wanted; without a target, AWS has none of that name."""

    name: str
    #: Where DNS has to point.
    target: str = ""
    certificate_arn: str = ""
    #: The uid in its owner tag.
    owner: str = ""
    #: The zone in its tag.
    zone_id: str = ""
    mappings: tuple[MappingState, ...] = ()
    #: Zone -> what the domain's record in it points at, for the zones that concern us.
    records: Mapping[str, str] = field(default_factory=dict)

    @property
    def root(self) -> MappingState | None:
        return next((mapping for mapping in self.mappings if not mapping.key), None)

    def is_free(self, api_id: str) -> bool:
        """Whether no tag claims it and it leads to the API only."""
        return not self.owner and all(mapping.api_id == api_id for mapping in self.mappings)

    def has_alias(self, zone_id: str) -> bool:
        """Whether the zone's record is an alias for this domain."""
        return bool(self.target) and self.records.get(zone_id) == self.target
