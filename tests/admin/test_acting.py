"""What operators do to sessions, one or many: asked first, done, and shown session by session."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from apigw_ws.models import Act, ApiGateway, AuditEvent, Ban, ChannelPermission, WebSocketSession
from apigw_ws.services import provisioning
from apigw_ws.services.access import block_of
from apigw_ws.tasks import run_act
from apigw_ws_admin.screens.acting import doing, outcomes, pages
from tests.emulator.serving import Served
from tests.test_messages import Connect, backend, gateway, visit  # noqa: F401  (fixtures)

LIST = "/admin/apigw_ws/websocketsession/"
UNKNOWN = "e_d2EewNLPECIGw="
HTMX = {"HX-Request": "true"}


def select(browser: Client, name: str, *sessions: WebSocketSession, **more: str) -> Any:
    """Choose the action for the selected rows: the page that asks."""
    chosen = {"action": f"{name}_selected", "_selected_action": [session.pk for session in sessions]}
    return browser.post(LIST, chosen | more, follow=True)


def confirm(browser: Client, name: str, *sessions: WebSocketSession, **asked: str) -> Any:
    """Fill in what the page asks: the page that shows what comes of it."""
    query = "&".join(f"session={session.pk}" for session in sessions)
    return act(browser, name, query, **asked)


def act(browser: Client, name: str, query: str, **asked: str) -> Any:
    form = {"_form_submitted": "1", "uid": str(uuid4()), "reason": "Maintenance", "channel": "ops"}
    return browser.post(f"{LIST}{name}/?{query}", form | asked, follow=True)


def one(gateway: ApiGateway | None, number: int = 0, **fields: Any) -> WebSocketSession:  # noqa: F811
    name = UNKNOWN if number == 0 else f"{number:015x}="
    block = block_of(fields.get("ip_address"))
    return WebSocketSession.objects.create(
        connection_id=name, api_gateway=gateway, address_block=block, **fields
    )


def test_a_selection_is_confirmed_and_disconnected_with_a_message(
    operator: Client,
    visit: Connect,  # noqa: F811
) -> None:
    socket, session = visit()
    gone = one(session.api_gateway)

    page = select(operator, "disconnect", session, gone).text
    assert "Disconnect 2 sessions?" in page
    assert session.connection_id in page
    assert WebSocketSession.objects.filter(connected=True).count() == 2

    text = confirm(operator, "disconnect", session, gone, message="Back at five").text

    assert socket.recv(timeout=5) == "Back at five"
    assert text.index("Disconnected\n") < text.index(session.connection_id)
    assert "Was gone already" in text
    assert "hx-trigger" not in text.split('role="region"')[1].split("</ul>")[0]
    session.refresh_from_db()
    assert (session.connected, session.close_reason) == (False, "Maintenance")
    event = AuditEvent.objects.get(verb="disconnect")
    assert (event.who, event.ip_address) == ("operator", "127.0.0.1")
    assert event.after is not None
    assert "Back at five" not in str(event.after)
    assert "Back at five" not in str(Act.objects.get().what)
