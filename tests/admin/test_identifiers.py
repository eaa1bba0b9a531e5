"""IDs on pages: in letters of one width, and copied by a button."""

from __future__ import annotations

import pytest
from django.test import Client

from apigw_ws.models import Refusal, Run
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
