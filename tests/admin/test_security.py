"""The security tab: the secret's rotation, who may connect, and the IAM policy."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from html import unescape

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apigw_ws.models import ApiGateway, AuditEvent, AwsAccount, WebSocketSession
from apigw_ws.services import policies, runs
from tests.admin.rows import gateway
from tests.emulator.serving import Served

pytestmark = pytest.mark.django_db

PAGE = "/admin/apigw_ws/apigateway/{}/security/"
POLICY = f"{PAGE}policy/"
PART = {"HX-Request": "true"}


@pytest.fixture
def chat(db: None) -> ApiGateway:
    """A gateway whose first secret is live; AWS is nowhere."""
    return gateway(
        region="us-east-1",
        endpoint_url="http://127.0.0.1:1",
        deployment_id="d1",
        live_secret_version=1,
        secret_rotated_on=timezone.now(),
    )


def rotating(chat: ApiGateway, **more: object) -> None:
    fields = {"secret_version": 2, "retiring_secret_version": 1, **more}
    ApiGateway.objects.filter(pk=chat.pk).update(**fields)


def live_for(minutes: int) -> dict[str, object]:
    return {"live_secret_version": 2, "secret_rotated_on": timezone.now() - timedelta(minutes=minutes)}


def buttons(text: str) -> list[str]:
    return [step for step in ("rotate", "cancel", "retire") if f'id="secret-{step}"' in text]


def test_a_gateway_at_rest_says_which_version_is_live_and_offers_to_rotate(
    operator: Client, chat: ApiGateway
) -> None:
    text = operator.get(PAGE.format(chat.pk)).text

    assert "Version 1. Every integration sends it as a header" in text
    assert "(Live since" in text
    assert buttons(text) == ["rotate"]
    assert "every 5s" not in text


def test_a_rotation_goes_on_step_by_step(operator: Client, chat: ApiGateway) -> None:
    page = PAGE.format(chat.pk)
    dialog = operator.get(f"{page}rotate/").text
    assert "no event refused" in dialog
    assert 'id="dialog"' in dialog

    response = operator.post(f"{page}rotate/", follow=True)
    assert response.redirect_chain == [(page, 302)]
    assert "Apply the gateway to AWS next" in response.text
    assert "From version 1 to version 2" in response.text
    assert 'id="apply"' in response.text
    assert buttons(response.text) == ["cancel"]

    rotating(chat, **live_for(minutes=0))
    text = operator.get(page, headers=PART).text
    assert "Wait until" in text
    assert buttons(text) == ["retire"]
    assert "Retire it anyway" in text

    rotating(chat, **live_for(minutes=2))
    text = operator.get(page, headers=PART).text
    assert "Retire the old version" in text
    assert "Retire it anyway" not in text
    assert "force" not in operator.get(f"{page}retire/").text
    assert "The old version is retired" in operator.post(f"{page}retire/", follow=True).text
    chat.refresh_from_db()
    assert (chat.secret_version, chat.retiring_secret_version) == (2, None)
    events = AuditEvent.objects.order_by("pk").values_list("verb", "who", "ip_address")
    assert list(events) == [
        ("rotate_secret", "operator", "127.0.0.1"),
        ("retire_secret", "operator", "127.0.0.1"),
    ]


def test_what_is_still_used_is_retired_only_by_saying_so(operator: Client, chat: ApiGateway) -> None:
    page = PAGE.format(chat.pk)
    rotating(chat, **live_for(minutes=2))
    WebSocketSession.objects.create(connection_id="a", api_gateway=chat, secret_version=1)

    assert "Version 1 is still used" in operator.get(page).text
    dialog = operator.get(f"{page}retire/").text
    assert "It will refuse the messages of 1 open session." in dialog
    assert 'name="force"' in dialog

    refused = operator.post(f"{page}retire/", follow=True).text
    assert "Nothing was done: Version 1 is still used" in refused
    forced = operator.post(f"{page}retire/", {"force": "yes"}, follow=True).text
    assert "The old version is retired" in forced
    assert AuditEvent.objects.latest("pk").after["forced"] is True


def test_a_rotation_that_is_not_live_is_cancelled(operator: Client, chat: ApiGateway) -> None:
    page = PAGE.format(chat.pk)
    rotating(chat)

    assert "takes back" in operator.get(f"{page}cancel/").text
    assert "The rotation is cancelled" in operator.post(f"{page}cancel/", follow=True).text
    chat.refresh_from_db()
    assert (chat.secret_version, chat.retiring_secret_version) == (1, None)


def test_the_card_looks_again_and_is_shown_only_when_something_moved(
    operator: Client, chat: ApiGateway
) -> None:
    page = PAGE.format(chat.pk)
    rotating(chat)
    text = operator.get(page).text
    seen = text.split("?seen=")[1].split('"')[0]
    assert 'hx-trigger="every 5s"' in text

    assert operator.get(page, {"seen": seen}, headers=PART).status_code == 204
    with runs.running(chat, None):
        moved = operator.get(page, {"seen": seen}, headers=PART).text
        assert "Wait for it to finish" in moved
        assert "<html" not in moved
        assert "Nothing was done" in operator.post(f"{page}cancel/", follow=True).text


def test_the_check_that_is_off_is_turned_on(operator: Client, chat: ApiGateway) -> None:
    page = PAGE.format(chat.pk)
    ApiGateway.objects.update(secret_version=0, live_secret_version=None)

    assert "The check is off" in operator.get(page).text
    assert "Turn the check on" in operator.get(f"{page}rotate/").text
    text = operator.post(f"{page}rotate/", follow=True).text
    assert "calls that prove nothing pass" in text
    ApiGateway.objects.update(**live_for(minutes=2) | {"live_secret_version": 1})
    assert "Refuse calls without a secret." in operator.get(page).text
    assert "Django refuses calls without the secret" in operator.get(f"{page}retire/").text


def test_what_cannot_be_begun_says_why(operator: Client, db: None) -> None:
    text = operator.get(PAGE.format(gateway(deployment_id="").pk)).text

    assert "Nothing is deployed yet" in text
    assert buttons(text) == []


def test_the_traffic_of_each_version_is_shown_and_the_page_costs_the_same_with_many_sessions(
    operator: Client, chat: ApiGateway
) -> None:
    def page() -> tuple[str, int]:
        with CaptureQueriesContext(connection) as captured:
            return operator.get(PAGE.format(chat.pk)).text, len(captured)

    page()
    _text, none = page()
    for number in range(20):
        WebSocketSession.objects.create(
            connection_id=f"c{number}", api_gateway=chat, secret_version=number % 2
        )
    text, many = page()

    assert text.count('<th scope="row"') == 2
    assert many == none


def test_the_settings_in_force_are_shown(operator: Client, chat: ApiGateway, settings: object) -> None:
    page = PAGE.format(chat.pk)
    settings.APIGW_WS = {}  # type: ignore[attr-defined]
    settings.CSRF_TRUSTED_ORIGINS = ["https://shop.example.com"]  # type: ignore[attr-defined]
    text = operator.get(page).text
    facts = (
        "Those of the same site as",
        "https://shop.example.com",
        "Not demanded",
        "300 times in 60",
        "Anybody",
    )
    assert [fact for fact in facts if fact not in text] == []

    settings.APIGW_WS = {  # type: ignore[attr-defined]
        "ALLOWED_ORIGINS": ["https://*.example.org"],
        "USE_WS_TOKEN": True,
        "CONNECT_RATE_LIMIT": 0,
        "ALLOW_UNLISTED_CHANNELS": False,
    }
    text = operator.get(page).text
    facts = ("https://*.example.org", "good for 60 seconds", "Without a limit", "Nobody")
    assert [fact for fact in facts if fact not in text] == []
    assert "https://shop.example.com" not in text


def test_the_policy_is_ready_to_paste(operator: Client, aws: Served) -> None:
    made = gateway()

    text = operator.get(POLICY.format(made.pk)).text

    pasted = unescape(text.split("<pre")[1].split(">", 1)[1].split("</pre>")[0])
    assert json.loads(pasted) == policies.for_gateway(made)
    assert "is not made yet" not in text
    assert "sts:AssumeRole" not in text
    assert f'hx-get="{POLICY.format(made.pk)}" hx-trigger="load"' in operator.get(PAGE.format(made.pk)).text


def test_the_policy_of_a_role_says_what_django_needs_beside_it(operator: Client, aws: Served) -> None:
    role, nowhere = "arn:aws:iam::123456789012:role/gateways", "http://127.0.0.1:1"
    account = AwsAccount.objects.create(label="Live", role_arn=role, endpoint_url=nowhere)
    made = gateway(account=account, endpoint_url="")

    assert f"Attach it to the role {role}" in operator.get(POLICY.format(made.pk)).text


def test_a_gateway_that_is_not_made_says_that_its_id_is_missing(operator: Client, aws: Served) -> None:
    new = gateway(api_created=False, api_id="")

    assert "is not made yet" in operator.get(POLICY.format(new.pk)).text


def test_an_endpoint_that_is_no_url_is_a_sentence(operator: Client, aws: Served) -> None:
    response = operator.get(POLICY.format(gateway(endpoint_url="nowhere").pk))

    assert response.status_code == 200
    assert "Write the endpoint as a URL" in response.text
    assert "<pre" not in response.text


def test_who_may_look_sees_everything_and_nothing_to_press(
    staff: Callable[..., Client], chat: ApiGateway
) -> None:
    page = PAGE.format(chat.pk)
    browser = staff("view_apigateway", "change_apigateway")
    assert buttons(browser.get(page).text) == []
    rotating(chat)
    text = browser.get(page).text

    assert buttons(text) == []
    assert 'id="apply"' not in text
    assert "From version 1 to version 2" in text
    for step in ("rotate", "cancel", "retire"):
        assert browser.get(f"{page}{step}/").status_code == browser.post(f"{page}{step}/").status_code == 403


def test_the_permission_to_rotate_is_enough(staff: Callable[..., Client], chat: ApiGateway) -> None:
    browser = staff("view_apigateway", "rotate_secret_apigateway")

    assert buttons(browser.get(PAGE.format(chat.pk)).text) == ["rotate"]
    assert browser.post(f"{PAGE.format(chat.pk)}rotate/").status_code == 302


def test_strangers_and_staff_without_permission_see_nothing(
    client: Client, staff: Callable[..., Client], chat: ApiGateway
) -> None:
    browser = staff("view_run", "rotate_secret_apigateway")
    for page in (PAGE.format(chat.pk), POLICY.format(chat.pk)):
        assert client.get(page).headers["Location"] == f"/admin/login/?next={page}"
        assert browser.get(page).status_code == 403


def test_a_step_or_a_gateway_that_does_not_exist_is_not_found(operator: Client, chat: ApiGateway) -> None:
    assert operator.get(f"{PAGE.format(chat.pk)}juggle/").status_code == 404
    assert operator.get(PAGE.format(chat.pk + 1)).status_code == 404
