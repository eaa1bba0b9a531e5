"""Looks up what a gateway can use in an AWS account. Each asks AWS once and briefly: somebody waits."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

from apigw_ws.aws import lookups
from apigw_ws.aws.client import Service, client
from apigw_ws.aws.lookups import Caller, Certificate, Zone, profiles, regions
from apigw_ws.models import ApiGateway
from apigw_ws.services.endpoints import config_for, dns_config

__all__ = [
    "Caller",
    "Certificate",
    "Identity",
    "Zone",
    "certificates",
    "identity",
    "log_role",
    "profiles",
    "regions",
    "zones",
]

#: Seconds that AWS may take for an answer.
TIMEOUT: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who makes a gateway, and where."""

    caller: Caller
    region: str
    #: Empty, if it is AWS itself.
    endpoint_url: str


def identity(gateway: ApiGateway) -> Identity:
    """Return the identity that would make the gateway. Raises AwsError, ConfigurationError."""
    sts = _client("sts", gateway)
    return Identity(
        caller=lookups.caller(sts),
        region=sts.meta.region_name,
        endpoint_url=config_for(gateway).endpoint_url,
    )


def certificates(gateway: ApiGateway) -> list[Certificate]:
    """Return the certificates of the gateway's region: those that cover its domain first, then issued ones.

    Raises AwsError, ConfigurationError.
    """
    found = lookups.certificates(_client("acm", gateway))
    domain = gateway.domain_name
    return sorted(found, key=lambda each: (not each.covers(domain), not each.issued, each.names))


def zones(gateway: ApiGateway) -> list[Zone]:
    """Return the hosted zones that contain the gateway's domain, the closest first.

    Raises AwsError, ConfigurationError.
    """
    found = lookups.zones(_client("route53", gateway))
    fitting = [zone for zone in found if zone.contains(gateway.domain_name)]
    return sorted(fitting, key=lambda zone: -len(zone.name))


def log_role(gateway: ApiGateway) -> str:
    """Return the role with which API Gateway writes logs in the gateway's account and region, else "".

    Raises AwsError, ConfigurationError.
    """
    return lookups.log_role(client("apigateway", config_for(gateway)))


def _client(service: Service, gateway: ApiGateway) -> Any:
    config = dns_config(config_for(gateway))
    return client(service, replace(config, timeout=min(config.timeout, TIMEOUT), attempts=1))
