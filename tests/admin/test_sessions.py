"""The list of sessions, which refreshes itself, and a session's page."""

from __future__ import annotations

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

from apigw_ws.models import AuditEvent, WebSocketSession
from apigw_ws.services.access import block_of
from apigw_ws_admin.screens.sessions import WebSocketSessionAdmin, cells, counting
from tests.admin import rows
from tests.test_messages import Connect, backend, gateway, visit  # noqa: F401  (fixtures)

pytestmark = pytest.mark.django_db

LIST = "/admin/apigw_ws/websocketsession/"
VIEW = "view_websocketsession"


def session(name: str, ago: int = 0, idle: int = 0, **fields: Any) -> WebSocketSession:
    """A session that began and was last active so many minutes ago."""
    fields = {"ip_address": "192.0.2.1", "channel_name": "lobby"} | fields
    made = WebSocketSession.objects.create(
        connection_id=name, address_block=block_of(fields["ip_address"]), **fields
    )
    now = timezone.now()
    moments = {"created_on": now - timedelta(minutes=ago), "active_on": now - timedelta(minutes=idle)}
    WebSocketSession.objects.filter(pk=made.pk).update(**moments)
    return made


def found(browser: Client, **query: str) -> list[str]:
    return re.findall(r"<code>([^<]+)</code>", browser.get(LIST, query).text)


def refreshed(browser: Client, version: str, **query: str) -> Any:
    return browser.get(LIST, query, headers={"HX-Request": "true", "X-Live": version})


@pytest.fixture
def crowd(db: None) -> None:
    """One in each state, and more."""
    ada = User.objects.create_user("ada")
    here = rows.gateway(1)
    session("live=", user=ada, api_gateway=here)
    session("idle=", ago=30, idle=20, channel_name="kitchen")
    session("expired=", ago=130, idle=5, ip_address="2001:db8::1")
    session("closed=", ago=3, connected=False, user=ada)
    session("both=", ago=70, idle=2, channel_name="kitchen").memberships.create(name="lobby")


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({}, "live= idle= both= expired="),
        ({"state": "live"}, "live= both="),
        ({"state": "idle"}, "idle="),
        ({"state": "expired"}, "expired="),
        ({"state": "closed"}, "closed="),
        ({"state": "all"}, "live= closed= idle= both= expired="),
        ({"state": "nonsense"}, "live= idle= both= expired="),
        ({"channel": "lobby"}, "live= both= expired="),
        ({"channel": "lobby\0", "user": "\0ad"}, "live="),
        ({"user": "ad"}, "live="),
        ({"user": "ad", "state": "all"}, "live= closed="),
        ({"address": "192.0.2.1"}, "live= idle= both="),
        ({"address": "2001:0db8::0001"}, "expired="),
        ({"address": "192.0.2"}, ""),
        ({"for": "lt1"}, "live="),
        ({"for": "gt60"}, "both= expired="),
        ({"for": "nonsense"}, "live= idle= both= expired="),
        ({"idle": "gt1"}, "idle= both= expired="),
        ({"q": "liv"}, "live="),
        ({"q": "LIV"}, ""),
        ({"q": "ada"}, "live="),
        ({"q": " 192.0.2.1 "}, "live= idle= both="),
        ({"q": "nobody"}, ""),
        ({"q": " "}, "live= idle= both= expired="),
    ],
)
def test_sessions_are_found_by(operator: Client, crowd: None, query: dict[str, str], names: str) -> None:
    assert found(operator, **query) == names.split()


def test_the_list_is_sorted_by_how_long_they_are_connected_and_idle(operator: Client, crowd: None) -> None:
    columns = operator.get(LIST).context["cl"].list_display
    shortest, most_idle = (str(columns.index(name)) for name in ("connected_for", "idle_for"))

    assert found(operator, o=shortest)[0] == "live="
    assert found(operator, o=f"-{shortest}")[0] == "expired="
    assert found(operator, o=f"-{most_idle}")[0] == "idle="


def test_a_refresh_brings_rows_and_pages_alone(operator: Client, crowd: None) -> None:
    page = operator.get(LIST)

    part = refreshed(operator, "")

    assert f'data-version="{part.headers["X-Live"]}"' in page.text
    assert "live=" in part.text
    assert "<html" not in part.text
    assert "csrfmiddlewaretoken" not in part.text


