"""The channels: the list that refreshes itself, and a channel's page."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apigw_ws.models import Ban, ChannelPermission, Chore, WebSocketSession
from apigw_ws.services import channels, figures
from tests.admin import rows

pytestmark = pytest.mark.django_db

LIST = "/admin/apigw_ws/channel/"
PAGE = f"{LIST}page/"
NAME = "tenant-7/ops:a.b"


def member(name: str, channel: str = NAME, **fields: Any) -> WebSocketSession:
    return WebSocketSession.objects.create(connection_id=name, channel_name=channel, **fields)


def refreshed(browser: Client, path: str, version: str, **query: str) -> Any:
    return browser.get(path, query, headers={"HX-Request": "true", "X-Live": version})


def shown(text: str) -> list[str]:
    """The channels of a list, from top to bottom."""
    return re.findall(r'page/\?channel=[^"]+"[^>]*>([^<]+)</a>', text)


def queries(browser: Client, path: str, **query: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert browser.get(path, query).status_code == 200
    return len(captured)


@pytest.fixture
def crowd(db: None) -> None:
    here = rows.gateway(1)
    for number in range(3):
        member(f"{number}=", api_gateway=here)
    channels.join(member("both=", "lobby"), NAME)
    member("other=", "lab")


def test_channels_are_listed_by_their_members(operator: Client, crowd: None) -> None:
    text = operator.get(LIST).text

    assert [name.strip() for name in shown(text)] == [NAME, "lab", "lobby"]
    assert "page/?channel=tenant-7%2Fops%3Aa.b" in text
    assert "gateway-1" in text
    assert "<b>4</b>" in text


def test_channels_are_found_by_the_beginning_of_their_names(operator: Client, crowd: None) -> None:
    assert [name.strip() for name in shown(operator.get(LIST, {"q": " la"}).text)] == ["lab"]
    assert "No channel begins so." in operator.get(LIST, {"q": "nobody"}).text


def test_a_list_without_channels_says_how_one_comes_about(operator: Client) -> None:
    assert "Nobody is in a channel." in operator.get(LIST).text


def test_nothing_is_sent_while_nothing_has_changed(operator: Client, crowd: None) -> None:
    version = operator.get(LIST).headers["X-Live"]

    unchanged = refreshed(operator, LIST, version)

    assert (unchanged.status_code, unchanged.content) == (204, b"")
    assert unchanged.headers["X-Counted"] == Chore.objects.get().finished_on.isoformat()  # type: ignore[union-attr]
    member("new=", "lab")
    figures.count()
    changed = refreshed(operator, LIST, version)
    assert changed.status_code == 200
    assert "<html" not in changed.text
    assert "counted <time" in changed.text


def test_the_rule_that_applies_is_named(operator: Client, staff: Callable[..., Client], crowd: None) -> None:
    rule = ChannelPermission.objects.create(channel_name="tenant-*", access="staff")

    text = operator.get(LIST).text

    assert (
        f'<b>Staff</b> <code><a class="underline" href="/admin/apigw_ws/channelpermission/{rule.pk}' in text
    )
    assert "<b>Everyone</b> <code>no channel permission fits" in text
    with override_settings(APIGW_WS={"ALLOW_UNLISTED_CHANNELS": False}):
        assert "<b>Nobody</b> <code>no channel permission fits" in operator.get(LIST).text
    assert "<code>tenant-*</code>" in staff("view_websocketsession").get(LIST).text


def test_with_fifty_channels_a_list_costs_one_query_more_than_with_three(
    operator: Client, crowd: None
) -> None:
    queries(operator, LIST)
    few = queries(operator, LIST)
    for number in range(50):
        member(f"more-{number}=", f"channel-{number}", api_gateway=rows.gateway(number + 10))
    figures.count()

    assert queries(operator, LIST) == few + 1 <= 7


def test_a_channels_page_lists_its_members_and_refreshes_them(operator: Client, crowd: None) -> None:
    page = operator.get(PAGE, {"channel": NAME})

    assert sorted(re.findall(r"<code>([^<]+=)</code>", page.text)) == ["0=", "1=", "2=", "both="]
    assert f"{NAME}</h2>" in page.text
    assert f'href="{LIST}"' in page.text
    version = page.headers["X-Live"]
    assert refreshed(operator, PAGE, version, channel=NAME).status_code == 204
    member("new=")
    part = refreshed(operator, PAGE, version, channel=NAME)
    assert "new=" in part.text
    assert "<html" not in part.text
    assert "</h2>" not in part.text


def test_a_page_of_a_channel_that_is_empty_says_so(operator: Client) -> None:
    assert "Nobody is in this channel." in operator.get(PAGE, {"channel": "attic"}).text
    assert "Nobody is in this channel." in refreshed(operator, PAGE, "", channel="attic").text
    filtered = operator.get(PAGE, {"channel": "attic", "state": "idle"}).text
    assert "No member is like that." in filtered
    assert "?channel=attic" in filtered


def test_a_page_of_no_channel_is_the_list(operator: Client) -> None:
    for query in ({}, {"channel": " \0"}):
        assert operator.get(PAGE, query).headers["Location"] == LIST
    assert operator.get(f"{PAGE}facts/").status_code == 404


def test_the_figures_are_sent_again_only_when_they_have_changed(operator: Client, crowd: None) -> None:
    text = operator.get(PAGE, {"channel": NAME}).text
    found = re.search(r'hx-get="([^"]+seen=[^"]+)"', text)
    assert found
    here = found[1].replace("&amp;", "&")

    assert operator.get(here).status_code == 204
    Ban.objects.create(channel_name="tenant-7/*", network="192.0.2.7/32")
    assert "192.0.2.7" in operator.get(here).text


def test_bans_and_rules_of_the_channel_are_told(operator: Client, crowd: None) -> None:
    bob = User.objects.create_user("bob")
    ban = Ban.objects.create(user=bob, channel_name=NAME)
    Ban.objects.create(channel_name="elsewhere")
    Ban.objects.create(channel_name=NAME, lifted_on=timezone.now())

    text = operator.get(PAGE, {"channel": NAME}).text

    assert f'/admin/apigw_ws/ban/{ban.pk}/change/">bob</a>' in text
    assert "Everybody" not in text
    assert "channelpermission/add/?channel_name=tenant-7%2Fops%3Aa.b" in text
    rule = ChannelPermission.objects.create(channel_name=NAME, send_access="staff")
    text = operator.get(PAGE, {"channel": NAME}).text
    assert f'channelpermission/{rule.pk}/change/">{NAME}</a>' in text
    assert "<dd>Staff</dd>" in text


ACTS = {
    "send_message_websocketsession": "websocketsession/message/",
    "send_broadcast": "broadcast/compose/",
    "disconnect_websocketsession": "websocketsession/disconnect/",
    "add_ban": "ban/add/",
}


@pytest.mark.parametrize("may", [*ACTS, ""])
def test_only_what_somebody_may_do_is_offered(staff: Callable[..., Client], crowd: None, may: str) -> None:
    text = staff("view_websocketsession", may).get(PAGE, {"channel": NAME}).text
    card = text.partition("</h2>")[2].partition("<dl")[0]

    offered = [href for href in ACTS.values() if f"{href}?channel" in card]
    assert offered == ([ACTS[may]] if may else [])


def test_acts_lead_to_pages_about_this_channel(operator: Client, crowd: None) -> None:
    text = operator.get(PAGE, {"channel": NAME}).text
    ways = re.findall(r'href="(/admin/[^"]+channel(?:_name)?=tenant-7%2Fops%3Aa.b)"', text)

    assert len(ways) >= len(ACTS)
    for way in ways:
        assert operator.get(way).status_code == 200


def test_a_viewer_sees_neither_addresses_nor_what_is_not_theirs(
    staff: Callable[..., Client], crowd: None
) -> None:
    Ban.objects.create(channel_name=NAME, network="192.0.2.7/32")
    WebSocketSession.objects.update(ip_address="192.0.2.7")

    text = staff("view_websocketsession").get(PAGE, {"channel": NAME}).text

    assert "192.0.2" not in text
    assert "an address (ban" in text
    assert "/ban/" not in text
    assert "channelpermission" not in text


def test_nobody_else_sees_anything(staff: Callable[..., Client], crowd: None) -> None:
    stranger = staff()

    for path in (LIST, f"{PAGE}?channel={NAME}", f"{PAGE}facts/?channel={NAME}"):
        assert stranger.get(path).status_code == 403
    assert not Chore.objects.exists()


def test_a_page_costs_at_most_12_queries_however_many_members(operator: Client, crowd: None) -> None:
    few = queries(operator, PAGE, channel=NAME)
    few = queries(operator, PAGE, channel=NAME)
    for number in range(20):
        user = User.objects.create_user(f"a{number}")
        member(f"more-{number}=", user=user, api_gateway=rows.gateway(number + 10))
    figures.count()

    assert queries(operator, PAGE, channel=NAME) <= 12 >= few


def test_names_of_channels_are_text(operator: Client) -> None:
    evil = "<script>alert(1)</script>"
    member("evil=", evil)

    assert evil not in operator.get(LIST).text
    assert evil not in operator.get(PAGE, {"channel": evil}).text


def test_a_row_leads_to_the_page_by_its_number_too(operator: Client, crowd: None) -> None:
    operator.get(LIST)
    page = operator.get(f"{LIST}999999/change/")

    assert page.headers["Location"] == LIST


def test_many_members_are_acted_on_from_the_page(operator: Client, crowd: None) -> None:
    chosen = list(WebSocketSession.objects.in_channel(NAME).values_list("pk", flat=True))

    response = operator.post(
        f"{PAGE}?channel=tenant-7%2Fops%3Aa.b", {"action": "disconnect_selected", "_selected_action": chosen}
    )

    assert response.status_code == 302
    assert "4 sessions" in operator.get(response.headers["Location"]).text
