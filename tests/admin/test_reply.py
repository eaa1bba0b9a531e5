"""After a message was sent: what the client sends then."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from apigw_ws.models import Trace, TraceEntry, WebSocketSession
from apigw_ws.services import sessions, traces
from apigw_ws.services.timeline import Handled
from tests.test_messages import Connect, backend, gateway, visit  # noqa: F401  (fixtures)

pytestmark = pytest.mark.django_db

LIST = "/admin/apigw_ws/websocketsession/"
HANDLED = Handled(handler="say", status=200, duration_ms=3)


def session(**fields: Any) -> WebSocketSession:
    return WebSocketSession.objects.create(connection_id="one=", **fields)


def now() -> int:
    return int(time.time() * 1000)


def asked(browser: Client, row: WebSocketSession, after: int) -> str:
    return browser.get(f"{LIST}{row.pk}/reply/?after={after}").text


def test_the_card_looks_for_a_reply_after_it_has_sent(operator: Client, visit: Connect) -> None:  # noqa: F811
    _socket, row = visit()

    sent = operator.post(f"{LIST}{row.pk}/send/", {"message": "1"}).text

    url = re.search(r'hx-get="([^"]+/reply/\?after=\d+)"', sent)
    assert url is not None
    waiting = operator.get(url[1]).text
    assert "Looking what the client sends now" in waiting
    assert 'hx-trigger="load delay:1s"' in waiting


def test_what_the_client_sends_then_is_told_without_its_words(operator: Client) -> None:
    row = session()
    sessions.touch(row, received=7, handled=Handled(handler="before", status=200, duration_ms=1))
    time.sleep(0.002)
    after = now()
    sessions.touch(row, received=34, handled=HANDLED)

    text = asked(operator, row, after)

    assert re.search(r"0\.\d s later the client sent 34 bytes: say, status 200, in 3 ms\.", text)
    assert "Whether it answers yours" in text
    assert "before" not in text


def test_its_words_are_shown_where_a_trace_has_them(operator: Client, staff: Callable[..., Client]) -> None:
    row, after = session(), now()
    trace = traces.start(Trace(connection_id="one=", reason="Bug"), minutes=5)
    traces.exchanged(row, b'{"text": "<b>hello"}', None, HANDLED)
    assert TraceEntry.objects.filter(trace=trace).count() == 1

    assert "&lt;b&gt;hello" in asked(operator, row, after)
    sender = staff("view_websocketsession", "send_message_websocketsession")
    assert "hello" not in asked(sender, row, after)


@pytest.mark.parametrize("after", ["0", "x", "9" * 30])
def test_it_is_not_looked_for_longer_than_ten_seconds(operator: Client, after: str) -> None:
    text = operator.get(f"{LIST}{session().pk}/reply/?after={after}").text

    assert ("has sent nothing in 10 seconds" in text) == (after != "9" * 30)
    assert ("hx-trigger" in text) == (after == "9" * 30)


def test_a_session_that_is_over_is_told_so(operator: Client) -> None:
    text = asked(operator, session(connected=False), now())

    assert "The session has been closed." in text
    assert "hx-trigger" not in text


def test_without_a_timeline_the_counters_tell(operator: Client, settings: Any) -> None:
    settings.APIGW_WS = {"TIMELINE_MESSAGES": 0}
    row, after = session(), now()
    sessions.touch(row, received=34, handled=HANDLED)

    assert "s later the client sent a message. Set TIMELINE_MESSAGES" in asked(operator, row, after)


def test_only_who_may_send_sees_it(operator: Client, staff: Callable[..., Client]) -> None:
    row = session()

    assert staff("view_websocketsession").get(f"{LIST}{row.pk}/reply/").status_code == 403
    assert operator.get(f"{LIST}{row.pk + 1}/reply/").status_code == 404
