"""What the standalone console answers where a page cannot be shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.contrib.auth.models import User
from django.db import DatabaseError, connection
from django.test import Client, override_settings

from apigw_ws.models import Broadcast
from tests.admin import rows

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("standalone")]


@pytest.fixture
def standalone() -> Iterator[None]:
    with override_settings(ROOT_URLCONF="apigw_ws_admin.project.urls"):
        yield


def test_who_lacks_a_permission_is_told_which(staff: Callable[..., Client]) -> None:
    viewer = staff("view_apigateway")

    response = viewer.get(f"/admin/apigw_ws/apigateway/{rows.gateway().pk}/deployments/d1/rollback/")

    assert response.status_code == 403
    assert "You lack the permission “apigw_ws.rollback_apigateway”." in response.text
    assert 'href="/admin/apigw_ws/apigateway/"' in response.text  # the menu leads on


def test_who_may_not_look_at_all_is_told_what_to_do(staff: Callable[..., Client]) -> None:
    response = staff("view_websocketsession").get("/admin/apigw_ws/apigateway/")

    assert response.status_code == 403
    assert "Ask somebody who manages the console&#x27;s users." in response.text


VIEW_SESSIONS = ("view_websocketsession",)


@pytest.mark.parametrize(
    ("has", "path", "lacks"),
    [
        ((), "apigateway/", "view_apigateway"),
        ((), "run/1/change/", "view_run"),
        ((), "ban/add/", "add_ban"),
        (("view_ban",), "ban/1/delete/", "delete_ban"),
        ((), "apigateway/1/overview/", "view_apigateway"),
        (("view_apigateway",), "apigateway/1/test/", "test_apigateway"),
        ((), "apigateway/adopt/api1/", "add_apigateway, apigw_ws.deploy_apigateway"),
        (VIEW_SESSIONS, "websocketsession/disconnect/?session=1", "disconnect_websocketsession"),
        (VIEW_SESSIONS, "websocketsession/1/reply/", "send_message_websocketsession"),
        (VIEW_SESSIONS, "websocketsession/user/1/", "auth.view_user"),
        ((), "broadcast/compose/", "send_broadcast"),
        (("view_broadcast",), "broadcast/1/cancel/do/", "control_broadcast"),
        (("view_trace",), "trace/1/export/", "view_payload_websocketsession"),
        ((), "auditevent/activity/", "view_run, apigw_ws.view_auditevent"),
    ],
)
def test_each_page_names_what_it_takes(
    staff: Callable[..., Client], has: tuple[str, ...], path: str, lacks: str
) -> None:
    rows.fill(0)
    Broadcast.objects.create(pk=1, payload="1", state="sending")

    response = staff(*has).get(f"/admin/apigw_ws/{path}")

    assert response.status_code == 403
    assert "You lack the permission" in response.text
    assert (lacks if ".view_user" in lacks else f"apigw_ws.{lacks}") in response.text


def test_whoever_may_look_but_not_change_is_told_so(staff: Callable[..., Client]) -> None:
    rows.fill(0)

    response = staff("view_awsaccount").post("/admin/apigw_ws/awsaccount/1/change/", {})

    assert (response.status_code, "“apigw_ws.change_awsaccount”" in response.text) == (403, True)


def test_a_lookup_that_is_not_allowed_is_told_in_the_consoles_look(operator: Client) -> None:
    response = operator.get("/admin/apigw_ws/run/?gateway__account__users__password=1")

    assert (response.status_code, "The console cannot make sense" in response.text) == (400, True)
    assert 'href="/admin/apigw_ws/apigateway/"' in response.text


def test_a_host_that_is_not_ours_gets_a_page_without_the_menu(client: Client) -> None:
    with override_settings(DEBUG=False, ALLOWED_HOSTS=["console.example.com"]):
        response = client.get("/admin/", headers={"host": "evil.example.com"})

    assert (response.status_code, "evil" in response.text) == (400, False)


def test_a_page_from_before_the_sign_in_says_what_to_do() -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(User.objects.create_superuser("operator"))
    with override_settings(CSRF_FAILURE_VIEW="apigw_ws_admin.project.errors.stale"):
        response = strict.post("/admin/apigw_ws/awsaccount/add/", {})

    assert (response.status_code, "Nothing was changed: this page is older" in response.text) == (403, True)


@pytest.mark.parametrize("path", ["/nowhere/", "/admin/nowhere/"])
def test_what_is_not_there_leads_to_the_overview(operator: Client, client: Client, path: str) -> None:
    response = operator.get(path)

    assert (response.status_code, "There is no such page" in response.text) == (404, True)
    assert 'href="/admin/"' in response.text


def test_a_stranger_sees_no_menu(client: Client) -> None:
    response = client.get("/nowhere/")

    assert (response.status_code, "apigw_ws" in response.text.replace("apigw_ws_admin/", "")) == (404, False)


def test_a_failure_is_told_even_without_a_database(operator: Client) -> None:
    operator.raise_request_exception = False

    def fail(*_: object) -> None:
        raise DatabaseError("The database is gone.")

    with connection.execute_wrapper(fail):
        response = operator.get("/admin/apigw_ws/apigateway/")

    assert response.status_code == 500
    assert "The server&#x27;s log has the traceback." in response.text
