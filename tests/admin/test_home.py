"""The console's first page: what needs somebody now, numbers, charts, gateways, channels."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apigw_ws.models import (
    ApiGateway,
    Broadcast,
    Channel,
    Chore,
    Refusal,
    Rollup,
    Run,
    Sighting,
    WebSocketSession,
)
from apigw_ws.services import attention, reaper, trends
from apigw_ws.tasks import finish_closing
from tests.admin.rows import gateway

pytestmark = pytest.mark.django_db

HOME = "/admin/apigw_ws/apigateway/home/"
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def reaped(db: None) -> Chore:
    """The reaper is at work."""
    return Chore.objects.create(name=reaper.NAME, started_on=timezone.now(), finished_on=timezone.now())


@pytest.fixture(autouse=True)
def same_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    """Charts and numbers are at the middle of one minute, even if it ends during the test."""
    middle = time.time() // 60 * 60 + 30
    monkeypatch.setattr(trends, "_clock", lambda: middle)


def words(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def page(client: Client, **query: str) -> str:
    """The words of the page, without those of the frame."""
    response = client.get(HOME, query)
    assert response.status_code == 200
    return words(response.text.partition('<div id="home"')[2])


def happened(ago: int = 1, of: ApiGateway | None = None, **numbers: int) -> None:
    """This many minutes ago, at a gateway or at all together."""
    minute = int(trends._clock() // 60) - ago
    Rollup.objects.create(minute=minute, gateway=of.pk if of else Rollup.ALL, **numbers)


def counted(kind: str, number: int) -> None:
    cache.set(attention.key(kind), number)


def healthy(number: int = 0, **fields: Any) -> ApiGateway:
    """Deployed, and not changed since."""
    made = gateway(number, deployment_id="d1", **fields)
    now = timezone.now()
    Run.objects.create(gateway=made, state="done", started_on=now, finished_on=now)
    return made


def certificate_of(made: ApiGateway, ends_in: timedelta) -> None:
    """As it was seen last."""
    now = timezone.now()
    Sighting.objects.create(
        gateway=made, domain_name=made.domain_name, domain_seen_on=now, certificate_ends_on=now + ends_in
    )


def test_where_all_is_well_a_calm_line_says_so(operator: Client) -> None:
    healthy()

    assert "Nothing needs you now." in page(operator)


def test_a_failing_gateway_is_named_with_the_reason(operator: Client) -> None:
    made = gateway()
    now = timezone.now()
    Run.objects.create(gateway=made, state="failed", error_text="No access.", started_on=now, finished_on=now)

    said = page(operator)

    assert f"“{made}” is failing. The last run failed: No access. Look at it" in said
    assert "failed, and no other" not in said


def test_of_many_gateways_some_are_named(operator: Client) -> None:
    now = timezone.now()
    for number in range(5):
        made = gateway(number)
        Run.objects.create(gateway=made, state="failed", started_on=now, finished_on=now)

    said = page(operator)

    assert said.count("is failing.") == 3
    assert "So are 2 more gateways. See all of them" in said


@pytest.mark.parametrize(
    ("kind", "number", "said"),
    [
        ("failed_runs", 1, "1 run of the last 24 hours failed, and no other has made it good."),
        ("failed_runs", 2, "2 runs of the last 24 hours failed"),
        ("problems", 1, "The doctor has found 1 problem. Ask the doctor"),
        ("refusals_above_normal", 1200, "1200 events were refused in the last hour, far more than"),
    ],
)
def test_what_the_menu_counts_is_said_in_a_sentence(
    operator: Client, kind: str, number: int, said: str
) -> None:
    counted(kind, number)

    assert said in page(operator).replace(",200", "200")


def test_a_gateway_that_differed_from_aws_leads_to_both_sides(operator: Client, aws: Any) -> None:
    from apigw_ws.services import observation, provisioning

    made = gateway(api_id="", api_created=False)
    provisioning.apply(made)
    ApiGateway.objects.filter(pk=made.pk).update(throttling_rate_limit=77, updated_on=timezone.now())
    made.refresh_from_db()
    observation.observe([made], budget=20)

    text = operator.get(HOME).text

    assert "is not in AWS as it is recorded. 1 operation is not applied yet." in words(text)
    assert f'href="/admin/apigw_ws/apigateway/{made.pk}/drift/"' in text


@pytest.mark.parametrize(
    ("ends_in", "said"),
    [
        (29 * DAY, "The certificate of ws.example.com ends on"),
        (-DAY, "The certificate of ws.example.com ended on"),
        (31 * DAY, "Nothing needs you now."),
    ],
)
def test_a_certificate_that_ends_within_thirty_days_is_told(
    operator: Client, ends_in: timedelta, said: str
) -> None:
    certificate_of(healthy(domain_name="ws.example.com"), ends_in)

    assert said in page(operator)


def test_a_domain_that_nobody_has_looked_at_is_no_news(operator: Client) -> None:
    healthy(domain_name="ws.example.com")

    assert "Nothing needs you now." in page(operator)


def test_a_late_reaper_is_told_once(operator: Client, reaped: Chore) -> None:
    Chore.objects.filter(pk=reaped.pk).update(started_on=timezone.now() - DAY)
    counted("problems", 1)

    said = page(operator)

    assert "The reaper: Its last tick was 1 day ago" in said
    assert "manage.py ws_reap --forever" in said
    assert "The doctor has found" not in said


def test_a_reaper_that_never_ran_is_told(operator: Client, reaped: Chore) -> None:
    reaped.delete()

    assert "The reaper: It has never run" in page(operator)


def test_a_worker_that_takes_nothing_up_is_told(operator: Client) -> None:
    finish_closing.enqueue()
    assert "No worker" not in page(operator)

    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE django_tasks_database_dbtaskresult SET enqueued_at = %s", [timezone.now() - DAY]
        )

    assert "No worker takes up what waits, for 1 day now: keep “manage.py db_worker” running." in page(
        operator
    )


def test_a_broadcast_in_flight_says_how_far_it_is(operator: Client) -> None:
    Broadcast.objects.create(title="Maintenance", payload="1", state="sending", total=5000, sent=1200)
    Broadcast.objects.create(title="News", payload="1", state="queued")
    Broadcast.objects.create(title="Old", payload="1", state="done", total=1, sent=1)

    said = page(operator)

    assert "Broadcast “Maintenance” is sending: 1,200 of 5,000 recipients had their turn. Follow it" in said
    assert "Broadcast “News” is queued." in said
    assert "Old" not in said


def test_numbers_say_of_when_they_are(operator: Client) -> None:
    made = healthy()
    for of in (None, made):
        happened(2, of, connects=12, messages_in=3400, live=56, took_10=100)
        happened(1, of, connects=12, messages_in=3400, live=56, took_10=100)
    happened(30, send_failures=7)

    said = page(operator)

    assert "Live sessions 56 at" in said
    assert "Connects 12 in a minute" in said
    assert "Messages in 3,400 in a minute" in said
    assert "Handler p50 / p95 7.5 / 9.7 ms over 5 minutes" in said
    assert "Failed sends 7 in the last hour" in said
    assert f"{made} Healthy 56 12 3,400 0" in said


def behind(client: Client, tile: str) -> Any:
    """The rows of the list to which a number leads."""
    (link,) = re.findall(rf'<dt><a href="([^"]*)">{tile}</a></dt>', client.get(HOME).text)
    return client.get(unescape(link)).context["cl"].result_list


def test_handlers_that_failed_lead_to_their_sessions(operator: Client) -> None:
    happened(1, handler_failures=2)
    failing, _fine = (
        WebSocketSession.objects.create(connection_id=name, connected=False, failed_on=failed_on)
        for name, failed_on in (("a=", timezone.now()), ("b=", None))
    )

    assert [each.pk for each in behind(operator, "Failed handlers")] == [failing.pk]


def test_numbers_lead_to_the_rows_of_their_time(operator: Client) -> None:
    now = timezone.now()
    full = trends.now().minute
    ages = {"new": full + timedelta(seconds=30), "earlier": full - timedelta(minutes=5)}
    sessions = {
        name: WebSocketSession.objects.create(connection_id=name, active_on=now - timedelta(minutes=9))
        for name in ages
    }
    for name, created_on in ages.items():
        WebSocketSession.objects.filter(connection_id=name).update(created_on=created_on)
    WebSocketSession.objects.create(connection_id="idle", active_on=now - timedelta(minutes=11))
    talking = WebSocketSession.objects.create(connection_id="talking", active_on=now)
    early, lately = (Refusal.objects.create(guard="origin", phase="connect", status=403) for _ in range(2))
    for refusal, ago in ((early, 62), (lately, 2)):
        Refusal.objects.filter(pk=refusal.pk).update(created_on=now - timedelta(minutes=ago))

    assert [each.pk for each in behind(operator, "Connects")] == [sessions["new"].pk]
    assert {each.connection_id for each in behind(operator, "Live sessions")} == {*ages, "talking"}
    assert [each.pk for each in behind(operator, "Messages in")] == [talking.pk]
    assert [each.pk for each in behind(operator, "Refusals")] == [lately.pk]


def test_failed_sends_lead_to_the_broadcasts_of_the_same_hour(
    operator: Client, staff: Callable[..., Client]
) -> None:
    assert '?kind=broadcast&amp;span=1h">Failed sends</a>' in operator.get(HOME).text
    assert "<dt>Failed sends</dt>" in staff("view_websocketsession").get(HOME).text


def test_sessions_that_nobody_counts_are_not_said_to_be_none(operator: Client) -> None:
    assert "Live sessions \N{EN DASH} “ws_reap --forever” counts them" in page(operator)


def test_charts_carry_their_numbers_for_the_table(operator: Client) -> None:
    happened(1, messages_in=3, messages_out=4)

    text = operator.get(HOME).text

    assert re.search(r'data-name="in" data-values="[,0]*,3,0"', text)
    assert re.search(r'data-name="out" data-values="[,0]*,4,0"', text)


@pytest.mark.parametrize(
    ("span", "steps", "step"), [("1h", 60, "1 minute"), ("24h", 96, "15 minutes"), ("7d", 84, "2 hours")]
)
def test_each_span_has_its_steps(operator: Client, span: str, steps: int, step: str) -> None:
    happened(1, connects=1)

    response = operator.get(HOME, {"range": span})

    assert f'viewBox="0 0 {steps} 100"' in response.text
    assert f"A step of the charts is {step} long" in words(response.text)
    assert f'hx-get="{HOME}?range={span}"' in response.text


def test_without_a_gateway_the_wizard_is_the_next_step(operator: Client) -> None:
    text = operator.get(HOME).text

    assert "There is no gateway yet." in words(text)
    assert 'href="/admin/apigw_ws/apigateway/wizard/"' in text


def test_without_a_session_the_next_step_is_a_client(operator: Client) -> None:
    made = healthy()

    said = page(operator)

    assert f"In a terminal wscat -c {made.client_url}" in said
    assert "Nobody is in a channel." in said


def test_the_busiest_channels_come_first(operator: Client) -> None:
    for name, members, messages in (("quiet", 50, 0), ("busy", 2, 900), ("empty", 0, 0)):
        Channel.objects.create(name=name, members=members, live=members, messages=messages)

    assert "busy 2 900 quiet 50 0" in page(operator)


def test_the_worst_gateways_come_first(operator: Client) -> None:
    fine, busy = healthy(0), healthy(1)
    never = gateway(2)
    happened(1, live=9)
    happened(1, busy, live=9)

    said = page(operator).partition("Health Live")[2]

    assert said.index(str(never)) < said.index(str(busy)) < said.index(str(fine))


def test_of_many_gateways_there_is_a_way_to_all(operator: Client) -> None:
    for number in range(10):
        gateway(number)

    assert "All 10 gateways" in page(operator)


@pytest.mark.parametrize(
    ("codename", "there", "hidden"),
    [
        ("view_apigateway", ("Gateways",), ("Live sessions", "Refusals", "Top channels")),
        (
            "view_websocketsession",
            ("Live sessions", "Top channels"),
            ("Gateways", "Refusals", "There is no gateway"),
        ),
        ("view_refusal", ("Refusals",), ("Live sessions", "Gateways", "Top channels")),
        ("view_broadcast", ("Maintenance",), ("Live sessions", "Gateways", "Refusals")),
        ("view_run", ("failed, and no other",), ("Live sessions", "Maintenance", "Refusals")),
    ],
)
def test_what_somebody_may_not_see_is_not_there(
    staff: Callable[..., Client], codename: str, there: tuple[str, ...], hidden: tuple[str, ...]
) -> None:
    happened(1, connects=1, refusals=1)
    Broadcast.objects.create(title="Maintenance", payload="1", state="sending", total=1)
    counted("failed_runs", 1)

    said = page(staff(codename))

    assert [text for text in there if text not in said] == []
    assert [text for text in hidden if text in said] == []


def test_who_may_see_nothing_is_told_whom_to_ask(staff: Callable[..., Client]) -> None:
    said = page(staff())

    assert "There is nothing here that you may see yet." in said
    assert "Nothing needs you now" not in said


def test_who_may_not_add_gateways_is_not_sent_to_the_wizard(staff: Callable[..., Client]) -> None:
    client = staff("view_apigateway")

    assert "Somebody who may add gateways has to add the first." in page(client)
    assert "/wizard/" not in client.get(HOME).text


def refreshed(client: Client, *versions: str) -> Any:
    return client.get(HOME, headers={"HX-Request": "true", "X-Live": ",".join(versions)})


def versions_of(text: str) -> dict[str, str]:
    return dict(re.findall(r'<div id="home-(\w+)" data-version="(\w+)"', text))


def test_a_refresh_sends_nothing_while_nothing_has_changed(operator: Client) -> None:
    happened(1, connects=1)
    versions = versions_of(operator.get(HOME).text)

    assert [*versions] == ["first", "needs", "numbers", "charts", "lists"]
    assert refreshed(operator, *versions.values()).status_code == 204


def test_a_refresh_sends_the_parts_that_have_changed(operator: Client) -> None:
    happened(1, connects=1)
    versions = versions_of(operator.get(HOME).text)
    Channel.objects.create(name="lobby", members=1)

    answer = refreshed(operator, *versions.values())

    assert [*versions_of(answer.text)] == ["lists"]
    assert "<html" not in answer.text


def test_all_parts_anew_are_less_than_twenty_kilobytes(operator: Client) -> None:
    for ago in range(60):
        many = 1000 + 7 * ago
        failures = {"refusals": ago, "send_failures": ago}
        times = {"took_10": 60 - ago, "took_200": ago}
        numbers = {
            "connects": many,
            "disconnects": many,
            "messages_in": many,
            "messages_out": many,
            "live": ago,
        }
        happened(ago, None, **failures, **times, **numbers)

    sent = operator.get(HOME, headers={"HX-Request": "true", "Accept-Encoding": "gzip"})

    assert sent.headers["Content-Encoding"] == "gzip"
    assert len(sent.content) < 20_000


def test_the_page_costs_as_many_queries_with_many_rows_as_with_few(
    operator: Client, staff: Callable[..., Client]
) -> None:
    everything = staff(
        "view_apigateway", "view_websocketsession", "view_refusal", "view_run", "view_broadcast"
    )
    healthy(0)
    operator.get(HOME)
    few = [costs(client) for client in (operator, everything)]
    for number in range(1, 30):
        made = healthy(number, domain_name=f"{number}.example.com")
        happened(1, made, live=3)
        Channel.objects.create(name=str(number), members=3)
        Broadcast.objects.create(title=str(number), payload="1", state="sending")

    assert [costs(client) for client in (operator, everything)] == few
    assert max(few) <= 12


def costs(client: Client) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(HOME).status_code == 200
    return len(captured)
