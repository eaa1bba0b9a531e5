"""The list of gateways: what it tells, what it costs, and that AWS has no part in it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apigw_ws.emulator.faults import Fault
from apigw_ws.models import ApiGateway, AwsAccount, DeployedSnapshot, Refusal, Run, WebSocketSession
from apigw_ws.services import metrics, observation, provisioning, sightings
from apigw_ws.services.observation import Observation, Pending, Sight
from apigw_ws_admin.screens import gateways
from tests.admin.rows import fill, gateway
from tests.emulator.serving import Served

pytestmark = pytest.mark.django_db

LIST, REFUSALS = "/admin/apigw_ws/apigateway/", "/admin/apigw_ws/refusal/"
SEEN, ERRORS = f"{LIST}seen/", f"{LIST}errors/"


@pytest.fixture
def chat(aws: Served) -> ApiGateway:
    """A gateway that is not in AWS yet."""
    return gateway(api_created=False, api_id="", api_endpoint="")


def words(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def cell(text: str, name: str, made: ApiGateway) -> str:
    """The words of a row's cell."""
    return words(text.split(f'id="{name}-{made.pk}"')[1].split("</div>")[0].partition(">")[2])


def names(text: str) -> list[str]:
    return re.findall(r"gateway-\d+(?=</a>)", text)


def test_the_list_asks_nobody_in_aws(operator: Client, db: None) -> None:
    nowhere = gateway(endpoint_url="http://127.0.0.1:1", region="us-east-1", deployment_id="abc")

    text = operator.get(LIST).text

    assert cell(text, "health", nowhere) == "Unknown AWS was not looked at since it was changed."
    assert cell(text, "drift", nowhere).endswith("not looked at yet")
    assert f'hx-get="{SEEN}?pk={nowhere.pk}&amp;"' in text
    assert f'hx-get="{ERRORS}?pk={nowhere.pk}&amp;"' in text


def test_a_row_leads_to_the_overview(operator: Client, db: None) -> None:
    made = gateway()

    assert re.search(rf'<a href="{LIST}{made.pk}/overview/"[^>]*>gateway-0</a>', operator.get(LIST).text)


def test_a_row_tells_where_the_gateway_is_and_what_happens_there(operator: Client, db: None) -> None:
    account = AwsAccount.objects.create(label="EU", environment="production", default_region="eu-west-1")
    made = gateway(account=account)
    run = Run.objects.create(gateway=made, started_by=User.objects.get(), state="done")
    DeployedSnapshot.objects.create(gateway=made, deployment_id="abc", routes={}, run=run, secret_version=1)
    for number in range(3):
        WebSocketSession.objects.create(connection_id=f"c{number}", api_gateway=made, connected=number > 0)

    text = operator.get(LIST).text

    for told in ("Production", "eu-west-1", "just now", "by operator"):
        assert told in words(text)
    assert f"websocketsession/?state=live&amp;api_gateway__id__exact={made.pk}" in text
    assert f'id__exact={made.pk}">2</a>' in text


def test_a_deployment_that_was_made_elsewhere_says_so(operator: Client, chat: ApiGateway) -> None:
    provisioning.apply(chat)
    assert "by a command or task" in words(operator.get(LIST).text)

    DeployedSnapshot.objects.all().delete()
    operator.get(SEEN, {"pk": chat.pk})
    assert "made elsewhere" in words(operator.get(LIST).text)


def test_a_deployment_that_was_rolled_back_from_says_so(operator: Client, chat: ApiGateway) -> None:
    provisioning.apply(chat)
    assert "another is live" not in operator.get(LIST).text

    ApiGateway.objects.update(deployment_id="earlier")

    assert "another is live" in operator.get(LIST).text
    ApiGateway.objects.update(deployment_id="")  # torn down
    assert "another is live" not in operator.get(LIST).text


