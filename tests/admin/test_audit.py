"""The audit trail in the console: to be read by those who may, and changed by nobody."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apigw_ws.models import ApiGateway, AuditEvent
from apigw_ws.services import audit
from tests.admin.rows import gateway

pytestmark = pytest.mark.django_db

LIST = "/admin/apigw_ws/auditevent/"


@pytest.fixture
def event(db: None) -> AuditEvent:
    return audit.record(
        AuditEvent.Verb.ROLLBACK,
        gateway(),
        ip="203.0.113.7",
        before={"deployment_id": "old<b>"},
        after={"deployment_id": "new"},
        error=ValueError("It failed."),
    )


def test_an_event_says_who_from_where_what_on_what_and_what_came_of_it(
    operator: Client, event: AuditEvent
) -> None:
    text = operator.get(LIST).text
    page = operator.get(f"{LIST}{event.pk}/change/").text

    facts = ("A command or task", "203.0.113.7", "Rolled back", "gateway-0", "Failed", "It failed.")
    assert [fact for fact in facts if fact not in text or fact not in page] == []
    assert "old&lt;b&gt;" in page
    assert "&quot;new&quot;" in page


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ({"q": "203.0.113"}, 1),
        ({"q": "somebody"}, 0),
        ({"verb__exact": "rollback"}, 1),
        ({"verb__exact": "apply"}, 0),
        ({"result__exact": "done"}, 0),
    ],
)
def test_the_list_is_searched_and_filtered(
    operator: Client, event: AuditEvent, query: dict[str, str], rows: int
) -> None:
    assert len(operator.get(LIST, query).context["cl"].result_list) == rows


def test_a_list_costs_the_same_with_many_rows(operator: Client, event: AuditEvent) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert operator.get(LIST).status_code == 200
        assert not [query["sql"] for query in captured if "COUNT(" in query["sql"]]
        return len(captured)

    queries()
    one = queries()
    for number in range(1, 10):
        audit.record(AuditEvent.Verb.APPLY, gateway(number))

    assert queries() == one


def test_nobody_adds_changes_or_deletes(operator: Client, event: AuditEvent) -> None:
    page = f"{LIST}{event.pk}"

    assert operator.get(f"{LIST}add/").status_code == 403
    assert operator.post(f"{page}/change/", {"who": "x"}).status_code == 403
    assert operator.post(f"{page}/delete/", {"post": "yes"}).status_code == 403
    operator.post(LIST, {"action": "delete_selected", "_selected_action": event.pk, "post": "yes"})
    assert AuditEvent.objects.get().who == "A command or task"


def test_an_event_outlives_the_gateway_that_is_deleted(operator: Client, event: AuditEvent) -> None:
    assert operator.post(f"/admin/apigw_ws/apigateway/{event.gateway_id}/delete/", {"post": "yes"})

    assert not ApiGateway.objects.exists()
    assert "gateway-0" in operator.get(LIST).text


def test_staff_need_the_permission_to_look(staff: Callable[..., Client], event: AuditEvent) -> None:
    browser = staff("view_apigateway", "delete_auditevent", "add_auditevent")

    assert browser.get(LIST).status_code == 403
    assert browser.get(f"{LIST}{event.pk}/change/").status_code == 403


def test_staff_with_the_permission_look(staff: Callable[..., Client], event: AuditEvent) -> None:
    assert "gateway-0" in staff("view_auditevent").get(LIST).text


def test_from_where_is_for_those_who_may_see_addresses(
    staff: Callable[..., Client], event: AuditEvent
) -> None:
    browser = staff("view_auditevent")

    for path in (LIST, f"{LIST}{event.pk}/change/", f"{LIST}?q=rolled"):
        assert "203.0.113.7" not in browser.get(path).text
    assert not browser.get(LIST, {"q": "203.0.113"}).context["cl"].result_list
    assert browser.get(LIST, {"ip_address": "203.0.113.7"}).status_code in {302, 400}


def test_a_stranger_is_sent_to_sign_in(client: Client, event: AuditEvent) -> None:
    assert client.get(LIST).headers["Location"] == f"/admin/login/?next={LIST}"
