"""ACM: a few certificates that were never issued by anyone, for the console to choose from."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from apigw_ws.emulator.values import AwsError

Values = dict[str, Any]
DAY = 86_400.0
#: Main name, further names, status, days since it was issued, days until it expires.
_MADE_UP = (
    ("example.com", ("www.example.com", "ws.example.com"), "ISSUED", 30, 365),
    ("*.example.com", (), "ISSUED", 60, 335),
    ("chat.example.com", (), "ISSUED", 383, 12),
    ("pending.example.com", (), "PENDING_VALIDATION", 0, 0),
)
_SUMMARY = (
    "CertificateArn",
    "DomainName",
    "Status",
    "Type",
    "KeyAlgorithm",
    "RenewalEligibility",
    "NotBefore",
    "NotAfter",
    "CreatedAt",
    "IssuedAt",
)


class Acm:
    """Their dates are counted from the start of the emulator, so one always expires soon."""

    def __init__(self, *, region: str, account_id: str, now: Callable[[], float]) -> None:
        self.account_id = account_id
        self._prefix = f"arn:aws:acm:{region}:{account_id}:certificate/"
        started = now()
        made = (self._certificate(started, *row) for row in _MADE_UP)
        self._by_arn: dict[str, Values] = {certificate["CertificateArn"]: certificate for certificate in made}

    def operations(self) -> dict[str, Any]:
        return {
            "DescribeCertificate": self.describe_certificate,
            "ListCertificates": self.list_certificates,
            "ListTagsForCertificate": self.list_tags_for_certificate,
        }

    def find(self, arn: str) -> Values | None:
        return self._by_arn.get(arn)

    def describe_certificate(self, asked: Values) -> Values:
        return {"Certificate": self._existing(asked["CertificateArn"])}

    def list_tags_for_certificate(self, asked: Values) -> Values:
        self._existing(asked["CertificateArn"])
        return {"Tags": []}

    def list_certificates(self, asked: Values) -> Values:
        """Only RSA keys of up to 2048 bits unless asked otherwise, which all of ours are."""
        statuses = asked.get("CertificateStatuses") or [row[2] for row in _MADE_UP]
        key_types = asked.get("Includes", {}).get("keyTypes") or ["RSA_2048"]
        found = [
            self._summary(certificate)
            for certificate in self._by_arn.values()
            if certificate["Status"] in statuses and "RSA_2048" in key_types
        ]
        start = _offset(asked.get("NextToken", "0"))
        end = start + asked.get("MaxItems", len(found))
        page: Values = {"CertificateSummaryList": found[start:end]}
        return page | ({"NextToken": str(end)} if end < len(found) else {})

    def _existing(self, arn: str) -> Values:
        certificate = self.find(arn)
        if certificate is None:
            message = f"Could not find certificate {arn} in account {self.account_id}."
            raise AwsError("ResourceNotFoundException", 400, message)
        return certificate

    def _summary(self, certificate: Values) -> Values:
        return {
            **{name: certificate[name] for name in _SUMMARY if name in certificate},
            "SubjectAlternativeNameSummaries": certificate["SubjectAlternativeNames"],
            "HasAdditionalSubjectAlternativeNames": False,
            "InUse": bool(certificate["InUseBy"]),
            "Exported": False,
            "KeyUsages": ["DIGITAL_SIGNATURE", "KEY_ENCIPHERMENT"],
            "ExtendedKeyUsages": ["TLS_WEB_SERVER_AUTHENTICATION"],
        }

    def _certificate(
        self, started: float, name: str, others: tuple[str, ...], status: str, age: int, left: int
    ) -> Values:
        issued, arn = status == "ISSUED", self._prefix + str(uuid.uuid5(uuid.NAMESPACE_DNS, name))
        dates = {"IssuedAt": -age, "NotBefore": -age, "NotAfter": left} if issued else {}
        validation = {"DomainName": name, "ValidationDomain": name, "ValidationMethod": "DNS"}
        record = {
            "Name": f"_{uuid.uuid5(uuid.NAMESPACE_DNS, name).hex}.{name.removeprefix('*.')}.",
            "Type": "CNAME",
            "Value": f"_{uuid.uuid5(uuid.NAMESPACE_URL, name).hex}.acm-validations.aws.",
        }
        return {
            "CertificateArn": arn,
            "DomainName": name,
            "SubjectAlternativeNames": [name, *others],
            "DomainValidationOptions": [
                {
                    **validation,
                    "ValidationStatus": "SUCCESS" if issued else "PENDING_VALIDATION",
                    "ResourceRecord": record,
                }
            ],
            "Subject": f"CN={name}",
            "Issuer": "Amazon",
            "CreatedAt": started - age * DAY,
            **{key: started + days * DAY for key, days in dates.items()},
            "Status": status,
            "KeyAlgorithm": "RSA-2048",
            "SignatureAlgorithm": "SHA256WITHRSA",
            "InUseBy": [],
            "Type": "AMAZON_ISSUED",
            "RenewalEligibility": "INELIGIBLE",
        }


def _offset(token: str) -> int:
    if not token.isdecimal():
        raise AwsError("ValidationException", 400, "The NextToken is not valid.")
    return int(token)