def test_errors_of_the_last_hour_are_counted_with_links_to_them(operator: Client, db: None) -> None:
    made = gateway()
    Run.objects.create(gateway=made, state="failed", error_text="No.", finished_on=timezone.now())
    for _ in range(3):
        Refusal.objects.create(api_gateway=made, guard="origin", phase="connect", status=403, reason="No.")
    Refusal.objects.filter(pk=Refusal.objects.first().pk).update(  # type: ignore[union-attr]
        created_on=timezone.now() - timedelta(hours=2)
    )

    text = operator.get(LIST).text

    assert cell(text, "errors", made) == "3 2 refusals 1 failed run"
    assert cell(text, "health", made) == "Failing The last run failed: No."
    link = unescape(text.split(f'href="{REFUSALS}?')[1].split('"')[0])
    assert len(re.findall(f"{REFUSALS}[0-9]+/change/", operator.get(f"{REFUSALS}?{link}").text)) == 2


def test_what_aws_says_is_filled_into_the_rows(operator: Client, chat: ApiGateway) -> None:
    text = operator.get(SEEN, {"pk": chat.pk}).text

    assert text.count('hx-swap-oob="true"') == 2
    assert cell(text, "drift", chat) == "Differs seen just now"
    provisioning.apply(chat)
    text = operator.get(SEEN, {"pk": chat.pk}).text
    assert cell(text, "health", chat) == "Healthy"
    assert cell(text, "drift", chat) == "In sync seen just now"
    assert "hx-get" not in text
    assert f'hx-get="{SEEN}' not in operator.get(LIST).text  # it was seen just now


def test_aws_that_is_gone_leaves_what_was_seen_last(operator: Client, chat: ApiGateway, aws: Served) -> None:
    provisioning.apply(chat)
    operator.get(SEEN, {"pk": chat.pk})
    assert aws.emulator is not None
    aws.emulator.faults.add(Fault(operation="apigateway:*", effect="error", status=503, times=None))

    response = operator.get(SEEN, {"pk": chat.pk})

    assert response.status_code == 200
    assert cell(response.text, "health", chat) == "Healthy"
    drift = cell(response.text, "drift", chat)
    assert drift.startswith("In sync AWS refused GetApi") and drift.endswith("seen just now")


def test_a_few_gateways_are_looked_at_and_the_rest_is_asked_for_later(
    operator: Client, aws: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateways, "AT_ONCE", 2)
    made = [gateway(number, api_id="", api_endpoint="") for number in range(4)]

    text = operator.get(SEEN, {"pk": [each.pk for each in made]}).text

    assert text.count('id="health-') == 2
    assert operator.get(SEEN, {"pk": ["9" * 40, "x", "-1", ""]}).text.strip() == ""
    assert f'hx-get="{SEEN}?pk={made[2].pk}&amp;pk={made[3].pk}&amp;" hx-trigger="load delay:10s"' in text


def test_who_was_not_seen_for_longest_comes_first(operator: Client, aws: Served) -> None:
    old, new, never = (gateway(number, api_id="", api_endpoint="") for number in range(3))
    for each in (old, new):
        operator.get(SEEN, {"pk": each.pk})
    gateways.FRESH, fresh = timedelta(0), gateways.FRESH  # type: ignore[misc]
    try:
        text = operator.get(LIST).text
    finally:
        gateways.FRESH = fresh  # type: ignore[misc]

    assert f"{SEEN}?pk={never.pk}&amp;pk={old.pk}&amp;pk={new.pk}&amp;" in text


