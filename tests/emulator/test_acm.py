"""ACM and STS, through the real boto3."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.emulator.aws import refused
from tests.emulator.conftest import Clock


@pytest.fixture
def acm(client: Callable[..., Any]) -> Any:
    return client("acm")


def test_a_few_certificates_are_there_to_choose_from(acm: Any, clock: Clock) -> None:
    found = acm.list_certificates()["CertificateSummaryList"]

    by_name = {certificate["DomainName"]: certificate for certificate in found}
    assert by_name.keys() == {
        "example.com",
        "*.example.com",
        "chat.example.com",
        "pending.example.com",
    }
    assert by_name["pending.example.com"]["Status"] == "PENDING_VALIDATION"
    left = by_name["chat.example.com"]["NotAfter"].timestamp() - clock()
    assert 0 < left < 30 * 86_400


def test_a_certificate_is_described_with_its_names_and_its_validation(acm: Any) -> None:
    arns = {c["DomainName"]: c["CertificateArn"] for c in acm.list_certificates()["CertificateSummaryList"]}

    issued = acm.describe_certificate(CertificateArn=arns["example.com"])["Certificate"]
    pending = acm.describe_certificate(CertificateArn=arns["pending.example.com"])["Certificate"]

    assert issued["SubjectAlternativeNames"] == ["example.com", "www.example.com", "ws.example.com"]
    assert issued["NotAfter"] > issued["NotBefore"]
    assert "NotAfter" not in pending
    assert pending["DomainValidationOptions"][0]["ResourceRecord"]["Type"] == "CNAME"
    assert acm.list_tags_for_certificate(CertificateArn=arns["example.com"])["Tags"] == []


def test_lists_can_be_narrowed_and_come_in_pages(acm: Any) -> None:
    def names(**asked: Any) -> list[str]:
        pages = acm.get_paginator("list_certificates").paginate(PaginationConfig={"PageSize": 2}, **asked)
        return [c["DomainName"] for page in pages for c in page["CertificateSummaryList"]]

    assert len(names()) == 4
    assert names(CertificateStatuses=["PENDING_VALIDATION"]) == ["pending.example.com"]
    assert names(Includes={"keyTypes": ["EC_prime256v1"]}) == []


def test_an_unknown_certificate_and_a_wrong_page_are_refused(acm: Any) -> None:
    unknown = "arn:aws:acm:eu-west-2:123456789012:certificate/x"
    says = f"Could not find certificate {unknown} in account 123456789012."

    with refused(400, "ResourceNotFoundException", says):
        acm.describe_certificate(CertificateArn=unknown)
    with refused(400, "ValidationException"):
        acm.list_certificates(NextToken="x")
    with refused(400, "ValidationException", "regular expression pattern"):
        acm.describe_certificate(CertificateArn="not an arn at all, is it")
    with refused(501, "NotImplementedException", "acm:RequestCertificate"):
        acm.request_certificate(DomainName="x.example.com")


def test_sts_says_who_asks(client: Callable[..., Any]) -> None:
    who = client("sts").get_caller_identity()

    assert who["Account"] == "123456789012"
    assert who["Arn"] == "arn:aws:iam::123456789012:user/emulator"
