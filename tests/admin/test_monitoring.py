"""The monitoring tab: charts, quotas, and what it says where there is nothing to show."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from apigw_ws.emulator.faults import Fault
from apigw_ws.models import ApiGateway, DeployedSnapshot, Run
from apigw_ws.services import metrics
from apigw_ws.services.marks import Mark
from apigw_ws_admin.screens.monitoring.drawing import stripes
from tests.admin.rows import gateway
from tests.emulator.serving import Served
from tests.traffic import counted

pytestmark = pytest.mark.django_db

PAGE = "/admin/apigw_ws/apigateway/{}/monitoring/"
PART = {"HX-Request": "true"}


@pytest.fixture
def chat(aws: Served) -> ApiGateway:
    return gateway(api_id=uuid4().hex[:10], deployment_id="d", api_endpoint="wss://chat.example.com")


def part(browser: Client, gateway: ApiGateway, span: str = "1h", **headers: str) -> str:
    response = browser.get(PAGE.format(gateway.pk), {"range": span}, headers=PART | headers)
    assert response.status_code == 200
    return " ".join(unescape(response.text).split())


def test_the_page_comes_before_cloudwatch_is_asked(operator: Client, aws: Served) -> None:
    nowhere = gateway(endpoint_url="http://127.0.0.1:1", region="us-east-1")

    text = operator.get(PAGE.format(nowhere.pk) + "?range=24h").text

    assert f'hx-get="{PAGE.format(nowhere.pk)}?range=24h" hx-trigger="load, ' in text
    assert '<a href="?range=24h" aria-current="page">24 hours</a>' in text
    assert "No answer from AWS" in part(operator, nowhere)


def test_six_charts_have_their_numbers_and_a_table(operator: Client, chat: ApiGateway, aws: Served) -> None:
    counted(aws, chat.api_id, metrics.CONNECTS, minutes_ago=30, times=2)
    counted(aws, chat.api_id, metrics.MESSAGES, minutes_ago=30, value=1200)
    counted(aws, chat.api_id, metrics.MESSAGES, minutes_ago=20, value=34)
    counted(aws, chat.api_id, metrics.LATENCY, minutes_ago=30, value=7.25)

    text = part(operator, chat)

    assert text.count("data-plot") == text.count("<table>") == 6
    assert 'aria-label="Messages: Total 1,234, Most in a minute 1,200"' in text
    assert "Integration latency: Last p50 7.2 ms, Last p95 7.2 ms, Highest p95 7.2 ms" in text
    assert text.count('<tr><th scope="row">') == 6 * 60
    assert "<td>1,200</td>" in text


@pytest.mark.parametrize(("span", "rows", "step"), [("24h", 96, "15 minutes"), ("7d", 84, "two hours")])
def test_longer_spans_have_longer_steps(
    operator: Client, chat: ApiGateway, aws: Served, span: str, rows: int, step: str
) -> None:
    counted(aws, chat.api_id, metrics.MESSAGES)

    text = part(operator, chat, span)

    assert text.count('<tr><th scope="row">') == 6 * rows
    assert f"Most in {step}" in text
    assert f"A bar stands for {step}" in text


def test_a_span_that_does_not_exist_is_the_hour(operator: Client, chat: ApiGateway, aws: Served) -> None:
    counted(aws, chat.api_id, metrics.MESSAGES)

    assert "Most in a minute" in part(operator, chat, "never")


def test_times_are_those_of_the_operators_clock(operator: Client, chat: ApiGateway, aws: Served) -> None:
    counted(aws, chat.api_id, metrics.MESSAGES)

    assert "Times are those of Asia/Tokyo." in part(operator, chat, **{"X-Time-Zone": "Asia/Tokyo"})
    for unknown in ("", "Nowhere/Else", "../../etc/passwd", "x" * 5000, "Asia"):
        text = part(operator, chat, **{"X-Time-Zone": unknown})
        assert f"Times are those of {timezone.get_default_timezone_name()}." in text


def test_deployments_and_failed_runs_are_lines_across_the_charts(
    operator: Client, chat: ApiGateway, aws: Served
) -> None:
    counted(aws, chat.api_id, metrics.MESSAGES)
    DeployedSnapshot.objects.create(
        gateway=chat, deployment_id="abc123", digest="", routes={}, secret_version=1
    )
    Run.objects.create(gateway=chat, state="failed", finished_on=timezone.now() - timedelta(minutes=30))

    text = part(operator, chat)

    assert text.count('class="monitoring-deployment"') == text.count('class="monitoring-failure"') == 7
    assert text.count("Deployment abc123, by a command or task</title>") == 6


def test_what_was_done_after_the_last_look_is_not_drawn_beside_the_charts(chat: ApiGateway) -> None:
    seen = metrics.traffic(chat, metrics.SPANS["1h"]).found
    assert seen is not None
    start = seen.moments[0]
    done = [
        Mark(happened_on=start + timedelta(minutes=minute), kind="deployment", sentence=f"At {minute}")
        for minute in (0, 15, 59.5, 60, 90)
    ]

    assert [stripe.x for stripe in stripes(seen, done)] == ["0", "15", "59.5"]


def test_without_traffic_it_says_how_to_connect(operator: Client, chat: ApiGateway) -> None:
    text = part(operator, chat)

    assert "wscat -c wss://chat.example.com/production" in text
    assert "data-plot" not in text
    chat.deployment_id = ""
    chat.save()
    assert "nothing is deployed yet" in part(operator, chat)


def test_a_gateway_that_is_not_in_aws_is_not_asked_for(operator: Client, aws: Served) -> None:
    text = part(operator, gateway(api_id=""))

    assert "not in AWS yet" in text
    assert "3 of 300" in text
    assert "Not known." in text


def fail(aws: Served, **how: Any) -> None:
    fault: dict[str, Any] = {
        "operation": "monitoring:*",
        "effect": "error",
        "status": 403,
        "times": None,
    } | how
    assert aws.emulator is not None
    aws.emulator.faults.add(Fault(**fault))


def test_a_refusal_names_the_action_and_leads_to_the_policy(
    operator: Client, chat: ApiGateway, aws: Served
) -> None:
    fail(aws)

    text = part(operator, chat)

    assert "AWS refused GetMetricData" in text
    assert "cloudwatch:GetMetricData" in text
    assert f"/admin/apigw_ws/apigateway/{chat.pk}/security/" in text
    assert "Look again" in text
    assert "data-plot" not in text


def test_aws_that_is_gone_leaves_the_charts_as_they_were(
    operator: Client, chat: ApiGateway, aws: Served
) -> None:
    counted(aws, chat.api_id, metrics.MESSAGES, times=3)
    part(operator, chat)
    forget_what_is_fresh(chat)
    fail(aws, effect="reset")

    text = part(operator, chat)

    assert "What follows was so" in text
    assert "Messages: Total 3" in text
    assert "wscat" not in text
    assert "cloudwatch:GetMetricData" not in text


def forget_what_is_fresh(gateway: ApiGateway) -> None:
    from django.core.cache import cache

    cache.delete(f"apigw_ws:traffic:{gateway.pk}:{gateway.api_id}:production:1h")


@pytest.mark.parametrize(("detailed", "says"), [(True, "are on"), (False, "charges"), (None, "charges")])
def test_it_says_what_detailed_metrics_would_add(
    operator: Client, chat: ApiGateway, aws: Served, detailed: bool | None, says: str
) -> None:
    counted(aws, chat.api_id, metrics.MESSAGES)
    chat.detailed_metrics = detailed
    chat.save()

    assert says in part(operator, chat)


def test_a_quota_that_is_nearly_used_up_says_so(operator: Client, chat: ApiGateway, settings: Any) -> None:
    assert "Nearly used up" not in part(operator, chat)
    settings.APIGW_WS = settings.APIGW_WS | {"ROUTES_QUOTA": 3}
    assert "Nearly used up" in part(operator, chat)


def test_the_charts_cost_few_queries(
    operator: Client, chat: ApiGateway, aws: Served, django_assert_max_num_queries: Any
) -> None:
    counted(aws, chat.api_id, metrics.MESSAGES)

    with django_assert_max_num_queries(9):
        part(operator, chat)


def test_who_may_look_at_gateways_sees_the_charts_and_others_nothing(
    client: Client, staff: Callable[..., Client], chat: ApiGateway
) -> None:
    page = PAGE.format(chat.pk)

    assert client.get(page).headers["Location"] == f"/admin/login/?next={page}"
    assert staff("view_apigateway").get(page, headers=PART).status_code == 200


def test_staff_without_the_permission_see_nothing(staff: Callable[..., Client], chat: ApiGateway) -> None:
    assert staff("view_run").get(PAGE.format(chat.pk)).status_code == 403


def test_a_gateway_that_is_gone_is_not_found(operator: Client) -> None:
    assert operator.get(PAGE.format(7)).status_code == 404