def test_nothing_is_sent_while_nothing_has_changed(operator: Client, crowd: None) -> None:
    version = operator.get(LIST).headers["X-Live"]

    unchanged = refreshed(operator, version)

    assert (unchanged.status_code, unchanged.content) == (204, b"")
    WebSocketSession.objects.filter(connection_id="live=").update(messages_out=1)
    assert refreshed(operator, version).status_code == 200


@pytest.mark.parametrize("field", ["active_on", "updated_on", "channel_name", "created_on", "connected"])
def test_what_a_row_shows_is_refreshed(operator: Client, crowd: None, field: str) -> None:
    values = {"channel_name": "attic", "connected": False}
    version = operator.get(LIST).headers["X-Live"]

    changed = values.get(field, timezone.now() - timedelta(minutes=121))
    WebSocketSession.objects.filter(connection_id="live=").update(**{field: changed})

    assert refreshed(operator, version).status_code == 200


def test_times_are_told_as_moments_so_that_they_are_not_sent_again(operator: Client, crowd: None) -> None:
    text = operator.get(LIST).text

    assert re.search(
        r'<time class="live-time" datetime="[^"]+\+00:00" title="[^"]+" data-live="since">', text
    )
    assert text.count('data-live="until"') == 4


def test_an_action_on_the_list_is_no_refresh(operator: Client, crowd: None) -> None:
    chosen = [WebSocketSession.objects.get(connection_id="live=").pk]

    response = operator.post(LIST, {"action": "disconnect_selected", "_selected_action": chosen})

    assert (response.status_code, "X-Live" in response.headers) == (302, False)


def test_a_refresh_of_an_empty_list_says_so(operator: Client) -> None:
    assert "Nobody is connected." in refreshed(operator, "").text
    assert "No session is like that." in refreshed(operator, "", user="nobody").text
    assert "Nobody is connected." in operator.get(LIST).text


def test_a_refresh_after_signing_out_leads_to_the_sign_in(client: Client) -> None:
    response = refreshed(client, "", state="all")

    assert response.status_code == 204
    assert response.headers["HX-Redirect"].startswith("/admin/login/?next=")


def test_addresses_are_for_those_who_may_see_them(staff: Callable[..., Client], crowd: None) -> None:
    viewer = staff(VIEW)
    row = WebSocketSession.objects.get(connection_id="live=")

    for path in ("", f"{row.pk}/change/", f"{row.pk}/facts/"):
        assert "192.0.2.1" not in viewer.get(f"{LIST}{path}").text
    assert found(viewer, q="192.0.2.1") == []
    for guess in ("address", "ip_address__startswith", "address_block", "session_key_hash__startswith"):
        response = viewer.get(LIST, {guess: "192.0.2.1"})
        assert (response.status_code, "<code>" in response.text) in {(302, False), (400, False)}


def test_who_may_see_addresses_may_not_guess_hashes(operator: Client, crowd: None) -> None:
    assert operator.get(LIST, {"ip_address": "192.0.2.1"}).status_code == 200
    assert operator.get(LIST, {"auth_hash__startswith": "a"}).status_code in {302, 400}


