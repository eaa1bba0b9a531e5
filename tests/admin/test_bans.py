"""Bans in the console: who is kept out, making one, lifting one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apigw_ws.models import AuditEvent, Ban, Refusal, WebSocketSession
from apigw_ws.services import bans

pytestmark = pytest.mark.django_db

LIST = "/admin/apigw_ws/ban/"
ADD = f"{LIST}add/"
#: What a dialog sends.
CONFIRMED = {"_form_submitted": "1"}


def form(**values: object) -> dict[str, object]:
    empty = dict.fromkeys(("username", "network", "user_agent", "channel_name", "reason"), "")
    return {**empty, "minutes": 15, **values}


def shown(client: Client, **query: str) -> list[str]:
    return [ban.full_text for ban in client.get(LIST, query).context["cl"].result_list]


def test_a_ban_is_made_for_a_while_and_closes_what_it_hits(operator: Client) -> None:
    WebSocketSession.objects.create(connection_id="a", ip_address="203.0.113.7", address_block="203.0.113.7")

    page = operator.post(ADD, form(network="203.0.113.7", reason="Scraping"), follow=True)

    assert "Banned: 203.0.113.7. 1 open connection is being closed." in page.text
    ban = Ban.objects.get()
    assert ban.expires_on is not None
    assert timedelta(minutes=14) < ban.expires_on - timezone.now() <= timedelta(minutes=15)
    assert (ban.network, str(ban.created_by)) == ("203.0.113.7/32", "operator")
    event = AuditEvent.objects.get()
    assert (event.verb, event.object_text, event.ip_address) == ("ban", "an address", "127.0.0.1")
    assert not WebSocketSession.objects.get().connected


def test_a_user_is_named_by_what_they_sign_in_with(operator: Client) -> None:
    ada = User.objects.create_user("ada")

    assert "There is no user “bob”" in operator.post(ADD, form(username="bob")).text
    assert operator.post(ADD, form(username="ada", minutes=0)).status_code == 302
    ban = Ban.objects.get()
    assert (ban.user, ban.expires_on) == (ada, None)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({}, "Name one of user, network and user agent"),
        ({"network": "203.0.113.7", "user_agent": "evilbot"}, "Name one of user, network and user agent"),
        ({"network": "nonsense"}, "“nonsense” is no address and no network"),
        ({"channel_name": "a b"}, "letters without accents"),
        ({"username": "operator"}, "This is you."),
        ({"network": "127.0.0.0/8"}, "Your own address, 127.0.0.1, is in this network."),
    ],
)
def test_nonsense_is_refused_with_a_sentence(
    operator: Client, values: dict[str, object], sentence: str
) -> None:
    response = operator.post(ADD, form(**values))

    assert response.status_code == 200
    assert sentence in response.text
    assert not Ban.objects.exists()


def test_a_ban_of_the_whole_internet_needs_a_second_look(operator: Client, client: Client) -> None:
    assert 'type="checkbox" name="wide"' not in operator.get(ADD).text
    everybody = form(network="192.0.0.0/8")

    first = operator.post(ADD, everybody)
    assert "192.0.0.0/8 is a very large network" in first.text
    assert 'name="wide"' in first.text
    assert not Ban.objects.exists()

    assert operator.post(ADD, {**everybody, "wide": "on"}).status_code == 302
    assert Ban.objects.get().active


def test_the_form_is_filled_in_from_its_address(operator: Client) -> None:
    text = operator.get(ADD, {"network": "2001:db8::/64", "minutes": "60", "reason": "Too many"}).text

    assert 'value="2001:db8::/64"' in text
    assert 'value="Too many"' in text
    assert '<option value="60" selected' in text


def test_the_list_shows_those_in_force_and_the_others_when_asked(operator: Client) -> None:
    bans.ban(network="203.0.113.7", reason="Scraping", minutes=90)
    bans.lift(bans.ban(network="203.0.113.8").ban, by=None)
    bans.ban(user_agent="evilbot", minutes=-1)

    assert shown(operator) == ["203.0.113.7"]
    assert sorted(shown(operator, state="over")) == ["203.0.113.8", "evilbot"]
    assert len(shown(operator, state="all")) == 3
    assert shown(operator, q="scrap") == ["203.0.113.7"]
    text = operator.get(LIST, {"state": "all"}).text
    assert [word for word in ("In force", "Lifted", "Expired", "1\xa0hour") if word not in text] == []


def test_a_ban_tells_how_often_it_refused_somebody(operator: Client) -> None:
    ban = bans.ban(network="203.0.113.7").ban
    for times in (1, 4):
        Refusal.objects.create(
            guard="ban", phase="connect", status=403, reason="No.", facts={"ban": ban.pk}, times=times
        )
    link = f'href="/admin/apigw_ws/refusal/?guard=ban&amp;ban={ban.pk}">5</a>'

    assert link in operator.get(LIST).text
    assert link in operator.get(f"{LIST}{ban.pk}/change/").text
    refused = operator.get("/admin/apigw_ws/refusal/", {"guard": "ban", "ban": str(ban.pk)})
    assert len(refused.context["cl"].result_list) == 2


def test_a_ban_is_lifted_behind_a_dialog(operator: Client) -> None:
    ban = bans.ban(network="203.0.113.7").ban
    dialog = f"{LIST}{ban.pk}/lift/"

    assert "They may connect again" in operator.get(dialog, headers={"HX-Request": "true"}).text
    assert Ban.objects.active().exists()
    assert operator.post(dialog, CONFIRMED).headers["HX-Redirect"] == LIST
    assert "Lifted: 203.0.113.7." in operator.get(LIST).text
    assert not Ban.objects.active().exists()
    assert AuditEvent.objects.latest("pk").verb == "lift_ban"


def test_the_list_is_as_it_was_after_a_ban_is_made_or_lifted(operator: Client) -> None:
    left = "state=active&o=-2"

    made = operator.post(f"{ADD}?_changelist_filters=state%3Dactive%26o%3D-2", form(network="192.0.2.1"))
    seen = {"HX-Current-URL": f"http://testserver{LIST}?{left}"}
    lifted = operator.post(f"{LIST}{Ban.objects.get().pk}/lift/", CONFIRMED, headers=seen)

    assert made.headers["Location"] == lifted.headers["HX-Redirect"] == f"{LIST}?{left}"


def test_a_ban_that_is_over_is_not_lifted_again(operator: Client) -> None:
    ban = bans.ban(network="203.0.113.7", minutes=-1).ban
    page = operator.get(f"{LIST}{ban.pk}/change/").text

    assert "Over" in page
    assert "Lift the ban" not in page
    operator.post(f"{LIST}{ban.pk}/lift/", CONFIRMED)
    ban.refresh_from_db()
    assert ban.lifted_on is None


def test_who_may_only_look_makes_and_lifts_none(staff: Callable[..., Client]) -> None:
    ban, browser = bans.ban(network="203.0.113.7").ban, staff("view_ban")

    text = browser.get(LIST).text
    assert f"an address (ban {ban.pk})" in text
    assert "Lift the ban" not in text
    assert ADD not in text
    assert browser.get(f"{LIST}{ban.pk}/change/").status_code == 200
    assert browser.get(ADD).status_code == 403
    assert browser.post(ADD, form(network="192.0.2.1")).status_code == 403
    assert browser.post(f"{LIST}{ban.pk}/lift/", CONFIRMED).status_code == 403
    assert browser.post(f"{LIST}{ban.pk}/delete/", {"post": "yes"}).status_code == 403
    assert Ban.objects.get().active


def test_who_may_ban_but_not_look_is_told_all_the_same(staff: Callable[..., Client]) -> None:
    assert staff("add_ban").post(ADD, form(network="192.0.2.1")).status_code == 302
    assert Ban.objects.get().active


def test_the_list_costs_the_same_with_many_bans(operator: Client) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert operator.get(LIST).status_code == 200
        assert not [query["sql"] for query in captured if "COUNT(" in query["sql"]]
        return len(captured)

    by = User.objects.create_user("root")
    bans.ban(network="203.0.113.7", by=by)
    queries()
    one = queries()
    for number in range(20):
        bans.ban(user=User.objects.create_user(f"user-{number}"), by=by)

    assert queries() == one <= 6


def test_addresses_are_for_those_who_may_see_them(staff: Callable[..., Client]) -> None:
    ban, browser = (
        bans.ban(network="203.0.113.7", channel="ops").ban,
        staff("view_ban", "add_ban", "view_auditevent"),
    )
    events = "/admin/apigw_ws/auditevent/"
    pages = (LIST, f"{LIST}{ban.pk}/change/", events, f"{events}{AuditEvent.objects.get().pk}/change/")

    for page in pages:
        text = browser.get(page).text
        assert "203.0.113" not in text
    assert f"an address (ban {ban.pk}) in ops" in browser.get(LIST).text
    assert shown(browser, q="203.0.113") == []
    browser.raise_request_exception = False
    for guess in ("network", "network__startswith"):
        assert browser.get(LIST, {guess: "203.0.113.7"}).status_code in (302, 400)
    browser.post(f"{LIST}{ban.pk}/lift/", CONFIRMED)
    assert "203.0.113" not in browser.get(LIST).text
    assert "203.0.113" not in browser.post(ADD, form(network="203.0.113.8"), follow=True).text


def test_who_may_see_addresses_sees_them(staff: Callable[..., Client]) -> None:
    bans.ban(network="203.0.113.7")

    browser = staff("view_ban", "view_address_websocketsession")

    assert "203.0.113.7" in browser.get(LIST).text
    assert shown(browser, q="203.0.113") == ["203.0.113.7"]
