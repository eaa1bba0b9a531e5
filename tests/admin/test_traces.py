"""Starting, following, reading and ending a trace in the console."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from apigw_ws.models import AuditEvent, Trace, TraceEntry, WebSocketSession
from apigw_ws.services import traces

pytestmark = pytest.mark.django_db

LIST = "/admin/apigw_ws/trace/"
FORM = {"minutes": "10", "reason": "Ticket 7"}
PAYLOAD = "view_payload_websocketsession"
HTMX = {"HX-Request": "true"}


def running(**fields: Any) -> Trace:
    return traces.start(Trace(**({"channel_name": "lobby", "reason": "Ticket 7"} | fields)), minutes=10)


def said(trace: Trace, payload: str = '{"a":1}', **fields: Any) -> TraceEntry:
    fields = {"direction": "in", "connection_id": "a=", "handler": "say", "status": 200} | fields
    return trace.entries.create(at=timezone.now(), size=len(payload), payload=payload, **fields)


def test_a_trace_is_started_from_the_form(operator: Client) -> None:
    response = operator.post(f"{LIST}add/", FORM | {"channel_name": "lobby", "redacted_keys": "iban"})

    trace = Trace.objects.get()
    assert response.headers["Location"] == f"{LIST}{trace.pk}/change/"
    assert timedelta(minutes=9) < trace.ends_on - timezone.now() <= timedelta(minutes=10)
    assert (trace.created_by, trace.redacted_keys) == (User.objects.get(), "iban")
    event = AuditEvent.objects.get()
    assert (event.verb, event.object_text, event.who) == ("trace", "lobby", "operator")
    assert event.after["reason"] == "Ticket 7"
    text = operator.get(f"{LIST}{trace.pk}/change/").text
    assert "Nothing has been said yet." in text
    assert "0 of at most 2000" in text


def test_the_form_is_filled_in_by_the_page_that_leads_to_it(operator: Client) -> None:
    text = operator.get(f"{LIST}add/", {"username": "ada", "ip_address": "192.0.2.1"}).text

    assert re.search(r'name="username"[^>]*value="ada"|value="ada"[^>]*name="username"', text)
    assert "192.0.2.1" in text


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({}, "Name one of user, channel, connection and address."),
        ({"username": "operator", "channel_name": "lobby"}, "Name one of user"),
        ({"username": "nobody"}, "There is no user “nobody”."),
        ({"connection_id": "unknown="}, "No session has this connection ID."),
        ({"ip_address": "here"}, "Enter a valid IPv4 or IPv6 address."),
        ({"channel_name": "not a name"}, "channel"),
        ({"channel_name": "lobby", "minutes": "61"}, "less than or equal to 60"),
        ({"channel_name": "lobby", "minutes": "0"}, "greater than or equal to 1"),
        ({"channel_name": "lobby", "reason": ""}, "This field is required."),
    ],
)
def test_what_is_no_trace_says_why(operator: Client, fields: dict[str, str], why: str) -> None:
    response = operator.post(f"{LIST}add/", FORM | fields)

    assert (response.status_code, Trace.objects.count()) == (200, 0)
    assert why in response.text


@pytest.mark.parametrize("field", ["username", "connection_id", "ip_address"])
def test_a_trace_follows_any_one_of_four(operator: Client, field: str) -> None:
    WebSocketSession.objects.create(connection_id="a=")
    values = {"username": "operator", "connection_id": "a=", "ip_address": "192.0.2.1"}

    operator.post(f"{LIST}add/", FORM | {field: values[field]})

    shown = operator.get(f"{LIST}{Trace.objects.get().pk}/change/").text
    assert values[field] in shown


def test_too_many_at_once_are_refused(operator: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traces, "AT_ONCE", 1)
    running()

    assert "1 traces run already." in operator.post(f"{LIST}add/", FORM | {"channel_name": "x"}).text


def test_newer_messages_come_alone_and_nothing_where_there_are_none(operator: Client) -> None:
    trace = running()
    first = said(trace)
    page = operator.get(f"{LIST}{trace.pk}/change/")
    part = re.search(r'hx-get="([^"]*entries/[^"]*after=[^"]*)"', page.text)
    assert part
    url = part[1].replace("&amp;", "&")
    assert f"after={first.pk}&" in url

    assert operator.get(url, headers=HTMX).status_code == 204
    Trace.objects.update(entry_count=1)
    said(trace, direction="out", handler="", status=None)
    newer = operator.get(url, headers=HTMX).text

    assert newer.count("<li") == 1
    assert "<b>Out</b>" in newer
    assert 'id="trace-more" hx-swap-oob="true" data-part' in newer
    assert "1 of at most" in newer


def test_a_trace_that_ends_is_asked_about_no_more(operator: Client) -> None:
    trace = running()
    Trace.objects.update(ends_on=timezone.now())

    last = operator.get(f"{LIST}{trace.pk}/entries/?after=0&seen=running-0", headers=HTMX).text

    assert "Its time is over" in last
    assert "hx-trigger" not in last
    assert "Nothing was said while it ran." in operator.get(f"{LIST}{trace.pk}/change/").text


def test_messages_are_narrowed_to_a_direction(operator: Client) -> None:
    trace = running()
    said(trace, handler="come")
    said(trace, direction="reply", connection_id="b=")

    text = operator.get(f"{LIST}{trace.pk}/change/?direction=reply").text

    assert "Reply: say" in text
    assert "In: come" not in text
    assert "In: come" in operator.get(f"{LIST}{trace.pk}/change/?direction=nonsense").text


def test_older_messages_are_fetched(operator: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apigw_ws_admin.screens.traces.page.PAGE", 2)
    trace = running()
    for number in range(3):
        said(trace, handler=f"h{number}")

    text = operator.get(f"{LIST}{trace.pk}/change/").text
    url = re.search(r'hx-get="([^"]*before=[^"]*)"', text)
    assert url
    assert ("In: h2" in text, "In: h0" in text) == (True, False)
    older = operator.get(url[1].replace("&amp;", "&"), headers=HTMX).text

    assert ("In: h0" in older, "In: h1" in older, "before=" in older) == (True, False, False)


@pytest.mark.parametrize(
    ("payload", "shown"),
    [
        ('{"a":{"b":"<script>"}}', "{\n  &quot;a&quot;: {\n    &quot;b&quot;: &quot;&lt;script&gt;&quot;"),
        ("plain <b>", "plain &lt;b&gt;"),
        ("", "It was empty."),
        ("[" * 100_000, "[[["),
    ],
)
def test_a_payload_is_pretty_and_escaped(operator: Client, payload: str, shown: str) -> None:
    trace = running()
    entry = said(trace, payload, is_cut=True)

    text = operator.get(f"{LIST}{trace.pk}/entries/{entry.pk}/", headers=HTMX).text

    assert shown in text
    assert "It is no JSON, so only its first" in text


def test_a_payload_is_found_in_its_own_trace_only(operator: Client) -> None:
    trace, entry = running(), said(running())

    assert operator.get(f"{LIST}{trace.pk}/entries/{entry.pk}/").status_code == 404
    assert operator.get(f"{LIST}{trace.pk}/entries/{entry.pk + 7}/").status_code == 404
    assert operator.get(f"{LIST}{trace.pk + 7}/entries/").status_code == 404


def test_messages_are_exported_as_json_lines(operator: Client) -> None:
    trace = running()
    said(trace, '{"é":1}', duration_ms=3)
    said(trace, "x\ny", direction="out", handler="", status=None)

    response: Any = operator.get(f"{LIST}{trace.pk}/export/")

    lines = [json.loads(line) for line in b"".join(response).decode().splitlines()]
    assert response.headers["Content-Disposition"] == f'attachment; filename="trace-{trace.pk}.jsonl"'
    assert [line["payload"] for line in lines] == ['{"é":1}', "x\ny"]
    assert (lines[0]["handler"], lines[0]["duration_ms"], "status" in lines[1]) == ("say", 3, False)
    assert AuditEvent.objects.latest("pk").verb == "export"


def test_a_trace_is_stopped_early_and_once(operator: Client) -> None:
    trace = running()

    for _ in range(2):
        response = operator.post(f"{LIST}{trace.pk}/stop/", {"_form_submitted": "1"}, headers=HTMX)
    trace.refresh_from_db()

    assert response.status_code in {200, 302, 403}
    assert trace.state == "stopped"
    assert AuditEvent.objects.filter(verb="stop_trace").count() == 1
