"""The timeline of all that happened: of what somebody may see, at a price that does not grow."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apigw_ws.models import AuditEvent, Broadcast, Refusal
from apigw_ws.services import audit
from tests.admin.rows import fill

pytestmark = pytest.mark.django_db

PAGE = "/admin/apigw_ws/auditevent/activity/"
HTMX = {"HX-Request": "true"}
SEEN = {
    "view_run": "Run: Apply",
    "view_auditevent": "Banned",
    "view_broadcast": "Broadcast: News",
    "view_refusal": "Refused 0.",
}


@pytest.fixture
def happened(db: None) -> None:
    """Something of each kind."""
    fill(0)
    audit.record(AuditEvent.Verb.BAN, None, what="203.0.113.0/24", ip="198.51.100.4")
    Broadcast.objects.create(payload='{"secret": 1}', title="News", state="done", total=1200, sent=1100)
    Refusal.objects.update(ip_address="192.0.2.1")


def test_each_kind_tells_what_happened_and_leads_to_its_record(operator: Client, happened: None) -> None:
    text = operator.get(PAGE).text

    assert [told for told in SEEN.values() if told not in text] == []
    assert "sent to 1,100 of 1,200" in text
    assert "203.0.113.0/24" in text
    assert "from 198.51.100.4" in text
    for href in re.findall(r'timeline-what"><a href="([^"]+)', text):
        assert operator.get(href).status_code == 200


@pytest.mark.parametrize("permission", SEEN)
def test_each_kind_needs_its_own_permission(
    staff: Callable[..., Client], happened: None, permission: str
) -> None:
    client = staff(permission)

    pages = [
        client.get(PAGE, query).text for query in ({}, {"kind": ["run", "event", "broadcast", "refusal"]})
    ]

    for text in pages:
        assert [each for each, told in SEEN.items() if told in text] == [permission]
    assert f'href="{PAGE}"' in pages[0]


def test_who_may_see_none_of_it_gets_nowhere(staff: Callable[..., Client], happened: None) -> None:
    client = staff("view_apigateway")

    for part in ("", "chart/", "newer/", "export/"):
        assert client.get(f"{PAGE}{part}").status_code == 403
    assert f'href="{PAGE}"' not in client.get("/admin/apigw_ws/apigateway/").text


def test_addresses_are_for_those_who_may_see_them(staff: Callable[..., Client], happened: None) -> None:
    client = staff("view_auditevent", "view_refusal", "view_broadcast")

    page = client.get(PAGE).text
    file = b"".join(client.post(f"{PAGE}export/", {"choice": "jsonl"})).decode()

    for text in (page, file):
        assert not [each for each in ("203.0.113", "198.51.100", "192.0.2", "secret") if each in text]


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ({"kind": "run"}, "Run: Apply"),
        ({"who": "user-0", "kind": "run"}, "Run: Apply"),
        ({"result": "wrong"}, "Refused 0."),
        ({"gateway": "1", "kind": "refusal"}, "Refused 0."),
        ({"who": "nobody"}, "Nothing in this time is like that."),
        (
            {"since": "2020-01-01T00:00:00Z", "until": "2020-01-02T00:00:00Z"},
            "Nothing happened in this time.",
        ),
        ({"before": "2020-01-01T00:00:00Z_0_0"}, "Nothing happened in this time before that."),
    ],
)
def test_the_timeline_is_narrowed_by_the_url(
    operator: Client, happened: None, query: dict[str, str], told: str
) -> None:
    text = operator.get(PAGE, query).text

    assert told in text
    assert "Banned" not in text


@pytest.mark.parametrize(
    "query",
    [
        {
            "since": "yesterday",
            "until": "9999-12-31T23:59:59-12:00",
            "gateway": "x",
            "kind": "x",
            "result": "x",
        },
        {"since": "0001-01-01T00:00:00+12:00", "until": "2026-02-31T00:00", "before": "x", "span": "x"},
        {"since": "2026-01-02T00:00:00Z", "until": "2026-01-01T00:00:00Z", "who": "\0"},
        {"since": "0001-01-01T00:00:00Z", "until": "0001-01-02T00:00:00Z"},
        {"until": "0001-01-01T00:00:00Z"},
        {"since": "9999-12-31T23:59:59Z"},
        {"gateway": "9" * 40},
        {"before": "9999-12-31T23:59:59Z_0_0", "than": "0001-01-01T00:00:00Z_0_0"},
    ],
)
def test_a_url_that_nobody_understands_breaks_nothing(
    operator: Client, happened: None, query: dict[str, str]
) -> None:
    for part in ("", "chart/", "newer/", "export/"):
        assert operator.get(f"{PAGE}{part}", query).status_code in {200, 204}


def test_the_link_shows_a_colleague_the_same_later(operator: Client, happened: None) -> None:
    link = operator.get(PAGE, {"kind": "event", "span": "1h"}).context["link"]

    audit.record(AuditEvent.Verb.ADOPT, None, what="later")
    since, until = (
        datetime.fromisoformat(found) for found in re.findall(r"=(2\d{3}-[^&]+)", link.replace("%3A", ":"))
    )

    assert link.startswith("http://testserver" + PAGE)
    assert until - since == timedelta(hours=1)
    assert "kind=event" in link
    assert until <= timezone.now()
    page = operator.get(link)
    assert page.context["asked"].since == since.astimezone(UTC)
    assert page.context["than"] is None


def test_older_ones_come_below_without_the_page(operator: Client, db: None) -> None:
    for number in range(60):
        audit.record(AuditEvent.Verb.CHANGE, None, what=f"record {number}.")

    page = operator.get(PAGE).text
    (url,) = re.findall(r'hx-get="(\?[^"]+before=[^"]+)"', page)
    more = operator.get(PAGE + url.replace("&amp;", "&"), headers=HTMX).text

    told = [int(found) for found in re.findall(r"record (\d+)\.", page + more)]
    assert told == [*range(59, -1, -1)]
    assert "<html" not in more
    assert "Nothing happened in this time before that." in more


def test_the_page_says_how_much_came_since_and_nothing_while_nothing_came(
    operator: Client, happened: None
) -> None:
    page = operator.get(PAGE).text
    (url,) = re.findall(r'hx-get="([^"]+newer[^"]+)"', page)
    url = url.replace("&amp;", "&")

    assert operator.get(url, headers=HTMX).status_code == 204
    for _number in range(3):
        audit.record(AuditEvent.Verb.CHANGE, None, what="x")

    came = operator.get(url, headers=HTMX)
    assert "Newer events: 3" in came.text
    assert operator.get(url.replace("seen=0", "seen=3"), headers=HTMX).status_code == 204


def test_the_chart_says_how_much_there_was(operator: Client, happened: None) -> None:
    text = operator.get(f"{PAGE}chart/", headers=HTMX).text
    acts = operator.get(f"{PAGE}chart/", {"kind": "run"}, headers=HTMX).text

    assert "Acts: 3, at most" in text
    assert "Refusals: 1, at most" in text
    assert "Refusals" not in acts


def test_a_line_of_refusals_leads_to_them_alone(operator: Client, happened: None) -> None:
    row = Refusal.objects.get()
    again = {"guard": row.guard, "phase": "connect", "status": 403, "reason": row.reason}
    Refusal.objects.create(**again, api_gateway=row.api_gateway, times=1234)
    Refusal.objects.create(**again)
    Refusal.objects.update(created_on=timezone.now() - timedelta(hours=1))

    text = operator.get(PAGE, {"kind": "refusal"}).text
    (url,) = re.findall(r'href="([^"]+guard=origin[^"]+)"', text)

    assert "1,235 times" in text
    assert len(operator.get(url.replace("&amp;", "&")).context["cl"].result_list) == 2


def test_all_of_it_is_exported_in_the_same_words(operator: Client, happened: None) -> None:
    assert "15 columns" in operator.get(f"{PAGE}export/", {"kind": "run"}).text

    lines = b"".join(operator.post(f"{PAGE}export/", {"choice": "jsonl"})).decode().splitlines()
    table = b"".join(operator.post(f"{PAGE}export/?kind=broadcast", {"choice": "csv"})).decode()

    assert {json.loads(line)["kind"] for line in lines} == {"run", "event", "broadcast", "refusal"}
    (sent,) = csv.DictReader(table.splitlines())
    assert (sent["subject"], sent["sent"], sent["total"]) == ("News", "1100", "1200")
    noted = AuditEvent.objects.filter(verb="export").order_by("pk")
    assert [event.after and event.after["rows"] for event in noted if event.object_text == "Activity"] == [
        4,
        1,
    ]


def test_a_page_costs_the_same_with_much_on_it(staff: Callable[..., Client], happened: None) -> None:
    client = staff("view_run", "view_auditevent", "view_broadcast", "view_refusal")

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(PAGE, {"who": "user-0"}).status_code == 200
        return len(captured)

    queries()
    few = queries()
    for number in range(1, 10):
        fill(number)

    assert queries() == few <= 12
