"""Starting, following, reading and ending a trace in the console."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apigw_ws.models import AuditEvent, Trace, TraceEntry, WebSocketSession
from apigw_ws.services import traces

pytestmark = pytest.mark.django_db

LIST = "/admin/apigw_ws/trace/"
FORM = {"minutes": "10", "reason": "Ticket 7"}
PAYLOAD = "view_payload_websocketsession"
HTMX = {"HX-Request": "true"}
CONFIRMED = {"_form_submitted": "1"}


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
    assert (event.verb, event.object_text, event.who) == ("trace", "trace of lobby", "operator")
    assert event.after == {"reason": "Ticket 7", "minutes": 10, "whole_texts": False}
    text = operator.get(f"{LIST}{trace.pk}/change/").text
    assert "Nothing has been said yet." in text
    assert "0 of at most 2,000" in text


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


def test_a_trace_is_stopped_behind_a_dialog_and_once(operator: Client) -> None:
    trace = running()
    dialog, page = f"{LIST}{trace.pk}/stop/", f"{LIST}{trace.pk}/change/"

    assert "What it has captured stays." in operator.get(dialog, headers={"HX-Request": "true"}).text
    assert operator.post(dialog, CONFIRMED).headers["HX-Redirect"] == page
    shown = operator.get(page).text

    assert ("Stopped by an operator" in shown, 'id="stop"' in shown, 'hx-trigger="every' in shown) == (
        True,
        False,
        False,
    )
    assert not traces.stop(trace, by=None)
    assert AuditEvent.objects.filter(verb="stop_trace").count() == 1


def test_a_trace_that_ended_while_the_dialog_was_open_is_told(operator: Client, monkeypatch: Any) -> None:
    trace = running()
    monkeypatch.setattr(traces, "stop", lambda *_, **__: False)

    operator.post(f"{LIST}{trace.pk}/stop/", CONFIRMED)

    assert "It was over already." in operator.get(LIST).text


def test_a_trace_is_deleted_with_all_that_it_captured(operator: Client) -> None:
    trace = running()
    said(trace, "hidden words")

    assert operator.post(f"{LIST}{trace.pk}/remove/", CONFIRMED).headers["HX-Redirect"] == LIST

    assert (Trace.objects.count(), TraceEntry.objects.count()) == (0, 0)
    event = AuditEvent.objects.latest("pk")
    assert (event.verb, event.before) == ("delete_trace", {"reason": "Ticket 7", "entries": 1})


def test_who_may_only_look_sees_no_words_and_no_button(staff: Callable[..., Client]) -> None:
    trace, viewer = running(), staff("view_trace")
    entry = said(trace, "hidden words")

    shown = viewer.get(LIST).text + viewer.get(f"{LIST}{trace.pk}/change/").text

    assert "In: say" in shown
    for unseen in ("hidden words", "export/", f"entries/{entry.pk}/", "/stop/", "/remove/", "/add/"):
        assert unseen not in shown
    for path in (f"{trace.pk}/export/", f"{trace.pk}/entries/{entry.pk}/", "add/"):
        assert viewer.get(f"{LIST}{path}").status_code == 403
    for path in ("stop", "remove", "delete"):
        assert viewer.post(f"{LIST}{trace.pk}/{path}/", CONFIRMED).status_code == 403
    assert viewer.post(f"{LIST}add/", FORM | {"channel_name": "x"}).status_code == 403
    assert Trace.objects.get().state == "running"


@pytest.mark.parametrize("permissions", [("add_trace",), (PAYLOAD,)])
def test_starting_takes_both_permissions(staff: Callable[..., Client], permissions: tuple[str, ...]) -> None:
    browser = staff("view_websocketsession", *permissions)
    session = WebSocketSession.objects.create(connection_id="a=")

    assert browser.post(f"{LIST}add/", FORM | {"channel_name": "x"}).status_code == 403
    assert "trace/add" not in browser.get(f"/admin/apigw_ws/websocketsession/{session.pk}/change/").text


def test_nobody_else_sees_anything(staff: Callable[..., Client]) -> None:
    trace, stranger = running(), staff(PAYLOAD)
    entry = said(trace)

    for path in ("", f"{trace.pk}/change/", f"{trace.pk}/entries/", f"{trace.pk}/entries/{entry.pk}/"):
        assert stranger.get(f"{LIST}{path}").status_code == 403
    assert stranger.get(f"{LIST}{trace.pk}/export/").status_code == 403


def test_addresses_are_for_those_who_may_see_them(staff: Callable[..., Client]) -> None:
    browser = staff("view_trace", "add_trace", "delete_trace", PAYLOAD, "view_auditevent")
    trace = running(channel_name="", ip_address="192.0.2.1")

    pages = (LIST, f"{LIST}{trace.pk}/change/", "/admin/apigw_ws/auditevent/")
    assert not [page for page in pages if "192.0.2.1" in browser.get(page).text]
    assert f"trace of an address (number {trace.pk})" in browser.get(pages[2]).text
    browser.post(f"{LIST}add/", FORM | {"ip_address": "192.0.2.2"})
    assert Trace.objects.count() == 1
    assert "ip_address" not in browser.get(f"{LIST}add/?ip_address=192.0.2.2").text


def test_what_people_wrote_is_shown_as_text(operator: Client) -> None:
    evil = "<script>alert(1)</script>"
    trace = running(channel_name="", user=User.objects.create_user(evil), reason=evil, redacted_keys=evil)
    said(trace, evil, handler=evil)

    for path in ("", f"{trace.pk}/change/", f"{trace.pk}/entries/", f"{trace.pk}/stop/", "add/"):
        assert evil not in operator.get(f"{LIST}{path}").text


def test_the_list_says_what_traces_are_where_there_are_none(operator: Client) -> None:
    assert "Nothing was traced yet." in operator.get(LIST).text
    running()
    assert "Nothing was traced yet." not in operator.get(LIST).text


def test_a_page_costs_the_same_with_many_messages(operator: Client) -> None:
    trace = running()

    def queries() -> tuple[int, ...]:
        counts = []
        for path in ("", f"{trace.pk}/change/", f"{trace.pk}/entries/?after=0"):
            with CaptureQueriesContext(connection) as captured:
                assert operator.get(f"{LIST}{path}").status_code == 200
            counts.append(len(captured))
        return tuple(counts)

    few = queries()
    for number in range(5):
        said(trace)
        running(channel_name="", user=User.objects.create_user(f"user-{number}"))

    assert queries() == few
    assert max(few) <= 10
