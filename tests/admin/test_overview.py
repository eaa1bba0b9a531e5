"""A gateway's overview, and what stands around all of its pages: breadcrumbs, heading, tabs."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from unfold.admin import ModelAdmin

from apigw_ws.emulator.faults import Fault
from apigw_ws.models import ApiGateway, AwsAccount, Refusal, Run, WebSocketSession
from apigw_ws.services import provisioning
from apigw_ws_admin import tabs
from apigw_ws_admin.admin import GatewayAdmin
from tests.admin.rows import gateway
from tests.emulator.serving import Served

pytestmark = pytest.mark.django_db

PAGE = "/admin/apigw_ws/apigateway/{}/{}/"
PART = {"HX-Request": "true"}


@pytest.fixture
def chat(aws: Served) -> ApiGateway:
    """A gateway that is not in AWS yet."""
    return gateway(api_created=False, api_id="", api_endpoint="")


def words(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def refuse(made: ApiGateway, *reasons: str) -> None:
    for reason in reasons:
        Refusal.objects.create(api_gateway=made, guard="origin", phase="connect", status=403, reason=reason)


def test_the_page_comes_before_aws_is_asked(operator: Client, aws: Served) -> None:
    nowhere = gateway(endpoint_url="http://127.0.0.1:1", region="us-east-1", domain_name="ws.example.com")
    page = PAGE.format(nowhere.pk, "overview")

    text = operator.get(page).text

    assert f'hx-get="{PAGE.format(nowhere.pk, "deployment")}" hx-trigger="load"' in text
    card = PAGE.format(nowhere.pk, "overview/domain")
    assert f'hx-get="{card}" hx-trigger="load"' in text
    assert "No answer from AWS" in operator.get(card, headers=PART).text


@pytest.mark.parametrize("tab", tabs.TABS)
def test_each_tab_says_which_gateway_and_which_page_it_is(
    operator: Client, chat: ApiGateway, tab: tabs.Tab
) -> None:
    page = PAGE.format(chat.pk, tab.page)

    text = operator.get(page).text

    assert set(re.findall(r'<a href="([^"]+)" class="active" aria-current="page">', text)) == {page}
    assert f"<title> {tab.title} | gateway-0 |" in " ".join(text.split())
    trail = words(text.split("<h1")[1].split("</h1>")[0])
    assert trail.endswith(f"Gateways chevron_right gateway-0 chevron_right {tab.title}")


def test_the_heading_tells_the_gateways_apart(operator: Client, aws: Served) -> None:
    account = AwsAccount.objects.create(label="EU", environment="production", default_region="eu-west-1")
    made = gateway(account=account)
    heading = operator.get(PAGE.format(made.pk, "overview")).text.split('id="heading"')[1].split("<nav")[0]

    assert words(heading.partition(">")[2]) == "gateway-0 Never applied Production eu-west-1"


def test_the_url_for_clients_is_there_to_copy(operator: Client, chat: ApiGateway) -> None:
    text = operator.get(PAGE.format(chat.pk, "overview")).text
    assert "data-copy" not in text
    assert "apply it to AWS first" in text

    provisioning.apply(chat)
    text = operator.get(PAGE.format(chat.pk, "overview")).text
    assert text.count("data-copy") == 4
    assert f"wscat -c {chat.client_url}</pre>" in text
    assert f'new WebSocket("{chat.client_url}")' in words(text)
    assert chat.client_url in operator.get(PAGE.format(chat.pk, "change")).text


def test_numbers_lead_to_what_they_count(operator: Client, chat: ApiGateway) -> None:
    refuse(chat, "Wrong origin.", "Too many.", "Wrong origin.")
    Refusal.objects.filter(reason="Too many.").update(created_on=timezone.now() - timedelta(hours=2))
    Run.objects.create(gateway=chat, state="failed", error_text="No.", finished_on=timezone.now())
    for number in range(4):
        WebSocketSession.objects.create(connection_id=f"c{number}", api_gateway=chat, connected=number < 3)
    WebSocketSession.objects.filter(connection_id="c0").update(created_on=timezone.now() - timedelta(days=1))

    text = operator.get(PAGE.format(chat.pk, "overview")).text

    for told in ("3 connects in the last hour", "Mostly: Wrong origin.", "1 failed run", "not looked at yet"):
        assert told in words(text)
    for model, numbers in {"websocketsession": [2, 3], "refusal": [2], "run": [1]}.items():
        links = re.findall(rf'href="(/admin/apigw_ws/{model}/\?[^"]+)"', text)
        rows = [operator.get(unescape(link)).text for link in links]
        found = [len(re.findall(rf'/admin/apigw_ws/{model}/\d+/change/"', row)) for row in rows]
        assert [len(set(re.findall(rf"/{model}/(\d+)/change/", row))) for row in rows] == numbers, found


def test_what_was_seen_of_aws_last_is_told(operator: Client, chat: ApiGateway) -> None:
    panel = PAGE.format(chat.pk, "deployment")
    operator.get(panel)
    assert "Needs apply" not in operator.get(PAGE.format(chat.pk, "overview")).text  # nothing serves yet
    assert re.search(r"\d+ operations seen", words(operator.get(PAGE.format(chat.pk, "overview")).text))

    provisioning.apply(chat)
    operator.get(panel)
    text = words(operator.get(PAGE.format(chat.pk, "overview")).text)
    assert "Drift None seen just now" in text
    assert "just now by a command or task" in text
    assert "Healthy" in text


def test_the_domain_is_told_with_the_end_of_its_certificate(operator: Client, aws: Served) -> None:
    (arn,) = (
        each["CertificateArn"]
        for each in aws.client("acm").list_certificates()["CertificateSummaryList"]
        if each["DomainName"] == "*.example.com"
    )
    made = gateway(api_id="", domain_name="seen.example.com", certificate_arn=arn)

    text = words(operator.get(PAGE.format(made.pk, "overview/domain"), headers=PART).text)

    assert "seen.example.com Not made yet Certificate valid until" in text


def test_aws_that_is_gone_is_a_sentence(operator: Client, aws: Served) -> None:
    made = gateway(api_id="", domain_name="seen.example.com")
    assert aws.emulator is not None
    aws.emulator.faults.add(Fault(operation="apigateway:*", effect="error", status=503, times=None))

    response = operator.get(PAGE.format(made.pk, "overview/domain"), headers=PART)

    assert response.status_code == 200
    assert "InternalFailure" in response.text


def test_who_may_look_sees_numbers_and_nothing_to_press(
    staff: Callable[..., Client], chat: ApiGateway
) -> None:
    refuse(chat, "Wrong origin.")
    text = staff("view_apigateway").get(PAGE.format(chat.pk, "overview")).text

    assert "Wrong origin." in text
    assert "/apply/" not in text and "/teardown/" not in text
    assert not re.search(r"/admin/apigw_ws/(refusal|websocketsession|run)/", text)


def test_strangers_and_staff_without_permission_see_nothing(
    client: Client, staff: Callable[..., Client], chat: ApiGateway
) -> None:
    page = PAGE.format(chat.pk, "overview")

    assert client.get(page).headers["Location"] == f"/admin/login/?next={page}"
    assert staff("view_run").get(page).status_code == 403


def test_a_gateway_that_is_gone_is_not_found(operator: Client) -> None:
    assert operator.get(PAGE.format(7, "overview")).status_code == 404


def test_actions_are_at_hand_on_every_page(operator: Client, chat: ApiGateway) -> None:
    for page in ("overview", "deployments", "change"):
        text = operator.get(PAGE.format(chat.pk, page)).text
        assert f'hx-get="{PAGE.format(chat.pk, "apply")}"' in text
        assert f'href="{PAGE.format(chat.pk, "teardown")}"' in text


def test_the_overview_costs_the_same_with_many_sessions(
    operator: Client, chat: ApiGateway, django_assert_max_num_queries: Any
) -> None:
    page = PAGE.format(chat.pk, "overview")
    operator.get(page)
    WebSocketSession.objects.bulk_create(
        [WebSocketSession(connection_id=f"c{number}", api_gateway=chat) for number in range(200)]
    )

    with django_assert_max_num_queries(12):
        assert "200 connects in the last hour" in words(operator.get(page).text)


def test_no_screen_of_a_gateway_takes_another_one_s_method_away() -> None:
    """They meet in one class, and know nothing of each other."""
    screens = [base for base in GatewayAdmin.__mro__[1:] if base.__module__.startswith("apigw_ws_admin.")]
    names = Counter(name for screen in screens for name in vars(screen) if not name.startswith("__"))

    assert {name for name, number in names.items() if number > 1} <= {*dir(ModelAdmin), "Media"}
