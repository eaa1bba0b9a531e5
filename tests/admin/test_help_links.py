"""Whatever shows a failure leads to the page about its code."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from apigw_ws.models import AuditEvent, Broadcast, Refusal, Run, Step, WebSocketSession
from apigw_ws_admin.help import catalogue
from tests.admin.rows import gateway

pytestmark = pytest.mark.django_db

APP = "/admin/apigw_ws"
SAID = "AWS refused UpdateStage: no (AccessDeniedException, request ID 1-2). Look."


def helped(browser: Client, url: str, **how: Any) -> set[str]:
    """The codes to whose pages a page leads; each link says which."""
    text = browser.get(url, **how).text
    links = re.findall(rf'<a ([^>]*)href="{APP}/apigateway/help/([^"]+)/"([^>]*)>(.*?)</a>', text)
    for before, code, after, shown in links:
        entry = catalogue.entry_for(code)
        assert f"What does “{entry.title if '.' in code else code}” mean?" in before + after + shown
    return {code for _before, code, _after, _shown in links}


@pytest.fixture
def failed() -> Run:
    """A run that AWS stopped, and the event about it."""
    made, now = gateway(), timezone.now()
    how = {"error_code": "AccessDeniedException", "error_text": SAID}
    run = Run.objects.create(gateway=made, state="failed", finished_on=now, **how)
    Step.objects.create(run=run, position=1, operation="U", description="Update", started_on=now, **how)
    AuditEvent.objects.create(
        who="anna",
        verb="apply",
        gateway=made,
        object_text="x",
        result="failed",
        run=run,
        error_text="It is so.",
    )
    return run


@pytest.mark.parametrize(
    "page", ["run/", "run/{pk}/change/", "auditevent/", "auditevent/{event}/change/", "auditevent/activity/"]
)
def test_a_failed_run_is_explained_wherever_it_is_told(operator: Client, failed: Run, page: str) -> None:
    url = page.format(pk=failed.pk, event=AuditEvent.objects.get().pk)

    assert "AccessDeniedException" in helped(operator, f"{APP}/{url}")


@pytest.mark.parametrize("page", ["", "{pk}/overview/", "home/", "{pk}/routes/"])
def test_a_failing_gateway_is_explained(operator: Client, failed: Run, page: str, aws: Any) -> None:
    url = f"{APP}/apigateway/{page.format(pk=failed.gateway_id)}"
    part = f"{APP}/apigateway/{failed.gateway_id}/deployment/" if "overview" in page else url

    assert "AccessDeniedException" in helped(operator, part) or "routes" in page


def test_an_event_without_a_code_says_at_least_that_it_was_not_done(operator: Client) -> None:
    event = AuditEvent.objects.create(
        who="anna", verb="ban", object_text="x", result="failed", error_text="It would hit you."
    )

    assert helped(operator, f"{APP}/auditevent/{event.pk}/change/") == {"ApigwWsError"}


@pytest.mark.parametrize("guard", ["origin", "office_hours"])
def test_a_refusal_is_explained_in_the_list_and_on_its_page(operator: Client, guard: str) -> None:
    refusal = Refusal.objects.create(guard=guard, phase="connect", status=403, reason="No.")

    for page in ("", f"{refusal.pk}/change/"):
        assert f"guard.{guard}" in helped(operator, f"{APP}/refusal/{page}")
    assert f"guard.{guard}" in helped(operator, f"{APP}/auditevent/activity/")


def test_a_closed_session_says_what_its_code_means(operator: Client) -> None:
    session = WebSocketSession.objects.create(
        connection_id="c=",
        connected=False,
        close_code=1006,
        closed_by="client",
        disconnected_on=timezone.now(),
    )

    assert helped(operator, f"{APP}/websocketsession/{session.pk}/change/") == {"1006"}


def test_who_was_not_reached_by_a_broadcast_is_explained_by_reason(operator: Client) -> None:
    broadcast = Broadcast.objects.create(
        payload="{}", state="failed", total=3, gone=1, failed=1, cancelled=1, error_text="All have gone."
    )
    for number, (result, code) in enumerate([("gone", "Closed"), ("failed", "SSLError"), ("cancelled", "")]):
        broadcast.recipients.create(connection_id=f"c{number}=", result=result, code=code)

    codes = {"Closed", "SSLError", "cancelled"}
    assert helped(operator, f"{APP}/broadcast/{broadcast.pk}/progress/") == {*codes, "BroadcastError"}
    assert helped(operator, f"{APP}/broadcastrecipient/") == codes


def test_what_the_doctor_finds_is_explained(operator: Client, settings: Any) -> None:
    settings.APIGW_WS = {"ALLOWED_ORIGINS": ["*"]}

    assert {"apigw_ws.W003", "doctor.reaper"} <= helped(operator, f"{APP}/apigateway/doctor/")


@pytest.mark.parametrize("text", ["no json", json.dumps([{"kind": "nothing", "value": 1}])])
def test_a_file_that_cannot_be_imported_is_explained(operator: Client, text: str) -> None:
    file = SimpleUploadedFile("bans.json", text.encode())
    response = operator.post(f"{APP}/ban/import-file/", {"file": file})

    assert f'href="{APP}/apigateway/help/BadFile/"' in response.text


def test_a_message_at_the_top_of_a_page_leads_there(operator: Client, failed: Run) -> None:
    running = Run.objects.create(gateway=failed.gateway, state="running")
    url = f"{APP}/apigateway/{failed.gateway_id}/delete/"

    response = operator.post(url, {"post": "yes"}, follow=True)

    assert Run.objects.filter(pk=running.pk).exists()
    assert f'href="{APP}/apigateway/help/RunInProgress/"' in response.text


def test_everybody_who_may_see_a_failure_may_read_about_it(staff: Callable[..., Client], failed: Run) -> None:
    viewer = staff("view_run")

    (code,) = helped(viewer, f"{APP}/run/")

    assert viewer.get(f"{APP}/apigateway/help/{code}/").status_code == 200
