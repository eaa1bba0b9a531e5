"""Custom domains and the API mappings under them."""

from __future__ import annotations

import re

from apigw_ws.emulator.control.tables import Path, Record
from apigw_ws.emulator.control.world import World, bad_request, conflict, new_id, not_found
from apigw_ws.emulator.hosted_zones import gateway_zone

_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"(\*\.)?({_LABEL}\.)+{_LABEL}")
_MAPPING_KEY = re.compile(r"[A-Za-z0-9$\-_.+!*'()]{1,300}")


def rule(world: World, path: Path, domain: Record, before: Record | None) -> None:
    name = domain["DomainName"]
    if not _DOMAIN.fullmatch(name):
        raise bad_request(f"The domain name {name} is not valid")
    if before is None and world.tables.get("DomainName", name) is not None:
        raise conflict("The domain name you provided already exists.")
    if domain["RoutingMode"] != "API_MAPPING_ONLY":
        raise bad_request("Routing rules are supported only for domain names of REST APIs")
    configurations = domain.get("DomainNameConfigurations", [])
    if len(configurations) != 1:
        raise bad_request("Exactly one domain name configuration is required")
    known = (before or {}).get("DomainNameConfigurations", [{}])[0]
    domain["DomainNameConfigurations"] = [_configured(world, name, known | configurations[0], known)]
    domain["DomainNameArn"] = f"arn:aws:apigateway:{world.region}::/domainnames/{name}"


def _configured(world: World, name: str, wanted: Record, known: Record) -> Record:
    """The configuration with what only AWS decides: where the domain points, and its status."""
    if wanted.get("EndpointType", "REGIONAL") != "REGIONAL":
        raise bad_request("EndpointType must be REGIONAL")
    if wanted.get("SecurityPolicy", "TLS_1_2") != "TLS_1_2":
        raise bad_request("SecurityPolicy must be TLS_1_2")
    _check_certificate(world, name, wanted.get("CertificateArn", ""))
    own_name = f"d-{new_id(10)}.execute-api.{world.region}.amazonaws.com"
    return {
        "EndpointType": "REGIONAL",
        "SecurityPolicy": "TLS_1_2",
        "IpAddressType": "ipv4",
        **wanted,
        "ApiGatewayDomainName": known.get("ApiGatewayDomainName", own_name),
        "HostedZoneId": gateway_zone(world.region),
        "DomainNameStatus": "AVAILABLE",
    }


def _check_certificate(world: World, name: str, arn: str) -> None:
    parts = arn.split(":")
    if len(parts) < 6 or parts[2] != "acm":
        raise bad_request(f"Invalid certificate ARN: {arn}.")
    if parts[3] != world.region:
        raise bad_request(f"Invalid certificate ARN: {arn}. Certificate must be in '{world.region}'.")
    certificate = world.certificate(arn)
    if certificate is None:
        raise bad_request(f"Unable to find the certificate {arn} in ACM.")
    if certificate["Status"] != "ISSUED":
        raise bad_request(f"The certificate {arn} is not issued: its status is {certificate['Status']}.")
    if not any(covers(pattern, name) for pattern in certificate["SubjectAlternativeNames"]):
        raise bad_request("The domain name to be created is not covered by the provided certificate.")


def covers(pattern: str, name: str) -> bool:
    """Whether a certificate's name covers a domain name; a wildcard stands for exactly one label."""
    return pattern == name or (pattern.startswith("*.") and name.partition(".")[2] == pattern[2:])


def removal(world: World, path: Path, domain: Record) -> None:
    if world.tables.under("ApiMapping", *path):
        raise conflict(f"Cannot delete the domain name {path[0]}: remove its API mappings first.")


def mapping_rule(world: World, path: Path, mapping: Record, before: Record | None) -> None:
    key, api_id = mapping.get("ApiMappingKey", ""), mapping.get("ApiId", "")
    if world.tables.get("Api", api_id) is None:
        raise not_found(f"Invalid API identifier specified {api_id}")
    if world.tables.get("Stage", api_id, mapping["Stage"]) is None:
        raise not_found("Invalid stage identifier specified")
    if key and not _MAPPING_KEY.fullmatch(key):
        raise bad_request("API mapping key may contain only letters, numbers and one of $-_.+!*'()")
    others = world.tables.items("ApiMapping", path[0])
    if any(where != path and other.get("ApiMappingKey", "") == key for where, other in others):
        raise conflict("ApiMapping key already exists for this domain name")
