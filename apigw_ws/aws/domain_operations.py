"""The operations that make AWS's custom domain the one that we want."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from apigw_ws.aws.domain_spec import DomainSpec
from apigw_ws.aws.operations import Operation


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateDomain(Operation):
    domain: DomainSpec
    tags: Mapping[str, str]

    def describe(self) -> str:
        return _("Create the custom domain “%(name)s”.") % {"name": self.domain.name}


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateDomain(Operation):
    domain: DomainSpec

    def describe(self) -> str:
        return _("Give the custom domain “%(name)s” another certificate.") % {"name": self.domain.name}


@dataclass(frozen=True, slots=True, kw_only=True)
class TagDomain(Operation):
    """The domain's tag names the zone of its alias record, so that the record is found when it has to go."""

    name: str
    zone_id: str

    def describe(self) -> str:
        return _("Note the hosted zone of the custom domain “%(name)s” in its tag.") % {"name": self.name}


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeDomain(Operation):
    """Tags a domain that was made elsewhere and leads to this gateway only."""

    name: str
    uid: str

    def describe(self) -> str:
        return _("Tag the custom domain “%(name)s” as this gateway's.") % {"name": self.name}


@dataclass(frozen=True, slots=True, kw_only=True)
class MapDomain(Operation):
    """Maps the root of the domain to the stage; without ``mapping_id``, by a new mapping."""

    name: str
    stage_name: str
    mapping_id: str = ""

    def describe(self) -> str:
        return _("Lead the custom domain “%(name)s” to the stage “%(stage)s”.") % {
            "name": self.name,
            "stage": self.stage_name,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateAlias(Operation):
    name: str
    zone_id: str

    def describe(self) -> str:
        return _("Create the alias record of “%(name)s” in the hosted zone %(zone)s.") % {
            "name": self.name,
            "zone": self.zone_id,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveAlias(Operation):
    """Removes the alias record, unless it is no longer an alias for ``target``."""

    destructive = True

    name: str
    zone_id: str
    target: str

    def describe(self) -> str:
        return _("Remove the alias record of “%(name)s” from the hosted zone %(zone)s.") % {
            "name": self.name,
            "zone": self.zone_id,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class UnmapDomain(Operation):
    destructive = True

    name: str
    mapping_id: str

    def describe(self) -> str:
        return _("Stop the custom domain “%(name)s” from leading to the gateway.") % {"name": self.name}


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveDomain(Operation):
    destructive = True

    name: str

    def describe(self) -> str:
        return _("Remove the custom domain “%(name)s”.") % {"name": self.name}
