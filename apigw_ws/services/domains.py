"""A gateway's custom domain as AWS has it, with its certificate, its mapping and its DNS record."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from django.utils import timezone

from apigw_ws.aws import domains as aws_domains
from apigw_ws.aws.domain_spec import DomainSpec, DomainState
from apigw_ws.aws.lookups import Certificate
from apigw_ws.exceptions import ApigwWsError
from apigw_ws.models import ApiGateway, Sighting
from apigw_ws.services import endpoints, glances, lookups, sightings
from apigw_ws.services.glances import Glance

#: How long before its end a certificate is worth a warning. ACM renews its own 60 days before.
#: https://docs.aws.amazon.com/acm/latest/userguide/managed-renewal.html
EXPIRES_SOON: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomDomain:
    name: str
    #: The domain is in AWS.
    made: bool
    #: What DNS has to point at.
    target: str
    #: What the root of the domain leads to is this gateway's stage.
    leads_here: bool
    #: The hosted zone that is to have the alias record; empty where DNS is somebody else's.
    zone_id: str
    #: What the name points at in that zone.
    record: str
    #: The domain's certificate, before it is made the one that was chosen; None where AWS shows none.
    certificate: Certificate | None
    certificate_problem: ApigwWsError | None = None

    @property
    def complete(self) -> bool:
        """All that we make of it is there."""
        return self.made and self.leads_here and (not self.zone_id or self.record == self.target)

    @property
    def cname(self) -> str:
        """The record that leads to the domain, as a zone file has it."""
        return f"{self.name}. CNAME {self.target}."

    @property
    def expires_soon(self) -> bool:
        ends = self.certificate.expires_on if self.certificate else None
        return ends is not None and ends - timezone.now() < EXPIRES_SOON


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """A certificate that ends soon, or has ended."""

    gateway: ApiGateway
    ends_on: datetime
    #: When AWS said so; it ends whether or not somebody looks.
    seen_on: datetime


def observe(gateway: ApiGateway, *, budget: float | None = None) -> Glance[CustomDomain | None]:
    """What ``look`` finds within ``budget`` seconds; see ``glances``, which never raises what AWS does."""
    return glances.glance(gateway, look, keep=True, budget=budget)


def noted(seen: Glance[CustomDomain | None]) -> dict[str, Any]:
    """Return the fields of a ``Sighting`` that tell every process until when the certificate is good.

    None unless AWS showed it just now.
    """
    domain = seen.found
    if domain is None or seen.problem or domain.certificate_problem:
        return {}
    ends_on = domain.certificate and domain.certificate.expires_on
    return {"domain_name": domain.name, "domain_seen_on": seen.seen_on, "certificate_ends_on": ends_on}


def ending(gateways: Iterable[ApiGateway]) -> list[Ending]:
    """The certificates of these gateways' domains that end soon, as AWS was last seen; one query at most.

    By the upkeep, or by a page of this process.
    """
    named = [gateway for gateway in gateways if gateway.domain_name]
    sighted, heard = sightings.of(named), glances.last_seen(named, look)
    known = [
        _end(gateway, [sighted.get(gateway.pk), Sighting(**noted(seen))])
        for gateway, seen in zip(named, heard, strict=True)
    ]
    soon = timezone.now() + EXPIRES_SOON
    return sorted((each for each in known if each and each.ends_on < soon), key=lambda each: each.ends_on)


def _end(gateway: ApiGateway, told: Iterable[Sighting | None]) -> Ending | None:
    """By what was told last of the domain that the gateway has now."""
    of_domain = [each for each in told if each and each.domain_name == gateway.domain_name]
    dated = [(each.domain_seen_on, each.certificate_ends_on) for each in of_domain if each.domain_seen_on]
    seen_on, ends_on = max(dated, key=lambda each: each[0], default=(None, None))
    return Ending(gateway=gateway, ends_on=ends_on, seen_on=seen_on) if seen_on and ends_on else None


def look(gateway: ApiGateway) -> CustomDomain | None:
    """The gateway's custom domain; None where it wants none. Raises AwsError, ConfigurationError."""
    if not gateway.domain_name:
        return None
    zone_id = gateway.hosted_zone_id.removeprefix("/hostedzone/")
    state = _state(gateway, zone_id)
    certificate, problem = _certificate(gateway, state.certificate_arn or gateway.certificate_arn)
    root = state.root
    return CustomDomain(
        name=state.name,
        made=bool(state.target),
        target=state.target,
        leads_here=bool(root and root.api_id == gateway.api_id and root.stage == gateway.live_stage),
        zone_id=zone_id,
        record=state.records.get(zone_id, ""),
        certificate=certificate,
        certificate_problem=problem,
    )


def _state(gateway: ApiGateway, zone_id: str) -> DomainState:
    wanted = DomainSpec(name=gateway.domain_name, certificate_arn=gateway.certificate_arn, zone_id=zone_id)
    found = aws_domains.read(
        endpoints.control_client(gateway),
        partial(endpoints.dns_client, gateway),
        uid=str(gateway.uid),
        wanted=wanted,
    )
    return next(state for state in found if state.name == wanted.name)


def _certificate(gateway: ApiGateway, arn: str) -> tuple[Certificate | None, ApigwWsError | None]:
    """Who may not list certificates sees the rest all the same."""
    if not arn:
        return None, None
    try:
        return next((each for each in lookups.certificates(gateway) if each.arn == arn), None), None
    except ApigwWsError as problem:
        return None, problem
