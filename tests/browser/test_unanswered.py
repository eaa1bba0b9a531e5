"""What somebody pressed and got no answer to says so, in place of the answer."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from apigw_ws.models import ApiGateway, WebSocketSession

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

NO_ANSWER = "The console did not answer."


@pytest.fixture
def gateway(db: None) -> ApiGateway:
    return ApiGateway.objects.create(api_name="chat", target_base_endpoint="https://www.example.com/ws/")


def show(page: Any, live_server: Any, view: str, pk: int) -> None:
    page.goto(live_server.url + reverse(f"admin:{view}", args=[pk]))


def test_a_dialog_that_does_not_come_says_so(
    operator_page: Any, live_server: Any, gateway: ApiGateway
) -> None:
    show(operator_page, live_server, "apigw_ws_apigateway_routes", gateway.pk)
    operator_page.route("**/apply/", lambda route: route.abort())

    operator_page.get_by_role("link", name="Apply to AWS").click()
    operator_page.locator("#modal-content [role=alert]", has_text=NO_ANSWER).wait_for()

    operator_page.unroute("**/apply/")
    operator_page.keyboard.press("Escape")
    operator_page.get_by_role("link", name="Apply to AWS").click()
    operator_page.get_by_role("dialog", name="Apply to AWS").wait_for()
    assert operator_page.get_by_text(NO_ANSWER).count() == 0


def test_a_message_from_a_page_older_than_the_sign_in_is_not_lost_in_silence(
    operator_page: Any, live_server: Any, gateway: ApiGateway, settings: Any
) -> None:
    settings.CSRF_FAILURE_VIEW = "apigw_ws_admin.project.errors.stale"
    session = WebSocketSession.objects.create(connection_id="ab12=", api_gateway=gateway, connected=True)
    show(operator_page, live_server, "apigw_ws_websocketsession_change", session.pk)
    operator_page.context.clear_cookies(name="csrftoken")

    operator_page.fill("#message", '{"type": "notice"}')
    operator_page.get_by_role("button", name="Send", exact=True).click()

    operator_page.locator("#sent [role=alert]", has_text="older than your sign-in").wait_for()
    assert operator_page.locator("#message").input_value() == '{"type": "notice"}'


def test_who_was_signed_out_keeps_what_they_have_written(
    operator_page: Any, live_server: Any, db: None
) -> None:
    operator_page.goto(live_server.url + reverse("admin:apigw_ws_broadcast_compose"))
    operator_page.fill("#id_payload", '{"type": "notice"}')
    operator_page.context.clear_cookies(name="sessionid")

    operator_page.locator("#format").click()

    again = operator_page.get_by_role("alert").get_by_role("link", name="Sign in again")
    again.wait_for()
    assert again.get_attribute("target") == "_blank"
    assert operator_page.locator("#id_payload").input_value() == '{"type": "notice"}'
