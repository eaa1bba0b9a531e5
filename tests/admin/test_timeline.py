"""A session's page tells what happens on its connection."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apigw_ws.models import Refusal, Trace, WebSocketSession
from apigw_ws.services import channels, sessions, traces
from apigw_ws.services.timeline import Handled

pytestmark = pytest.mark.django_db

LIST = "/admin/apigw_ws/websocketsession/"
HTMX = {"HX-Request": "true"}
EVIL = "<script>alert(1)</script>"


@pytest.fixture
def session() -> WebSocketSession:
    return WebSocketSession.objects.create(
        connection_id="a=", channel_name="lobby", ip_address="192.0.2.1", stage_name="production"
    )


def page(browser: Client, session: WebSocketSession) -> str:
    return browser.get(f"{LIST}{session.pk}/change/").text


def part(text: str) -> str:
    """The URL by which the timeline refreshes itself."""
    found = re.search(r'hx-get="([^"]*timeline/\?version=[^"]*)"', text)
    assert found
    return found[1]


def happens(session: WebSocketSession) -> None:
    channels.join(session, "room")
    channels.change(session, "kitchen")
    channels.leave(session, "room")
    sessions.touch(session, received=34, sent=41, handled=Handled(handler=EVIL, status=200, duration_ms=12))
    sessions.touch(session, received=1, handled=Handled(handler="crash", status=500, duration_ms=3))
    sessions.touch(session, received=1, handled=Handled(handler="join", status=403, duration_ms=3))
    sessions.count_sent(["a="], b"hello")
    for guard, times in (("channel", 1), ("own", 7)):
        Refusal.objects.create(
            guard=guard, phase="message", status=403, reason=EVIL, connection_id="a=", times=times
        )
    sessions.close(session, by="client", code=1001, reason=EVIL)


def test_all_that_happened_is_told_as_text(operator: Client, session: WebSocketSession) -> None:
    happens(session)

    text = page(operator, session)

    titles = re.findall(r"<b>([^<]*)</b>", text.partition('id="timeline"')[2])
    assert [re.sub(r"&lt;.*", "", title).strip() for title in titles][:8] == [
        "Closed by the client, code 1001:",
        "Refused: own",
        "Refused: Channel",
        "Message sent",
        "Message to join",
        "Message to crash",
        "Message to",
        "Left room",
    ]
    assert titles[-1] == "Connected"
    for fact in ("34\xa0bytes · 12 ms · reply of 41\xa0bytes", "7 times", "production"):
        assert fact in text
    assert EVIL not in text


def test_the_page_gets_what_is_new_and_nothing_while_nothing_is(
    operator: Client, session: WebSocketSession
) -> None:
    url = part(page(operator, session))
    assert operator.get(url, headers=HTMX).status_code == 204

    sessions.count_sent(["a="], b"hello")
    fresh = operator.get(url, headers=HTMX).text

    assert "Message sent" in fresh
    assert 'id="facts" hx-swap-oob="innerHTML"' in fresh
    assert operator.get(part(fresh), headers=HTMX).status_code == 204


@pytest.mark.parametrize("what", ["idle", "refused", "joined", "closed"])
def test_whatever_changes_is_new(operator: Client, session: WebSocketSession, what: str) -> None:
    url = part(page(operator, session))
    acts: dict[str, Callable[[], Any]] = {
        "idle": lambda: WebSocketSession.objects.update(active_on=timezone.now() - timedelta(minutes=11)),
        "refused": lambda: Refusal.objects.create(guard="x", status=403, connection_id="a="),
        "joined": lambda: channels.join(session, "room"),
        "closed": lambda: sessions.close(session, by="reaper"),
    }

    acts[what]()

    assert operator.get(url, headers=HTMX).status_code == 200


def test_a_closed_session_is_asked_about_less_often(operator: Client, session: WebSocketSession) -> None:
    assert 'hx-trigger="every 3s"' in page(operator, session)
    sessions.close(session, by="reaper")
    assert 'hx-trigger="every 15s"' in page(operator, session)


def test_what_is_not_noted_is_said(operator: Client, session: WebSocketSession, settings: Any) -> None:
    assert "the last 20 are kept" in page(operator, session)
    settings.APIGW_WS = {"TIMELINE_MESSAGES": 0}
    assert "Messages are not noted" in page(operator, session)


def test_a_page_whose_notes_cannot_be_read_is_whole(operator: Client, session: WebSocketSession) -> None:
    WebSocketSession.objects.update(recent="\nm nonsense\ns 19 é\n" + "x" * 5000)

    assert "Connected" in page(operator, session)


def test_a_timeline_is_for_those_who_may_see_sessions(
    staff: Callable[..., Client], session: WebSocketSession
) -> None:
    url = f"{LIST}{session.pk}/timeline/"

    assert staff().get(url).status_code == 403


def test_a_viewer_sees_no_address_and_is_led_to_no_trace(
    staff: Callable[..., Client], session: WebSocketSession
) -> None:
    viewer = staff("view_websocketsession")
    traces.start(Trace(connection_id="a=", reason="Ticket 7"), minutes=10)

    text = page(viewer, session)

    for unseen in ("192.0.2.1", "/trace/", "Ticket 7"):
        assert unseen not in text + viewer.get(f"{LIST}{session.pk}/timeline/").text


def test_the_page_leads_to_a_trace_of_each(
    staff: Callable[..., Client], session: WebSocketSession, django_user_model: Any
) -> None:
    WebSocketSession.objects.update(user=django_user_model.objects.create_user("ada"))
    channels.join(session, "room")
    permissions = ("view_websocketsession", "add_trace", "view_payload_websocketsession")
    browser = staff(*permissions)

    text = page(browser, session)

    led = re.findall(r'trace/add/\?([^"]*)"', text)
    assert led == ["connection_id=a%3D", "username=ada", "channel_name=lobby", "channel_name=room"]


def test_the_page_says_by_which_traces_it_is_followed(operator: Client, session: WebSocketSession) -> None:
    assert "ip_address=192.0.2.1" in page(operator, session)
    trace = traces.start(Trace(channel_name="lobby", reason="Ticket 7"), minutes=10)

    assert f'href="/admin/apigw_ws/trace/{trace.pk}/change/"' in page(operator, session)
    traces.stop(trace, by=None)
    assert "What it says is captured" not in page(operator, session)


def test_what_is_closed_says_nothing_that_could_be_traced(
    operator: Client, session: WebSocketSession
) -> None:
    traces.start(Trace(channel_name="lobby", reason="Ticket 7"), minutes=10)
    sessions.close(session, by="client")

    text = page(operator, session)

    assert ("What it says is captured" in text, "connection_id=a" in text) == (False, False)
    assert "channel_name=lobby" in text


def test_a_refresh_costs_few_queries_whatever_happened(operator: Client, session: WebSocketSession) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            operator.get(f"{LIST}{session.pk}/timeline/", headers=HTMX)
        return len(captured)

    few = queries()
    happens(session)

    assert queries() <= few <= 8