def test_cloudwatch_s_errors_are_added_after_the_page(
    operator: Client, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, silent = gateway(), gateway(1)
    monkeypatch.setattr(metrics, "errors_last_hour", lambda asked: {made.pk: 7, silent.pk: None})
    Refusal.objects.create(api_gateway=made, guard="origin", phase="connect", status=403, reason="No.")

    text = operator.get(ERRORS, {"pk": [made.pk, silent.pk]}).text

    assert cell(text, "errors", made) == "7 1 refusal 7 in CloudWatch"  # a refusal is an error of theirs too
    assert cell(text, "errors", silent) == "0"


def test_cloudwatch_that_is_gone_leaves_our_own_numbers(operator: Client, db: None) -> None:
    nowhere = gateway(endpoint_url="http://127.0.0.1:1", region="us-east-1")

    assert cell(operator.get(ERRORS, {"pk": nowhere.pk}).text, "errors", nowhere) == "0"


def test_the_list_is_filtered(operator: Client, db: None) -> None:
    account = AwsAccount.objects.create(label="EU", environment="staging", default_region="eu-west-1")
    gateway(0, region="us-east-1", deployment_id="abc")
    gateway(1, account=account)
    failing = gateway(2, deployment_id="abc", region="us-east-1")
    Run.objects.create(gateway=failing, state="interrupted", finished_on=timezone.now())
    drifted = gateway(3, deployment_id="abc", account=account)
    seen = Observation(
        seen_on=timezone.now(),
        pending=(Pending(sentence="Deploy.", destructive=False),),
        digest="",
        deployment_id="abc",
        deployed_on=None,
    )
    sightings.note(drifted, **observation.noted(Sight(observation=seen)))

    for query, found in {
        "": [0, 1, 2, 3],
        "account__environment__exact=staging": [1, 3],
        "region=us-east-1": [0, 2],
        "region=eu-west-1": [1, 3],
        "region=%00": [0, 1, 2, 3],
        "health=failing": [2],
        "health=never_applied": [1],
        "health=unknown": [0],
        "health=needs_apply": [3],
        "health=wonderful": [0, 1, 2, 3],
    }.items():
        assert names(operator.get(f"{LIST}?{query}").text) == [f"gateway-{number}" for number in found], query


def test_filters_count_what_they_would_show(operator: Client, db: None) -> None:
    gateway(0, region="us-east-1")

    text = words(operator.get(LIST, {"_facets": "True"}).text)

    assert "us-east-1 (1)" in text
    assert "Failing (0) Never applied (1) Unknown (0) Needs apply (0) Healthy (0)" in text


@pytest.mark.parametrize("column", [5, 6])
def test_the_list_is_sorted_by_what_is_counted(operator: Client, db: None, column: int) -> None:
    few, many = gateway(0), gateway(1)
    WebSocketSession.objects.create(connection_id="a", api_gateway=many)
    DeployedSnapshot.objects.create(gateway=many, deployment_id="a", routes={}, secret_version=1)
    DeployedSnapshot.objects.create(gateway=few, deployment_id="a", routes={}, secret_version=1)
    WebSocketSession.objects.create(connection_id="b", api_gateway=many)
    WebSocketSession.objects.create(connection_id="c", api_gateway=few)

    ordered = names(operator.get(LIST, {"o": column}).text)

    assert ordered == (["gateway-0", "gateway-1"] if column == 5 else ["gateway-1", "gateway-0"])


def test_a_list_without_gateways_teaches_how_to_make_one(
    operator: Client, staff: Callable[..., Client], db: None
) -> None:
    text = operator.get(LIST).text
    assert "No gateway yet" in text
    assert text.count("Add with the wizard") == 2  # above the list, and in it

    assert "Ask whoever manages users here" in staff("view_apigateway").get(LIST).text
    assert "No gateway yet" not in operator.get(LIST, {"q": "nothing"}).text


def queries(client: Client, path: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(path).status_code == 200
    return len(captured)


def test_a_list_costs_as_many_queries_with_a_thousand_rows_as_with_one(operator: Client) -> None:
    queries(operator, LIST)
    fill(0)
    one = queries(operator, LIST)
    fill(1)
    many = [ApiGateway(api_name=f"many-{n}", region="us-east-1") for n in range(1000)]
    ApiGateway.objects.bulk_create(many)

    assert one == queries(operator, LIST) <= 11
    pks = "&".join(f"pk={made.pk}" for made in many[:25])
    assert queries(operator, f"{ERRORS}?{pks}") <= 9


def test_staff_see_links_only_to_what_they_may_see(staff: Callable[..., Client], db: None) -> None:
    fill(0)
    Run.objects.update(state="failed")

    text = staff("view_apigateway").get(LIST).text

    for page in ("websocketsession", "refusal", "run"):
        assert f"/admin/apigw_ws/{page}/" not in text


@pytest.mark.parametrize("path", [SEEN, ERRORS])
def test_strangers_and_staff_without_permission_see_nothing(
    client: Client, staff: Callable[..., Client], db: None, path: str
) -> None:
    made: Any = gateway()

    assert staff("view_run").get(path, {"pk": made.pk}).status_code == 403
    moved = client.get(path, {"pk": made.pk}, headers={"HX-Request": "true"})
    assert moved.headers["HX-Redirect"].startswith("/admin/login/")
