"""Reads what an API needs from its account: the caller, certificates, hosted zones, the log role."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from apigw_ws.aws.errors import translated


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """The identity that AWS sees."""

    account: str
    arn: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    arn: str
    #: A ``*`` stands for exactly one label.
    names: tuple[str, ...]
    #: Such as "ISSUED" or "PENDING_VALIDATION".
    status: str
    expires_on: datetime | None = None

    @property
    def issued(self) -> bool:
        return self.status == "ISSUED"

    def covers(self, domain: str) -> bool:
        """Whether a browser would take the certificate for ``domain``."""
        parent = domain.partition(".")[2]
        return any(name.lower() in (domain, f"*.{parent}") for name in self.names)


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    id: str
    #: Without the dot at the end.
    name: str

    def contains(self, domain: str) -> bool:
        return domain == self.name or domain.endswith(f".{self.name}")


def caller(client: Any) -> Caller:
    """Return whose credentials ``client`` (STS) uses. It needs no permission. Raises AwsError."""
    with translated():
        answer = client.get_caller_identity()
        return Caller(account=answer["Account"], arn=answer["Arn"])


def certificates(client: Any) -> tuple[Certificate, ...]:
    """The certificates of the client's region (ACM) that API Gateway takes. Raises AwsError.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-specify-certificate-for-custom-domain-name.html
    """
    types = {"keyTypes": ["RSA_2048", "RSA_3072", "RSA_4096", "EC_prime256v1", "EC_secp384r1"]}
    with translated():
        pages = client.get_paginator("list_certificates").paginate(Includes=types)
        return tuple(_certificate(item) for page in pages for item in page["CertificateSummaryList"])


def zones(client: Any) -> tuple[Zone, ...]:
    """The account's public hosted zones (Route 53). Raises AwsError."""
    with translated():
        pages = client.get_paginator("list_hosted_zones").paginate()
        return tuple(
            Zone(id=item["Id"].rpartition("/")[2], name=item["Name"].rstrip(".").lower())
            for page in pages
            for item in page["HostedZones"]
            if not item.get("Config", {}).get("PrivateZone")
        )


def log_role(client: Any) -> str:
    """Return the role with which API Gateway writes logs in the client's account and region, else "".

    Only version 1 of the API has it, and it applies to WebSocket APIs, too. Raises AwsError.
    https://docs.aws.amazon.com/apigateway/latest/developerguide/websocket-api-logging.html
    """
    with translated():
        return str(client.get_account().get("cloudwatchRoleArn", ""))


@lru_cache(maxsize=1)
def regions() -> tuple[str, ...]:
    """Return the regions with API Gateway, by botocore's own table; no call is made."""
    from botocore.session import get_session

    return tuple(sorted(get_session().get_available_regions("apigatewayv2")))


def profiles() -> frozenset[str]:
    """The profiles of this server's AWS configuration, as this process would find them."""
    from botocore.session import get_session

    with translated():
        return frozenset(get_session().available_profiles)


def _certificate(item: Any) -> Certificate:
    return Certificate(
        arn=item["CertificateArn"],
        names=tuple(dict.fromkeys([item["DomainName"], *item.get("SubjectAlternativeNameSummaries", ())])),
        status=item.get("Status", ""),
        expires_on=item.get("NotAfter"),
    )
