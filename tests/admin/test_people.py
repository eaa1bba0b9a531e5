"""A user as the sessions know them, on one page."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apigw_ws.models import AuditEvent, Ban, Refusal, WebSocketSession, WebSocketToken
from apigw_ws.services import audit, bans, channels
from tests.admin import rows
from tests.app.factories import new_user

pytestmark = pytest.mark.django_db

SESSIONS = "/admin/apigw_ws/websocketsession/"
VIEW = ("view_websocketsession", "view_user")
#: A page's card by its permission.
CARDS = {
    "view_ban": "Bans",
    "view_refusal": "Refusals",
    "view_websockettoken": "Connect tokens",
    "view_auditevent": "What was done to them",
}


@pytest.fixture
def ada(db: None) -> User:
    """With two sessions, one of them over, and one of each record; and somebody else."""
    ada, bob = new_user("ada"), new_user("bob")
    for user in (ada, bob):
        name = user.get_username()
        made = session(f"{name}-1=", user, channel_name="lobby", ip_address="192.0.2.7")
        channels.join(made, "ops/room:1")
        session(f"{name}-2=", user, connected=False, channel_name="attic")
        bans.ban(user=user, channel="kitchen", reason=f"Because of {name}", by=None)
        Refusal.objects.create(guard="rate", phase="connect", status=429, reason=f"{name} is fast", user=user)
        WebSocketToken.objects.create(
            token_hash=name[0] * 64, session_key_hash="f" * 64, user=user, connection_id=f"{name}-1="
        )
        audit.record(AuditEvent.Verb.SEND, None, what=f"{name}-1=", by=None)
        audit.record(AuditEvent.Verb.DISCONNECT, None, what=f"2 sessions: user {name}", by=None)
    return ada


def session(name: str, user: User, **fields: Any) -> WebSocketSession:
    return WebSocketSession.objects.create(connection_id=name, user=user, **fields)


def page(user: User) -> str:
    return f"{SESSIONS}user/{user.pk}/"


def found(text: str) -> list[str]:
    return re.findall(
        r"<code>(\w+-\d=)</code>", text.partition('id="live-results"')[2].partition("</table>")[0]
    )


def test_one_page_has_all_that_is_known_of_a_user(operator: Client, ada: User) -> None:
    text = operator.get(page(ada)).text

    assert found(text) == ["ada-1="]
    assert 'channel/page/?channel=ops%2Froom%3A1">ops/room:1</a>' in text
    for known in ("ada in kitchen", "Because of ada", "ada is fast", "2 sessions: user ada", "192.0.2.7"):
        assert known in text
    assert text.count("Sent a message") == 1
    for card in CARDS.values():
        assert card in text
    assert "bob" not in text


def test_the_sessions_are_filtered_and_refreshed_as_in_their_list(operator: Client, ada: User) -> None:
    response = operator.get(page(ada))

    assert found(operator.get(page(ada), {"state": "all"}).text) == ["ada-2=", "ada-1="]
    again = {"HX-Request": "true", "X-Live": response.headers["X-Live"]}
    assert operator.get(page(ada), headers=again).status_code == 204
    session("ada-3=", ada)
    part = operator.get(page(ada), headers=again).text
    assert "ada-3=" in part
    assert "<html" not in part


def test_who_is_not_connected_is_said_to_be_so(operator: Client) -> None:
    eve = new_user("eve")

    assert "This user is not connected." in operator.get(page(eve)).text
    assert "No session of this user is like that." in operator.get(page(eve), {"state": "idle"}).text
    for empty in ("was not refused", "Nobody has banned this user", "None was issued lately", "Nothing."):
        assert empty in operator.get(page(eve)).text


@pytest.mark.parametrize("key", ["999999", "nobody", "0", "1" * 40])
def test_nobody_has_no_page(operator: Client, key: str) -> None:
    assert operator.get(f"{SESSIONS}user/{key}/").status_code == 404


@pytest.mark.parametrize("may", [*CARDS, ""])
def test_each_card_is_for_those_who_may_see_such_records(
    staff: Callable[..., Client], ada: User, may: str
) -> None:
    text = staff(*VIEW, may).get(page(ada)).text
    shown = [name for name, card in CARDS.items() if f">{card}" in " ".join(text.split()).replace("> ", ">")]

    assert shown == ([may] if may else [])
    assert "192.0.2" not in text


@pytest.mark.parametrize("lacks", VIEW)
def test_the_page_is_for_who_may_see_sessions_and_users(
    staff: Callable[..., Client], ada: User, lacks: str
) -> None:
    browser = staff(*(name for name in VIEW if name != lacks))

    assert browser.get(page(ada)).status_code == 403
    made = WebSocketSession.objects.get(connection_id="ada-1=")
    if lacks == "view_user":
        assert page(ada) not in browser.get(f"{SESSIONS}{made.pk}/facts/").text


def test_users_count_whether_or_not_they_are_in_the_admin(
    staff: Callable[..., Client], ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = {model: its for model, its in admin.site._registry.items() if model is not User}
    monkeypatch.setattr(admin.site, "_registry", registry)
    browser = staff("view_websocketsession")

    assert browser.get(page(ada)).status_code == 403
    User.objects.get(username="staff").user_permissions.add(Permission.objects.get(codename="change_user"))
    text = browser.get(page(ada)).text
    assert found(text) == ["ada-1="]
    assert "auth/user" not in text


def test_only_what_somebody_may_do_is_offered(staff: Callable[..., Client], ada: User) -> None:
    text = staff(*VIEW, "disconnect_websocketsession").get(page(ada)).text

    assert f"{SESSIONS}disconnect/?user={ada.pk}" in text
    for other in ("/message/?", "/compose/?", "/ban/add/"):
        assert other not in text


def test_acts_lead_to_pages_about_this_user(operator: Client, ada: User) -> None:
    text = operator.get(page(ada)).text
    ways = re.findall(rf'href="(/admin/[^"]+\?(?:user={ada.pk}|username=ada))"', text)

    assert len(ways) == 4
    for way in ways:
        assert operator.get(way).status_code == 200


def test_the_page_is_reached_from_wherever_a_user_is_named(operator: Client, ada: User) -> None:
    made = WebSocketSession.objects.get(connection_id="ada-1=")
    refusal, ban, token = (model.objects.get(user=ada) for model in (Refusal, Ban, WebSocketToken))

    for path in (
        f"apigw_ws/websocketsession/{made.pk}/facts/",
        f"apigw_ws/websocketsession/{made.pk}/change/",
        f"apigw_ws/refusal/{refusal.pk}/change/",
        f"apigw_ws/ban/{ban.pk}/change/",
        f"apigw_ws/websockettoken/{token.pk}/change/",
        f"auth/user/{ada.pk}/change/",
    ):
        assert f'href="{page(ada)}"' in operator.get(f"/admin/{path}").text, path


def test_other_records_do_not_lead_there(operator: Client) -> None:
    made = rows.gateway(1)

    assert "Sessions of the user" not in operator.get(f"/admin/apigw_ws/apigateway/{made.pk}/change/").text


def test_all_records_of_the_user_are_a_click_away(operator: Client, ada: User) -> None:
    text = operator.get(page(ada)).text

    for name in ("ban", "refusal", "websockettoken"):
        href = re.search(rf'href="(/admin/apigw_ws/{name}/\?user__exact={ada.pk}[^"]*)"', text)
        assert href
        listed = operator.get(href[1].replace("&amp;", "&")).context["cl"].result_list
        assert [record.user for record in listed] == [ada]


def test_values_of_tokens_are_nowhere(operator: Client, ada: User) -> None:
    token = WebSocketToken.objects.get(user=ada)

    for path in (
        page(ada),
        "/admin/apigw_ws/websockettoken/",
        f"/admin/apigw_ws/websockettoken/{token.pk}/change/",
    ):
        assert "a" * 9 not in operator.get(path).text
        assert "f" * 9 not in operator.get(path).text


@pytest.mark.parametrize(("query", "number"), [({}, 2), ({"state": "used"}, 1), ({"state": "unused"}, 1)])
def test_tokens_are_found_by_their_state(operator: Client, ada: User, query: Any, number: int) -> None:
    WebSocketToken.objects.filter(user=ada).update(used_on=timezone.now())

    assert len(operator.get("/admin/apigw_ws/websockettoken/", query).context["cl"].result_list) == number


def test_a_page_costs_at_most_14_queries_however_much_there_is(operator: Client, ada: User) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as captured:
            operator.get(page(ada))
        return len(captured)

    cost()
    few = cost()
    for number in range(30):
        made = session(f"more-{number}=", ada, api_gateway=rows.gateway(number + 10))
        channels.join(made, f"channel-{number}")
        Refusal.objects.create(guard="rate", phase="connect", status=429, reason="fast", user=ada)
        Ban.objects.create(user=ada, expires_on=timezone.now() + timedelta(hours=1))
        audit.record(AuditEvent.Verb.SEND, None, what="ada-1=", by=None)

    assert cost() <= 14 >= few


def test_names_of_users_are_text(operator: Client) -> None:
    evil = new_user("<script>alert(1)</script>")

    assert "<script>alert(1)" not in operator.get(page(evil)).text
