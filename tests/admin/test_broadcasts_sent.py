"""A broadcast from the page that asks once more to what came of it."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from apigw_ws import tasks
from apigw_ws.models import ApiGateway, AuditEvent, Broadcast, BroadcastRecipient, WebSocketSession
from tests.admin import rows
from tests.admin.test_broadcasts import COMPOSE, HTMX, LIST, asked, draft, session
from tests.emulator.serving import Served
from tests.test_messages import Connect, backend, gateway, visit  # noqa: F401  (fixtures)

pytestmark = pytest.mark.django_db


def page_of(broadcast: Broadcast, page: str = "change/") -> str:
    return f"{LIST}{broadcast.pk}/{page}"


def stored(**fields: Any) -> Broadcast:
    """A broadcast that is where the fields say."""
    now = timezone.now()
    lobby = {"kind": "channels", "channels": ["lobby"]}
    defaults = {"audience": lobby, "payload": '{"a":1}', "reason": "Maintenance", "started_on": now}
    return Broadcast.objects.create(**defaults | fields)


def missed(broadcast: Broadcast, result: str, **fields: Any) -> BroadcastRecipient:
    defaults = {"connection_id": "x=", "code": "ForbiddenException"}
    return BroadcastRecipient.objects.create(broadcast=broadcast, result=result, **defaults | fields)


def work() -> None:
    """As the worker does, until there is nothing left."""
    for _turn in range(5):
        for waiting in DBTaskResult.objects.filter(status="READY").order_by("enqueued_at"):
            waiting.delete()
            arguments = waiting.args_kwargs
            getattr(tasks, waiting.task_path.rpartition(".")[2]).call(
                *arguments["args"], **arguments["kwargs"]
            )


def sent(browser: Client, broadcast: Broadcast, **more: Any) -> Any:
    return browser.post(page_of(broadcast, "confirm/"), {"shown": "1", **more})


def test_a_message_is_composed_confirmed_sent_and_its_outcome_shown(
    operator: Client,
    visit: Connect,  # noqa: F811
    django_capture_on_commit_callbacks: Callable[..., Any],
) -> None:
    socket, one = visit()
    here = {"kind": "gateway", "gateway": one.api_gateway_id}
    gone = session("e_d2EewNLPECIGw", api_gateway=one.api_gateway)
    made = draft(operator, **here, payload='{"text": "Hello"}', with_id="on")
    page = operator.get(page_of(made, "confirm/"))
    assert "Send to 2 connections?" in page.text
    assert "&quot;text&quot;: &quot;Hello&quot;" in page.text

    with django_capture_on_commit_callbacks(execute=True):
        assert sent(operator, made).headers["Location"] == page_of(made)
    assert "It waits for a worker." in operator.get(page_of(made)).text
    with django_capture_on_commit_callbacks(execute=True):
        work()
    work()

    assert socket.recv(timeout=5) == f'{{"text":"Hello","broadcast_id":"{made.uid}"}}'
    made.refresh_from_db()
    assert (made.state, made.sent, made.gone, made.total) == ("done", 1, 1, 2)
    text = operator.get(page_of(made)).text
    assert '<dd data-count="sent">1</dd>' in text
    assert "2 of 2" in text
    assert "hx-trigger" not in text.split('id="numbers"')[1].split("</dl>")[0]
    assert gone.connection_id in operator.get("/admin/apigw_ws/broadcastrecipient/").text


def test_two_clicks_send_once(
    operator: Client, django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    session()
    made = draft(operator)

    with django_capture_on_commit_callbacks(execute=True):
        assert [sent(operator, made).headers["Location"] for _click in range(2)] == [page_of(made)] * 2

    assert DBTaskResult.objects.count() == 1
    assert AuditEvent.objects.filter(verb="broadcast").count() == 1


def test_a_draft_that_is_changed_replaces_the_one_before(operator: Client) -> None:
    session()
    first = draft(operator, title="First")
    form = operator.get(COMPOSE, {"draft": first.pk}).context["form"]
    assert (form["title"].value(), form["channels"].value()) == ("First", "lobby")

    second = draft(operator, title="Second", draft=str(first.pk))

    assert [each.pk for each in Broadcast.objects.all()] == [second.pk]
    assert operator.get(page_of(second)).headers["Location"] == page_of(second, "confirm/")
    assert operator.post(page_of(second, "discard/")).status_code == 302
    assert not Broadcast.objects.exists()


def test_nobody_sees_or_sends_the_draft_of_somebody_else(
    operator: Client, staff: Callable[..., Client]
) -> None:
    session()
    made = draft(operator)
    other = staff("view_broadcast", "send_broadcast", "control_broadcast")

    assert other.get(page_of(made, "confirm/")).status_code == 404
    assert sent(other, made).status_code == 404
    assert other.get(page_of(made)).status_code in {302, 404}
    assert other.get(COMPOSE, {"draft": made.pk}).context["form"]["reason"].value() is None
    assert "Maintenance" not in other.get(LIST).text


class TestLarge:
    @pytest.fixture(autouse=True)
    def two_are_many(self, settings: Any) -> None:
        settings.APIGW_WS = {"BROADCAST_LARGE": 1}
        session("a")
        session("b")

    @pytest.mark.parametrize(
        ("answer", "said"),
        [
            ({"shown": "2", "typed": ""}, "type the number"),
            ({"shown": "2", "typed": "3"}, "type the number"),
            ({"shown": "1", "typed": "1"}, "They have become more"),
        ],
    )
    def test_the_number_has_to_be_typed(self, operator: Client, answer: dict[str, str], said: str) -> None:
        made = draft(operator)

        assert said in sent(operator, made, **answer).text

        made.refresh_from_db()
        assert made.state == "draft"
        assert sent(operator, made, shown="2", typed=" 2 ").status_code == 302

    def test_it_takes_a_permission_of_its_own(self, staff: Callable[..., Client]) -> None:
        browser = staff("view_broadcast", "send_broadcast")
        counted = browser.post(f"{COMPOSE}audience/", asked(), headers=HTMX).text
        assert "You may send to 1 at most" in counted
        made = draft(browser)
        assert 'name="typed"' not in browser.get(page_of(made, "confirm/")).text

        assert sent(browser, made, shown="2", typed="2").status_code == 403

        made.refresh_from_db()
        assert made.state == "draft"


def test_a_trial_goes_to_ones_own_session(operator: Client, visit: Connect) -> None:  # noqa: F811
    def tried(payload: str = '{"a": 1}') -> str:
        return " ".join(operator.post(f"{COMPOSE}try/", {"payload": payload}, headers=HTMX).text.split())

    assert "You have no live session." in tried()
    socket, one = visit()
    WebSocketSession.objects.update(user=User.objects.get())

    assert "AWS took it for your session." in tried()
    assert socket.recv(timeout=5) == '{"a":1}'
    assert "Not sent: The message is not JSON" in tried("{")
    assert AuditEvent.objects.filter(verb="send").count() == 1
    session("e_d2EewNLPECIGw", api_gateway=one.api_gateway, user=User.objects.get())
    assert "AWS took it for 1 of your 2 sessions; the others are gone." in tried()


def test_a_trial_that_aws_refuses_says_so(operator: Client, visit: Connect, aws: Served) -> None:  # noqa: F811
    visit()
    WebSocketSession.objects.update(user=User.objects.get())
    aws.fault("execute-api:PostToConnection", "throttle", times=None)

    text = operator.post(f"{COMPOSE}try/", {"payload": "{}"}, headers=HTMX).text

    assert "Not sent: " in text
    assert "request ID" in text


def test_a_trial_that_aws_refuses_midway_says_how_far_it_came(
    operator: Client,
    visit: Connect,  # noqa: F811
) -> None:
    _socket, one = visit()
    WebSocketSession.objects.update(user=User.objects.get())
    unmade = rows.gateway(7, api_id="", api_created=False)
    older = session("b", api_gateway=unmade, user=User.objects.get())
    WebSocketSession.objects.filter(pk=older.pk).update(created_on=one.created_on - timedelta(minutes=1))

    text = operator.post(f"{COMPOSE}try/", {"payload": "{}"}, headers=HTMX).text

    assert "AWS took it for 1 of your 2 sessions. Then: " in text


def test_nothing_is_sent_to_a_page_where_nothing_has_changed(operator: Client) -> None:
    made = stored(state="sending", total=10, sent=4, gone=1)
    url = page_of(made, "progress/")

    first = operator.get(url, {"state": "sending"}, headers=HTMX)
    seen = first.context["live"].version

    assert "5 of 10" in first.text
    assert "HX-Retarget" not in first.headers
    assert operator.get(url, {"state": "sending", "seen": seen}, headers=HTMX).status_code == 204
    Broadcast.objects.update(sent=5)
    assert "6 of 10" in operator.get(url, {"state": "sending", "seen": seen}, headers=HTMX).text
    Broadcast.objects.update(state="done", sent=9, finished_on=timezone.now())
    over = operator.get(url, {"state": "sending", "seen": seen}, headers=HTMX)
    assert over.headers["HX-Retarget"] == "#broadcast"
    assert "Send again" in over.text
    assert "every 1s" not in over.text


@pytest.mark.parametrize(
    ("state", "act", "after"),
    [
        ("sending", "pause", "paused"),
        ("paused", "resume", "sending"),
        ("sending", "cancel", "cancelling"),
        ("scheduled", "cancel", "cancelled"),
    ],
)
def test_it_is_asked_before_it_is_done(operator: Client, state: str, act: str, after: str) -> None:
    made = stored(state=state, total=2)
    url = page_of(made, f"{act}/do/")
    assert f'id="act-{act}"' in operator.get(page_of(made)).text
    assert 'id="dialog"' in operator.get(url).text
    made.refresh_from_db()
    assert made.state == state

    page = operator.post(url, follow=True)

    made.refresh_from_db()
    assert made.state == after
    assert page.status_code == 200
    assert AuditEvent.objects.filter(verb=f"{act}_broadcast").count() == 1


def test_what_is_over_is_not_paused(operator: Client) -> None:
    made = stored(state="done", total=2, sent=2)

    page = operator.post(page_of(made, "pause/do/"), follow=True)

    assert "Nothing was done: the broadcast is not where it was. It is: Done." in page.text
    assert "act-pause" not in page.text
    assert operator.get(page_of(made, "explode/do/")).status_code == 404


def test_who_may_only_look_sees_numbers_and_no_button(staff: Callable[..., Client]) -> None:
    browser = staff("view_broadcast")
    made = stored(state="paused", total=2, payload='{"secret":1}')

    text = browser.get(page_of(made)).text

    assert "secret" not in text
    assert "for those who may see what messages say" in text
    assert "act-" not in text
    assert browser.post(page_of(made, "resume/do/")).status_code == 403
    Broadcast.objects.update(state="failed", failed=2)
    assert "retry" not in browser.get(page_of(made)).text
    assert browser.post(page_of(made, "retry/")).status_code == 403
    assert "secret" not in browser.get(LIST).text


def test_who_may_not_look_sees_nothing(staff: Callable[..., Client]) -> None:
    browser = staff("view_websocketsession")
    made = stored(state="done")

    for page in ("change/", "progress/", "pause/do/"):
        assert browser.get(page_of(made, page)).status_code == 403
    assert browser.get(LIST).status_code == 403
    assert browser.get("/admin/apigw_ws/broadcastrecipient/").status_code == 403


def test_an_author_controls_their_own_and_others_take_a_permission(staff: Callable[..., Client]) -> None:
    browser = staff("view_broadcast", "send_broadcast")
    made = stored(state="sending", total=2)
    assert browser.post(page_of(made, "cancel/do/")).status_code == 403

    Broadcast.objects.update(created_by=User.objects.get())

    assert browser.post(page_of(made, "cancel/do/")).status_code == 302


def test_failures_are_explained_and_exported_without_formulas(operator: Client) -> None:
    made = stored(state="done", total=3, sent=1, forbidden=1, failed=1)
    missed(made, "forbidden", user_label="=cmd()", connection_id="-a=")
    missed(made, "failed", code="", error_text="Reset")

    text = operator.get(page_of(made)).text
    assert "Who was not reached, and why" in text
    assert "ForbiddenException" in text

    export = f"/admin/apigw_ws/broadcastrecipient/export-file/?broadcast__id__exact={made.pk}"
    assert f'href="{export}"' in text
    answer = operator.post(export, {"choice": "csv"})
    lines = list(csv.DictReader(StringIO(answer.getvalue().decode())))
    assert [(line["connection_id"], line["user"], line["code"]) for line in lines] == [
        ("'-a=", "'=cmd()", "ForbiddenException"),
        ("x=", "", ""),
    ]
    only = operator.post(f"{export}&result__exact=failed", {"choice": "csv"})
    assert len(only.getvalue().splitlines()) == 2


def test_numbers_are_exported_as_they_are_filtered_and_without_words(operator: Client) -> None:
    made = stored(state="done", title="Back soon", total=3, sent=1, failed=2, payload='"secret words"')
    stored(state="cancelled")
    page = "/admin/apigw_ws/broadcast"
    assert f"{page}/export-file/?state__exact=done" in operator.get(f"{page}/?state__exact=done").text

    text = operator.post(f"{page}/export-file/?state__exact=done", {"choice": "csv"}).getvalue().decode()

    (line,) = csv.DictReader(StringIO(text))
    assert (line["uid"], line["title"], line["sent"], line["failed"]) == (
        str(made.uid),
        "Back soon",
        "1",
        "2",
    )
    assert "secret words" not in text


def test_those_who_were_not_reached_are_listed_and_filtered(operator: Client) -> None:
    made, other = stored(state="done"), stored(state="done")
    missed(made, "forbidden", connection_id="here=")
    missed(made, "gone", connection_id="gone=")
    missed(other, "gone", connection_id="other=")

    url = "/admin/apigw_ws/broadcastrecipient/"
    text = operator.get(f"{url}?broadcast__id__exact={made.pk}&result__exact=forbidden").text

    assert "here=" in text
    assert "gone=" not in text
    assert "other=" not in text
    detail = operator.get(f"{url}{made.recipients.get(result='gone').pk}/change/")
    assert detail.status_code == 200


def test_only_those_not_reached_are_tried_again(operator: Client) -> None:
    made = stored(state="done", total=2, sent=1, failed=1)
    missed(made, "failed", session=session("again"))
    assert 'id="retry"' in operator.get(page_of(made)).text

    again = operator.post(page_of(made, "retry/"), follow=True)

    assert "Send to 1 connection?" in again.text
    retried = Broadcast.objects.get(retry_of=made)
    assert retried.audience == {"kind": "not_reached", "broadcast": made.pk}
    form = operator.get(COMPOSE, {"draft": retried.pk}).context["form"]
    assert (form["kind"].value(), form["not_reached"].value()) == ("not_reached", made.pk)


def test_a_retry_that_is_changed_stays_one_and_keeps_its_times(operator: Client) -> None:
    made = stored(state="done", total=1, failed=1)
    missed(made, "failed", session=session("again"))
    operator.post(page_of(made, "retry/"))
    retried = Broadcast.objects.get(retry_of=made)
    first = draft(
        operator,
        kind="not_reached",
        not_reached=str(made.pk),
        draft=str(retried.pk),
        scheduled_for="2045-07-01T12:00",
        zone="Europe/Berlin",
    )

    page = operator.get(COMPOSE, {"draft": first.pk})

    assert first.retry_of == made
    assert f'value="{timezone.localtime(first.scheduled_for):%Y-%m-%dT%H:%M}"' in page.text
    assert 'data-moment="2045-07-01T10:00:00+00:00"' in page.text


def test_nobody_left_to_try_again_is_said(operator: Client) -> None:
    made = stored(state="done", total=1, failed=1)
    missed(made, "failed")

    page = operator.post(page_of(made, "retry/"), follow=True)

    assert "Nobody is there to get it" in page.text


def test_the_rate_is_drawn_over_time(operator: Client) -> None:
    start = timezone.now().replace(microsecond=0) - timedelta(seconds=10)
    made = stored(state="done", total=30, sent=28, failed=2, started_on=start, finished_on=timezone.now())
    for second, (taken, failed) in enumerate([(10, 0), (8, 2), (10, 0)]):
        made.samples.create(at=start + timedelta(seconds=second), sent=taken, failed=failed)

    text = operator.get(page_of(made)).text

    assert "Recipients per second" in text
    assert 'd="M0.1 100V50h0.8V100ZM1.1 100V50h0.8V100ZM2.1 100V50h0.8V100Z"' in text
    assert "in 10." in text


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({}, {"News", "Old", "Other"}),
        ({"channel": "lobby"}, {"News"}),
        ({"channel": "lob"}, set()),
        ({"channel": 'x"'}, set()),
        ({"state__exact": "done"}, {"News"}),
        ({"q": "Old"}, {"Old"}),
    ],
)
def test_broadcasts_are_found(operator: Client, query: dict[str, str], names: set[str]) -> None:
    here = rows.gateway(1)
    stored(title="News", state="done", sent=1, total=2)
    stored(title="Old", state="failed", audience={"kind": "gateway", "gateway": here.pk})
    stored(title="Other", state="scheduled", audience={"kind": "users", "users": [1, 2]})

    page = operator.get(LIST, query)

    assert {each.title for each in page.context["cl"].result_list} == names
    if not query:
        assert "1 of 2" in page.text
        assert "2 users" in page.text
        assert "gateway-1" in page.text


def test_the_list_costs_the_same_however_many_there_are(operator: Client) -> None:
    def cost() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert operator.get(LIST).status_code == 200
        return len(queries)

    for number in (1, 2):
        stored(audience={"kind": "gateway", "gateway": rows.gateway(number).pk})
    operator.get(LIST)
    few = cost()
    for number in range(3, 9):
        stored(
            audience={"kind": "channels", "channels": ["a"], "gateway": rows.gateway(number).pk},
            created_by=User.objects.create_user(f"user-{number}"),
        )

    assert few == cost() <= 12


def test_a_look_at_the_progress_costs_little(operator: Client) -> None:
    made = stored(state="sending", total=2)
    operator.get(page_of(made, "progress/"), headers=HTMX)

    with CaptureQueriesContext(connection) as queries:
        operator.get(page_of(made, "progress/"), {"state": "sending"}, headers=HTMX)

    assert len(queries) <= 6


@pytest.mark.parametrize(
    "audience",
    [
        {"kind": "channels", "channels": ["a", "b", "c", "d"]},
        {"kind": "users", "users": [1]},
        {"kind": "groups", "groups": [1]},
        {"kind": "gateway"},
        {"kind": "sessions", "sessions": [1, 2]},
        {"kind": "connections", "connections": ["a="]},
        {"kind": "filter", "query": {"state": "idle"}},
        {"kind": "not_reached", "broadcast": 1},
    ],
)
def test_any_broadcast_is_listed_shown_and_sent_again(operator: Client, audience: dict[str, Any]) -> None:
    made = stored(audience=audience, state="done", title="A title", rate=5, snapshot=False)

    assert "A title" in operator.get(LIST).text
    assert "Whoever is there when their turn comes" in operator.get(page_of(made)).text
    again = operator.get(f"{LIST}{made.pk}/again/", follow=True)

    form = again.context["form"]
    kept = (form["kind"].value(), form["title"].value(), form["rate"].value(), form["live"].value())
    assert kept == (audience["kind"], "A title", 5, "yes")


def test_a_selection_and_a_filter_of_sessions_lead_to_composing(operator: Client) -> None:
    one = session()
    sessions = "/admin/apigw_ws/websocketsession/"

    page = operator.get(sessions, {"channel": "lobby"})
    assert f"{COMPOSE}?sessions=channel%3Dlobby" in page.text
    chosen = {"action": "broadcast_to_selected", "_selected_action": [one.pk]}

    assert operator.post(sessions, chosen).headers["Location"] == f"{COMPOSE}?session={one.pk}"


def test_a_gateways_page_leads_to_composing(operator: Client, gateway: ApiGateway) -> None:  # noqa: F811
    here = f"/admin/apigw_ws/apigateway/{gateway.pk}/"

    assert f"{here}broadcast/" in operator.get(f"{here}overview/").text

    assert operator.get(f"{here}broadcast/").headers["Location"] == f"{COMPOSE}?gateway={gateway.pk}"


def test_who_may_not_read_it_sends_something_else_to_the_same(staff: Callable[..., Client]) -> None:
    made = stored(state="done", payload='{"secret":1}')

    form = staff("view_broadcast", "send_broadcast").get(COMPOSE, {"again": made.pk}).context["form"]

    assert (form["channels"].value(), form["payload"].value()) == ("lobby", "")


def test_a_draft_that_was_sent_is_not_discarded(operator: Client) -> None:
    made = stored(state="done", created_by=User.objects.get())

    page = operator.post(page_of(made, "discard/"), follow=True)

    assert "It was sent already." in page.text
    assert operator.get(page_of(made, "confirm/")).headers["Location"] == page_of(made)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"state": "queued"}, "It waits for a worker."),
        ({"state": "queued", "queued_on": datetime(2026, 1, 1, tzinfo=UTC)}, "No worker seems to run"),
        ({"state": "sending"}, "The recipients are being counted."),
        ({"state": "cancelling", "total": 2}, "the others are not sent to."),
    ],
)
def test_what_is_happening_is_said(operator: Client, fields: dict[str, Any], said: str) -> None:
    assert said in operator.get(page_of(stored(**fields))).text


@pytest.mark.parametrize(
    ("total", "said"),
    [(100, "less than a minute left"), (3_000, "5 min left"), (100_000, "2 h 46 min left")],
)
def test_the_time_left_is_told(operator: Client, total: int, said: str) -> None:
    start = timezone.now() - timedelta(seconds=60)
    made = stored(state="sending", total=total, started_on=start)
    for ago in range(-10, 10):
        made.samples.create(at=timezone.now().replace(microsecond=0) - timedelta(seconds=ago), sent=10)

    text = operator.get(page_of(made)).text

    assert said in text
    assert "10 a second" in text


@pytest.mark.parametrize(("seconds", "said"), [(0.2, "in 200 ms"), (130, "in 2 min 10 s")])
def test_how_long_it_took_is_told(operator: Client, seconds: float, said: str) -> None:
    start = timezone.now()
    made = stored(state="done", started_on=start, finished_on=start + timedelta(seconds=seconds))

    assert said in operator.get(page_of(made)).text
