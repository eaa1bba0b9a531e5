"""IDs on pages: in letters of one width, and copied by a button."""

from __future__ import annotations

import pytest
from django.test import Client

from apigw_ws.exceptions import AwsError
from apigw_ws.models import AwsAccount, Refusal, Run, Step
from apigw_ws_admin.help import links
from apigw_ws_admin.identifiers import identifier
from tests.admin import rows

pytestmark = pytest.mark.django_db

ADMIN = "/admin/apigw_ws"


def copied(text: str) -> str:
    return f'<code>{text}</code><button type="button" aria-label="Copy {text}"'


def test_a_gateway_s_ids_can_be_copied(operator: Client) -> None:
    gateway = rows.gateway(api_id="ab12cd34ef", deployment_id="d3p10y")

    page = operator.get(f"{ADMIN}/apigateway/{gateway.pk}/change/").text

    assert copied("ab12cd34ef") in page
    assert copied("d3p10y") in page


def test_the_ids_of_records_can_be_copied(operator: Client) -> None:
    run = Run.objects.create(gateway=rows.gateway(), kind="apply", deployment_id="d3p10y")
    refusal = Refusal.objects.create(
        guard="origin", phase="connect", status=403, connection_id="L0SM9cOFvHc="
    )

    assert copied("d3p10y") in operator.get(f"{ADMIN}/run/{run.pk}/change/").text
    assert copied("L0SM9cOFvHc=") in operator.get(f"{ADMIN}/refusal/{refusal.pk}/change/").text


def test_where_there_is_no_id_there_is_nothing_to_copy(operator: Client) -> None:
    run = Run.objects.create(gateway=rows.gateway(), kind="apply")

    assert "data-copy" not in operator.get(f"{ADMIN}/run/{run.pk}/change/").text


def test_those_of_requests_are_copied_from_a_sentence_and_from_a_step(operator: Client) -> None:
    first, second = "a849e1b4-a189-4b76-a7a7-d562e0c9e41e", "3cbb3862-1677-430a-aca8-570278507152"
    run = Run.objects.create(gateway=rows.gateway(), kind="apply")
    Step.objects.create(
        run=run, position=1, description="Deploy.", request_ids=f"{first} {second}", started_on=run.started_on
    )

    page = operator.get(f"{ADMIN}/run/{run.pk}/change/").text

    assert copied(first) in page and copied(second) in page
    said = links.explained(AwsError(f"AWS refused <it> (AccessDenied, request ID {first})"))
    assert f'&lt;it&gt; (AccessDenied, request ID <span class="apigw-id">{copied(first)}' in said


def test_a_long_one_is_shortened_in_its_middle_and_whole_on_hover() -> None:
    arn = "arn:aws:acm:us-east-1:123456789012:certificate/a849e1b4-a189-4b76-a7a7-d562e0c9e41e"

    assert f'<code title="{arn}">arn:aws:acm:u…' in identifier(arn)
    assert f"…{arn[-30:]}</code>" in identifier(arn)
    assert identifier("") == ""


def test_in_a_list_those_that_are_no_link_are_copied(operator: Client) -> None:
    AwsAccount.objects.create(label="Production", account_id="123456789012")

    assert copied("123456789012") in operator.get(f"{ADMIN}/awsaccount/").text