def queries(browser: Client, **query: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        browser.get(LIST, query)
    return len(captured)


@pytest.mark.parametrize("query", [{}, {"state": "all", "q": "ada", "user": "a"}, {"channel": "lobby"}])
def test_a_page_costs_at_most_12_queries_however_many_rows(
    operator: Client, crowd: None, query: dict[str, str]
) -> None:
    few = queries(operator, **query)
    for number in range(20):
        user = User.objects.create_user(f"a{number}")
        session(f"more-{number}=", user=user, api_gateway=rows.gateway(number + 10)).memberships.create(
            name="x"
        )

    assert queries(operator, **query) == few <= 12


def test_a_refresh_costs_no_more_than_the_page(operator: Client, crowd: None) -> None:
    page = queries(operator)
    with CaptureQueriesContext(connection) as captured:
        refreshed(operator, "")

    assert len(captured) <= page


def test_the_head_names_no_number_that_nobody_counted(operator: Client, crowd: None) -> None:
    assert not re.search(r"\d+ results?\b", operator.get(LIST).text)


def test_what_fits_on_a_page_is_not_counted_again(operator: Client, crowd: None) -> None:
    with CaptureQueriesContext(connection) as captured:
        text = operator.get(LIST).text

    shown = text.count('name="_selected_action"')
    assert f'<b id="live-figure">{shown}</b>' in text
    assert not [query for query in captured if "COUNT(" in query["sql"]]


def test_many_sessions_are_not_counted(operator: Client, crowd: None, monkeypatch: Any) -> None:
    monkeypatch.setattr(counting, "LIMIT", 2)
    monkeypatch.setattr(counting, "LIMIT_BEFORE_ESTIMATE", 2)
    monkeypatch.setattr(WebSocketSessionAdmin, "list_per_page", 2)

    with CaptureQueriesContext(connection) as captured:
        text = operator.get(LIST).text

    counts = [query["sql"] for query in captured if "COUNT(" in query["sql"]]
    assert re.search(r'<b id="live-figure">(more than 2|about \d+)</b>', text)
    assert len(counts) == 1
    assert "LIMIT 3" in counts[0]


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL reads small tables as a whole")
@pytest.mark.parametrize(
    ("query", "index"),
    [
        ({}, "apigw_ws_open_newest"),
        ({"state": "live"}, "apigw_ws_open_newest"),
        ({"for": "gt60"}, "apigw_ws_open_newest"),
        ({"state": "all"}, "apigw_ws_session_newest"),
        ({"channel": "lobby"}, "apigw_ws_open_in_channel"),
        ({"address": "192.0.2.1", "state": "all"}, "apigw_ws_session_by_address"),
        ({"q": "2001:db8::1", "state": "all"}, "apigw_ws_session_by_address"),
        ({"user": "ada", "state": "all"}, "user_id"),
    ],
)
def test_an_index_finds_the_rows(operator: Client, crowd: None, query: dict[str, str], index: str) -> None:
    assert index in operator.get(LIST, query).context["cl"].queryset.explain()


def test_few_sessions_are_counted(operator: Client, crowd: None) -> None:
    assert '<b id="live-figure">4</b>' in operator.get(LIST).text


@pytest.mark.parametrize(
    ("agent", "told"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox 140"),
        ("Mozilla/5.0 (Macintosh) AppleWebKit/605 (KHTML) Version/18.2 Safari/605.1.15", "Safari 18"),
        ("Mozilla/5.0 AppleWebKit/537.36 (KHTML) Chrome/138.0.0.0 Safari/537.36 Edg/138.0.0", "Edge 138"),
        ("python-websockets/15.0", "python-websockets 15.0"),
        (f"{1000 * 'x'}/1", f"{29 * 'x'}…"),
        ("", ""),
    ],
)
def test_an_agent_is_told_by_its_program(agent: str, told: str) -> None:
    assert cells.program(agent) == told


def test_what_clients_sent_is_shown_as_text(operator: Client) -> None:
    evil = "<script>alert(1)</script>"
    made = session("evil=", user_agent=evil, channel_name=evil, origin=evil)
    for number in range(4):
        made.memberships.create(name=f"{evil}{number}")

    for path in ("", f"{made.pk}/change/", f"{made.pk}/facts/"):
        assert evil not in operator.get(f"{LIST}{path}").text
    assert "+2" in operator.get(LIST).text


@pytest.mark.parametrize(
    ("name", "evidence"),
    [
        ("live=", "in the last ten minutes"),
        ("idle=", "Silent for ten minutes"),
        ("expired=", "Two hours old"),
        ("closed=", "Closed by the client, code 1001: Going away"),
    ],
)
def test_a_state_comes_with_its_evidence(operator: Client, crowd: None, name: str, evidence: str) -> None:
    WebSocketSession.objects.filter(connected=False).update(
        closed_by="client", close_code=1001, close_reason="Going away"
    )
    row = WebSocketSession.objects.get(connection_id=name)

    for path in ("change", "facts"):
        assert evidence in operator.get(f"{LIST}{row.pk}/{path}/").text


def test_an_end_that_nobody_recorded_is_told_so(operator: Client, crowd: None) -> None:
    row = WebSocketSession.objects.get(connection_id="closed=")

    assert "Closed by somebody that was not recorded." in operator.get(f"{LIST}{row.pk}/facts/").text


def test_facts_of_nobody_are_not_found(operator: Client, client: Client) -> None:
    assert operator.get(f"{LIST}1/facts/").status_code == 404


def test_a_message_is_sent_and_recorded_without_its_words(operator: Client, visit: Connect) -> None:  # noqa: F811
    socket, row = visit()

    text = operator.post(f"{LIST}{row.pk}/send/", {"message": ' {"secret": 1} '}).text

    assert "AWS took the message." in text
    assert socket.recv(timeout=5) == '{"secret":1}'
    operator.post(f"{LIST}{row.pk}/send/", {"message": '"text"'})
    assert socket.recv(timeout=5) == '"text"'
    event = AuditEvent.objects.filter(verb="send").earliest("pk")
    assert (event.who, event.object_text) == ("operator", row.connection_id)
    assert event.after == {"bytes": 12, "sent": True}


@pytest.mark.parametrize(
    ("message", "why"),
    [
        ("{'a': 1}", "Line 1, column 2"),
        ("", "no JSON"),
        ("NaN", "not JSON compliant"),
        ("9" * 5000, "Exceeds the limit"),
        ("[" * 100_000, "recursion"),
        (f'"{"x" * 131_072}"', "AWS takes at most 131072"),
    ],
)
def test_what_cannot_be_sent_says_why(operator: Client, crowd: None, message: str, why: str) -> None:
    row = WebSocketSession.objects.get(connection_id="live=")

    text = operator.post(f"{LIST}{row.pk}/send/", {"message": message}).text

    assert "Not sent" in text
    assert why in text
    assert not AuditEvent.objects.exists()


def test_a_message_to_what_is_gone_says_so(operator: Client, gateway: Any) -> None:  # noqa: F811
    row = session("e_d2EewNLPECIGw=", api_gateway=gateway)

    assert "is gone" in operator.post(f"{LIST}{row.pk}/send/", {"message": "1"}).text

    assert AuditEvent.objects.get(verb="send").after == {"bytes": 1, "sent": False}


def test_aws_that_refuses_or_is_gone_is_a_sentence(operator: Client, crowd: None) -> None:
    row = WebSocketSession.objects.get(connection_id="idle=")  # of no gateway

    assert "AWS did not tell" in operator.get(f"{LIST}{row.pk}/ask/").text
    assert "Not sent: The session belongs to no gateway" in (
        operator.post(f"{LIST}{row.pk}/send/", {"message": "1"}).text
    )
    assert AuditEvent.objects.get(verb="send").result == "failed"


def test_aws_tells_of_a_connection_beside_our_record(operator: Client, visit: Connect) -> None:  # noqa: F811
    socket, row = visit()

    text = operator.get(f"{LIST}{row.pk}/ask/").text

    assert "AWS says that it is open, and so do we." in text
    assert "127.0.0.1" in text
    WebSocketSession.objects.update(connected=False)
    text = operator.get(f"{LIST}{row.pk}/ask/").text
    assert "our record says that it is closed" in text
    assert (
        "Closed by somebody" in text.partition('id="facts" hx-swap-oob')[2]
    )  # the page said that it is live
    assert not AuditEvent.objects.filter(verb="send").exists()
    assert socket is not None


def test_aws_tells_what_it_does_not_know(operator: Client, gateway: Any) -> None:  # noqa: F811
    row = session("e_d2EewNLPECIGw=", api_gateway=gateway)

    assert "AWS knows no such connection" in operator.get(f"{LIST}{row.pk}/ask/").text

    row.refresh_from_db()
    assert row.connected


def test_who_may_only_look_is_offered_nothing_else(staff: Callable[..., Client], crowd: None) -> None:
    viewer = staff(VIEW)
    row = WebSocketSession.objects.get(connection_id="live=")

    text = viewer.get(f"{LIST}{row.pk}/change/").text

    assert "Ask AWS" in text
    assert "/send/" not in text
    assert viewer.post(f"{LIST}{row.pk}/send/", {"message": "1"}).status_code == 403
    assert "192.0.2.1" not in viewer.get(f"{LIST}{row.pk}/ask/").text


def test_sending_is_a_permission_of_its_own(staff: Callable[..., Client], crowd: None) -> None:
    sender = staff(VIEW, "send_message_websocketsession")
    row = WebSocketSession.objects.get(connection_id="live=")

    assert f"{row.pk}/send/" in sender.get(f"{LIST}{row.pk}/change/").text
    assert sender.get(f"{LIST}{row.pk}/send/").status_code == 405


def test_nobody_else_sees_anything(staff: Callable[..., Client], crowd: None) -> None:
    stranger = staff()
    row = WebSocketSession.objects.get(connection_id="live=")

    for path in ("", f"{row.pk}/change/", f"{row.pk}/facts/", f"{row.pk}/ask/"):
        assert stranger.get(f"{LIST}{path}").status_code == 403
