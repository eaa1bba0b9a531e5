"""A gateway's custom domain in the console: what is made of it, and what is left to do."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from itertools import count

import pytest
from django.test import Client
from django.utils import timezone

from apigw_ws.aws.lookups import Certificate
from apigw_ws.emulator.faults import Fault
from apigw_ws.models import ApiGateway
from apigw_ws.services import domains, lookups, provisioning
from tests.admin.rows import gateway
from tests.emulator.serving import Served

pytestmark = pytest.mark.django_db

PAGE = "/admin/apigw_ws/apigateway/{}/domain/"
PART = {"HX-Request": "true"}
_numbers = count(1)


@pytest.fixture
def certificate(aws: Served) -> str:
    found = aws.client("acm").list_certificates()["CertificateSummaryList"]
    return str(next(item["CertificateArn"] for item in found if item["DomainName"] == "*.example.com"))


@pytest.fixture
def chat(aws: Served, certificate: str) -> ApiGateway:
    """A gateway with a domain that no other test has, not in AWS yet."""
    name = f"console{next(_numbers)}.example.com"
    return gateway(
        api_created=False, api_id="", api_endpoint="", domain_name=name, certificate_arn=certificate
    )


def zone(aws: Served) -> str:
    return str(aws.client("route53").list_hosted_zones()["HostedZones"][0]["Id"])


def words(client: Client, made: ApiGateway) -> str:
    text = client.get(PAGE.format(made.pk), headers=PART).text
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", text)).split())


def test_the_page_comes_before_aws_is_asked(operator: Client, aws: Served) -> None:
    nowhere = gateway(endpoint_url="http://127.0.0.1:1", region="us-east-1", domain_name="ws.example.com")
    page = PAGE.format(nowhere.pk)

    assert f'hx-get="{page}" hx-trigger="load"' in operator.get(page).text
    assert "No answer from AWS" in words(operator, nowhere)


def test_without_a_domain_it_says_how_to_get_one(operator: Client, db: None) -> None:
    text = words(operator, gateway(endpoint_url="http://127.0.0.1:1"))  # and AWS is not asked

    assert "Clients use the API's own address." in text
    assert "Open the settings" in text


def test_a_domain_that_is_not_made_is_created_by_applying(operator: Client, chat: ApiGateway) -> None:
    text = words(operator, chat)

    assert f"{chat.domain_name} Not made yet" in text
    assert re.search(r"\*\.example\.com.* Issued Certificate valid until", text)
    assert "AWS says what to point at once the domain is made." in text
    assert "Create what is missing: Review and apply" in text


def test_without_a_zone_the_record_is_there_to_copy(operator: Client, chat: ApiGateway) -> None:
    provisioning.apply(chat)

    text = words(operator, chat)

    assert f"{chat.domain_name} In use" in text
    assert f"The stage production of the API {chat.api_id} , which is this gateway." in text
    assert f"{chat.domain_name}. CNAME {chat.api_gateway_domain_name}. Copy" in text
    assert "Review and apply" not in text


def test_with_a_zone_the_alias_is_made(operator: Client, chat: ApiGateway, aws: Served) -> None:
    chat.hosted_zone_id = zone(aws)
    chat.save()
    provisioning.apply(chat)

    assert f"points at {chat.api_gateway_domain_name}." in words(operator, chat)
    found = domains.look(chat)
    assert found is not None and found.complete


def test_a_zone_without_the_record_is_incomplete(operator: Client, chat: ApiGateway, aws: Served) -> None:
    provisioning.apply(chat)
    chat.hosted_zone_id = zone(aws)
    chat.save()

    text = words(operator, chat)

    assert f"{chat.domain_name} Incomplete" in text
    assert "has no record of the name yet" in text
    assert "Review and apply" in text


def test_a_record_of_somebody_else_is_named(operator: Client, chat: ApiGateway, aws: Served) -> None:
    provisioning.apply(chat)
    chat.hosted_zone_id = zone(aws)
    chat.save()
    record = {
        "Name": chat.domain_name,
        "Type": "CNAME",
        "TTL": 60,
        "ResourceRecords": [{"Value": "old.example.com"}],
    }
    aws.client("route53").change_resource_record_sets(
        HostedZoneId=zone(aws), ChangeBatch={"Changes": [{"Action": "CREATE", "ResourceRecordSet": record}]}
    )

    assert "the name points elsewhere: CNAME old.example.com." in words(operator, chat)


def test_a_domain_that_leads_elsewhere_is_incomplete(operator: Client, chat: ApiGateway) -> None:
    provisioning.apply(chat)
    other = gateway(1, domain_name=chat.domain_name, certificate_arn=chat.certificate_arn)

    assert "Not to this gateway's stage." in words(operator, other)


def test_a_certificate_that_ends_soon_is_a_warning(
    operator: Client, chat: ApiGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    soon = Certificate(
        arn=chat.certificate_arn,
        names=("*.example.com",),
        status="PENDING_VALIDATION",
        expires_on=timezone.now() + timedelta(days=29),
    )
    monkeypatch.setattr(lookups, "certificates", lambda asked: [soon])

    text = words(operator, chat)

    assert "PENDING_VALIDATION" in text
    assert "an imported one has to be imported anew" in text


def test_a_certificate_of_another_region_is_said(operator: Client, chat: ApiGateway) -> None:
    chat.certificate_arn = f"arn:aws:acm:us-east-1:{'1' * 12}:certificate/none"
    chat.save()
    assert "is not in this region" in words(operator, chat)

    chat.certificate_arn = ""
    chat.save()
    assert "None is chosen" in words(operator, chat)


def test_who_may_not_list_certificates_sees_the_rest(operator: Client, chat: ApiGateway, aws: Served) -> None:
    assert aws.emulator is not None
    aws.emulator.faults.add(Fault(operation="acm:*", effect="error", status=403, times=None))

    text = words(operator, chat)

    assert f"{chat.domain_name} Not made yet" in text
    assert "ListCertificates" in text


def test_aws_that_is_gone_leaves_what_was_seen_last(operator: Client, chat: ApiGateway, aws: Served) -> None:
    words(operator, chat)
    assert aws.emulator is not None
    aws.emulator.faults.add(Fault(operation="apigateway:*", effect="error", status=503, times=None))

    text = words(operator, chat)

    assert "What follows was so" in text
    assert f"{chat.domain_name} Not made yet" in text
    assert "Review and apply" not in text


def test_who_may_look_sees_nothing_to_press(staff: Callable[..., Client], chat: ApiGateway) -> None:
    assert "Review and apply" not in words(staff("view_apigateway"), chat)


def test_strangers_and_staff_without_permission_see_nothing(
    client: Client, staff: Callable[..., Client], db: None
) -> None:
    page = PAGE.format(gateway().pk)

    assert client.get(page).headers["Location"] == f"/admin/login/?next={page}"
    assert staff("view_run").get(page).status_code == 403


@pytest.mark.parametrize("renamed", ["", "new.example.com"])
def test_a_domain_that_left_the_record_leads_here_until_the_next_apply(
    operator: Client, chat: ApiGateway, renamed: str
) -> None:
    provisioning.apply(chat)
    old, chat.domain_name = chat.domain_name, renamed
    chat.save()

    text = words(operator, chat)

    assert f"{old} leads to the gateway until the next “Apply to AWS”" in text
    assert "Review and apply" in text
