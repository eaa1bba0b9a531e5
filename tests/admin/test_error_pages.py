"""What the standalone console answers where a page cannot be shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.db import DatabaseError, connection
from django.test import Client, override_settings

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
