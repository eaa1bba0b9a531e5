"""Every page of the console: who sees it, what it costs, what it does not show."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.db import connection
from django.db.models import F
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apigw_ws.models import ApiGateway, AuditEvent, Refusal, Run, Step, WebSocketSession, WebSocketToken
from tests.admin.rows import fill, gateway

pytestmark = pytest.mark.django_db

RECORDS = ("websocketsession", "websockettoken", "refusal", "run")
MODELS = ("apigateway", "awsaccount", "channelpermission", *RECORDS)


def queries(client: Client, path: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert client.get(path).status_code == 200
    return len(captured)


@pytest.mark.parametrize("model", ("awsaccount", "channelpermission", *RECORDS))
def test_a_list_costs_at_most_7_queries_and_with_fifty_rows_one_to_count_them(
    operator: Client, model: str
) -> None:
    path = f"/admin/apigw_ws/{model}/"
    queries(operator, path)  # what is cached for the process
    empty = queries(operator, path)
    fill(0)
    one = queries(operator, path)
    for number in range(1, 50):
        fill(number)

    assert empty <= one <= queries(operator, path) <= min(one + 1, 7)


@pytest.mark.parametrize("model", [each for each in RECORDS if each != "websocketsession"])
def test_records_are_never_counted(operator: Client, model: str) -> None:
    fill(0)
    with CaptureQueriesContext(connection) as captured:
        operator.get(f"/admin/apigw_ws/{model}/")

    assert not [query["sql"] for query in captured if "COUNT(" in query["sql"]]


@pytest.mark.parametrize("model", MODELS)
def test_a_row_has_a_page(operator: Client, model: str) -> None:
    fill(0)

    response = operator.get(f"/admin/apigw_ws/{model}/1/change/", follow=True)

    assert response.status_code == 200
    assert not response.redirect_chain


@pytest.mark.parametrize("model", MODELS)
def test_a_stranger_is_sent_to_sign_in(client: Client, model: str) -> None:
    for path in (f"/admin/apigw_ws/{model}/", f"/admin/apigw_ws/{model}/1/change/"):
        assert client.get(path).headers["Location"] == f"/admin/login/?next={path}"


@pytest.mark.parametrize("model", MODELS)
def test_staff_without_the_permission_see_nothing(staff: Callable[..., Client], model: str) -> None:
    fill(0)
    browser = staff()

    assert browser.get(f"/admin/apigw_ws/{model}/").status_code == 403
    assert browser.get(f"/admin/apigw_ws/{model}/1/change/").status_code == 403


@pytest.mark.parametrize("model", MODELS)
def test_staff_who_may_look_may_do_nothing_else(staff: Callable[..., Client], model: str) -> None:
    fill(0)
    browser = staff(f"view_{model}")

    assert browser.get(f"/admin/apigw_ws/{model}/").status_code == 200
    assert browser.get(f"/admin/apigw_ws/{model}/1/change/").status_code == 200
    assert browser.get(f"/admin/apigw_ws/{model}/add/").status_code == 403
    assert browser.post(f"/admin/apigw_ws/{model}/1/change/", {"api_name": "x"}).status_code == 403
    assert browser.post(f"/admin/apigw_ws/{model}/1/delete/", {"post": "yes"}).status_code == 403


@pytest.mark.parametrize("model", RECORDS)
def test_nobody_changes_or_deletes_a_record(operator: Client, model: str) -> None:
    fill(0)

    assert operator.get(f"/admin/apigw_ws/{model}/add/").status_code == 403
    assert operator.post(f"/admin/apigw_ws/{model}/1/change/", {}).status_code == 403
    assert operator.post(f"/admin/apigw_ws/{model}/1/delete/", {"post": "yes"}).status_code == 403


def test_a_user_is_deleted_and_their_sessions_end(operator: Client) -> None:
    fill(0)
    user = User.objects.get(username="user-0")

    response = operator.post(f"/admin/auth/user/{user.pk}/delete/", {"post": "yes"})

    assert response.status_code == 302
    assert not User.objects.filter(pk=user.pk).exists()
    ended = WebSocketSession.objects.get()
    assert (ended.user, ended.connected, ended.close_at_aws) == (None, False, True)


def test_a_gateway_is_deleted_with_its_runs(operator: Client) -> None:
    fill(0)

    assert "The API stays in AWS" in operator.get("/admin/apigw_ws/apigateway/1/delete/").text
    assert operator.post("/admin/apigw_ws/apigateway/1/delete/", {"post": "yes"}).status_code == 302
    assert not ApiGateway.objects.exists()
    event = AuditEvent.objects.latest("pk")
    assert (event.verb, event.object_text, event.who) == ("delete", "gateway-0", "operator")
    assert event.before["api_id"] == "api0"


def test_a_gateway_with_a_run_at_work_is_not_deleted(operator: Client) -> None:
    made = gateway()
    Run.objects.create(gateway=made)

    response = operator.post(f"/admin/apigw_ws/apigateway/{made.pk}/delete/", {"post": "yes"}, follow=True)

    assert "Not deleted: A command or task has been applying" in response.text
    assert ApiGateway.objects.exists()
    assert not LogEntry.objects.exists()


def test_no_page_shows_a_hash_of_a_secret(operator: Client) -> None:
    fill(0)
    WebSocketSession.objects.update(session_key_hash="d" * 64, auth_hash="e" * 64)

    for path in ("websockettoken/", "websockettoken/1/change/", "websocketsession/1/change/"):
        text = operator.get(f"/admin/apigw_ws/{path}").text
        assert not any(secret in text for secret in ("0" * 64, "d" * 64, "e" * 64, "f" * 64))


def test_facts_are_shown_as_text_and_never_as_html(operator: Client) -> None:
    fill(0)
    Refusal.objects.update(facts={"origin": "<script>alert(1)</script>"})

    text = operator.get("/admin/apigw_ws/refusal/1/change/").text

    assert "<script>alert(1)</script>" not in text
    assert "&lt;script&gt;" in text


@pytest.mark.parametrize("words", ["connection-1", "user-1"])
def test_sessions_are_found(operator: Client, words: str) -> None:
    fill(1)

    assert "connection-1=" in operator.get("/admin/apigw_ws/websocketsession/", {"q": words}).text
    assert "connection-1=" not in operator.get("/admin/apigw_ws/websocketsession/", {"q": "nobody"}).text


def test_sessions_are_filtered(operator: Client) -> None:
    fill(1)

    shown = {"state": "live", "channel": "lobby", "api_gateway__id__exact": "2"}
    hidden = {"state": "closed"}

    assert "connection-1=" in operator.get("/admin/apigw_ws/websocketsession/", shown).text
    assert "connection-1=" not in operator.get("/admin/apigw_ws/websocketsession/", hidden).text


def test_a_token_says_whether_it_can_still_be_used(operator: Client) -> None:
    for number in range(3):
        fill(number)
    now = timezone.now()
    WebSocketToken.objects.filter(pk=2).update(used_on=now)
    WebSocketToken.objects.filter(pk=3).update(created_on=now - timedelta(minutes=2))

    text = operator.get("/admin/apigw_ws/websockettoken/").text

    assert [text.count(f"\n{state}\n") for state in ("Valid", "Used", "Expired")] == [1, 1, 1]


def test_a_run_says_how_long_its_steps_took(operator: Client) -> None:
    fill(0)
    Step.objects.update(finished_on=F("started_on") + timedelta(seconds=1.5))
    assert "1.5 s" in operator.get("/admin/apigw_ws/run/1/change/").text

    Step.objects.update(finished_on=None)
    assert "\N{NO-BREAK SPACE}s" not in operator.get("/admin/apigw_ws/run/1/change/").text


def test_a_gateway_and_its_route_are_made(operator: Client) -> None:
    fields = {
        "api_name": "chat",
        "target_base_endpoint": "http://backend:8000/ws/",
        "api_key_selection_expression": "$request.header.x-api-key",
        "route_selection_expression": "$request.body.action",
        "route_key": "$default",
        "integration_timeout": "29000",
        "push_mode": "manual",
        "stage_name": "production",
        "stage_variables": "{}",
        "secret_version": "1",
        "tags": "{}",
        "additional_routes-TOTAL_FORMS": "1",
        "additional_routes-INITIAL_FORMS": "0",
        "additional_routes-0-name": "clock",
        "additional_routes-0-route_key": "time",
        "additional_routes-0-integration_url": "http://backend:8000/clock",
    }

    response = operator.post("/admin/apigw_ws/apigateway/add/", fields)

    assert response.status_code == 302
    assert ApiGateway.objects.get().additional_routes.get().route_key == "time"


@pytest.mark.parametrize("number", ["abc", "-1", "1_0", "9" * 30, "9" * 5000])
@pytest.mark.parametrize(
    "address",
    [
        "{}/watch/",
        "1/deployment/?look={}",
        "1/progress/?after={}",
        "seen/?pk={}",
        "wizard/parts/identity/?account={}",
    ],
)
def test_what_is_no_number_is_no_error(operator: Client, address: str, number: str) -> None:
    fill(0)

    response = operator.get(f"/admin/apigw_ws/apigateway/{address.format(number)}", follow=True)

    assert response.status_code == (200 if "?" in address else 404)
