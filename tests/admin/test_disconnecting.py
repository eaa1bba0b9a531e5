"""Disconnecting one session or many: asked first, done at AWS, shown session by session."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from apigw_ws.models import ApiGateway, AuditEvent, WebSocketSession
from apigw_ws.services import provisioning
from apigw_ws.tasks import close_sessions
from apigw_ws_admin.screens import disconnecting
from tests.emulator.serving import Served
from tests.test_messages import Connect, backend, gateway, visit  # noqa: F401  (fixtures)

LIST = "/admin/apigw_ws/websocketsession/"
UNKNOWN = "e_d2EewNLPECIGw="
HTMX = {"HX-Request": "true"}


def select(browser: Client, *sessions: WebSocketSession, **more: str) -> Any:
    chosen = {"action": "disconnect_selected", "_selected_action": [session.pk for session in sessions]}
    return browser.post(LIST, chosen | more, follow=True)


def confirmed(browser: Client, *sessions: WebSocketSession, **more: str) -> Any:
    asked = {"confirmed": "yes", "_form_submitted": "1", "reason": "Maintenance"}
    return select(browser, *sessions, **(asked | more))


def one(gateway: ApiGateway, number: int = 0, **fields: Any) -> WebSocketSession:  # noqa: F811
    name = UNKNOWN if number == 0 else f"{number:015x}="
    return WebSocketSession.objects.create(connection_id=name, api_gateway=gateway, **fields)


def test_a_selection_is_confirmed_and_disconnected_with_a_message(
    operator: Client,
    visit: Connect,  # noqa: F811
) -> None:
    socket, session = visit()
    gone = one(session.api_gateway)  # type: ignore[arg-type]

    page = select(operator, session, gone).text
    assert "Disconnect 2 sessions?" in page
    assert session.connection_id in page
    assert WebSocketSession.objects.filter(connected=True).count() == 2

    text = confirmed(operator, session, gone, message="Back at five").text

    assert socket.recv(timeout=5) == "Back at five"
    assert text.index("Disconnected\n") < text.index(session.connection_id)
    assert "Was gone already" in text
    assert "hx-trigger" not in text.split('role="region"')[1].split("</ul>")[0]
    session.refresh_from_db()
    assert (session.connected, session.close_reason) == (False, "Maintenance")
    event = AuditEvent.objects.get(verb="disconnect")
    assert (event.who, event.ip_address) == ("operator", "127.0.0.1")


def test_a_session_is_disconnected_on_its_page(operator: Client, visit: Connect) -> None:  # noqa: F811
    _socket, session = visit()
    assert "Disconnect" in operator.get(f"{LIST}{session.pk}/change/").text
    dialog = f"{LIST}{session.pk}/disconnect/"
    assert 'name="reason"' in operator.get(dialog, headers=HTMX).text

    response = operator.post(dialog, {"_form_submitted": "1", "reason": "Rude"}, headers=HTMX)

    assert "Disconnected" in operator.get(response.headers["HX-Redirect"]).text
    session.refresh_from_db()
    assert (session.connected, session.close_reason) == (False, "Rude")


def test_what_aws_refuses_stays_open_and_says_why(
    operator: Client,
    visit: Connect,  # noqa: F811
    aws: Served,
) -> None:
    _socket, session = visit()
    aws.fault("execute-api:DeleteConnection", "throttle", times=None)

    text = confirmed(operator, session).text

    assert "Still open" in text
    assert "LimitExceededException, request ID" in text
    session.refresh_from_db()
    assert session.connected


@pytest.mark.parametrize(
    ("more", "said"),
    [({"reason": ""}, "This field is required."), ({"message": "é" * 65_537}, "AWS takes at most 131072")],
)
def test_what_is_not_complete_is_asked_again(
    operator: Client,
    gateway: ApiGateway,  # noqa: F811
    more: dict[str, str],
    said: str,
) -> None:
    session = one(gateway)

    assert said in confirmed(operator, session, **more).text

    session.refresh_from_db()
    assert session.connected


def test_closed_sessions_are_not_asked_about(operator: Client, gateway: ApiGateway) -> None:  # noqa: F811
    text = select(operator, one(gateway, connected=False)).text

    assert "Nothing was done: the selected sessions are closed already." in text


class TestMany:
    @pytest.fixture(autouse=True)
    def a_handful_is_1(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(disconnecting, "HANDFUL", 1)

    def test_the_worker_does_it_and_the_page_follows(
        self,
        operator: Client,
        visit: Connect,  # noqa: F811
    ) -> None:
        _socket, session = visit()
        gone = one(session.api_gateway, 1)  # type: ignore[arg-type]

        response = confirmed(operator, session, gone)
        page: str = response.request["PATH_INFO"]
        assert "Waiting" in response.text
        assert 'hx-trigger="every 1s"' in response.text
        assert "No worker seems to run" not in response.text

        close_sessions.call(*DBTaskResult.objects.get().args_kwargs["args"])

        part = operator.get(page, headers=HTMX).text
        assert "every 1s" not in part
        assert "<html" not in part
        assert "Disconnected" in part
        assert "Was gone already" in part

    def test_a_worker_that_does_not_come_is_missed(
        self,
        operator: Client,
        gateway: ApiGateway,  # noqa: F811
    ) -> None:
        page: str = confirmed(operator, one(gateway), one(gateway, 1)).request["PATH_INFO"]
        begun = operator.session
        for act in begun[disconnecting.SESSION_KEY].values():
            act["at"] = (timezone.now() - timedelta(minutes=1)).isoformat()
        begun.save()

        assert "No worker seems to run" in operator.get(page).text

    def test_a_queue_that_does_not_answer_is_a_sentence(
        self,
        operator: Client,
        gateway: ApiGateway,  # noqa: F811
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(disconnecting, "close_sessions", None)

        text = confirmed(operator, one(gateway), one(gateway, 1)).text

        assert "Nothing was disconnected: the worker&#x27;s queue does not answer" in text

    def test_the_last_few_acts_are_remembered(
        self,
        operator: Client,
        gateway: ApiGateway,  # noqa: F811
    ) -> None:
        pages = [confirmed(operator, one(gateway, n)).request["PATH_INFO"] for n in range(1, 8)]

        assert [operator.get(page).status_code for page in pages] == [404] * 2 + [200] * 5

    def test_sessions_that_were_deleted_meanwhile_are_missed(
        self,
        operator: Client,
        gateway: ApiGateway,  # noqa: F811
    ) -> None:
        page: str = confirmed(operator, one(gateway)).request["PATH_INFO"]
        WebSocketSession.objects.all().delete()

        assert "have been deleted meanwhile" in operator.get(page).text


def test_who_may_only_look_sees_no_button_and_is_refused(
    staff: Callable[..., Client],
    gateway: ApiGateway,  # noqa: F811
) -> None:
    session, viewer = one(gateway), staff("view_websocketsession")

    assert "disconnect" not in viewer.get(LIST).text.lower().replace("disconnected_on", "")
    assert f"{session.pk}/disconnect/" not in viewer.get(f"{LIST}{session.pk}/change/").text
    confirmed(viewer, session)
    assert viewer.post(f"{LIST}{session.pk}/disconnect/", {"reason": "x"}).status_code == 403
    assert viewer.get(f"{LIST}disconnected/abc/").status_code == 403

    session.refresh_from_db()
    assert session.connected


def test_who_may_disconnect_needs_no_more_than_to_look(
    staff: Callable[..., Client],
    visit: Connect,  # noqa: F811
) -> None:
    _socket, session = visit()
    browser = staff("view_websocketsession", "disconnect_websocketsession")

    assert "Disconnected" in confirmed(browser, session).text


def test_a_gateway_that_is_not_deployed_says_so(operator: Client, gateway: ApiGateway) -> None:  # noqa: F811
    elsewhere = ApiGateway.objects.create(api_name="elsewhere")
    provisioning.preview(gateway)

    assert "“elsewhere” is not deployed in AWS yet" in confirmed(operator, one(elsewhere)).text
