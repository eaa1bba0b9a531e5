"""The channel permissions, and the page that says why somebody may or may not."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, Group, Permission, User
from django.db import connection
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext

from apigw_ws.models import Ban, ChannelPermission, ChannelVerb
from apigw_ws.services import rules
from tests.app.factories import new_user

pytestmark = pytest.mark.django_db

LIST = "/admin/apigw_ws/channelpermission/"
ASK = f"{LIST}who-may/"


def asked(browser: Client, user: str = "", channel: str = "ops", verb: str = "join") -> str:
    """The answer in words, or the form's errors."""
    response = browser.get(ASK, {"user": user, "channel": channel, "verb": verb})
    assert response.status_code == 200
    text = response.text
    if 'aria-label="Answer"' in text:
        text = text.partition('aria-label="Answer"')[2].partition("</ol>")[0]
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", text)).split())


def test_without_a_question_there_is_the_form(operator: Client) -> None:
    text = operator.get(ASK, {"channel": "ops"}).text

    assert 'value="ops"' in text
    assert 'aria-label="Answer"' not in text
    assert "This field is required" not in text


def test_every_condition_is_answered_and_the_rest_is_not_asked(operator: Client) -> None:
    entry = ChannelPermission.objects.create(channel_name="ops", access="rules")
    ChannelPermission.objects.create(channel_name="o*")
    both, other = entry.rules.create(), entry.rules.create()
    both.permissions.set(Permission.objects.filter(codename="add_user"))
    both.groups.add(Group.objects.create(name="Operators"))
    other.permissions.set(Permission.objects.filter(codename="delete_user"))
    new_user("alice", "add_user")

    answer = asked(operator, "alice")

    assert "No alice may not join ops." in answer
    assert "ops · fits best, so it decides" in answer
    assert "Yes Permission auth.add_user No Group Operators or No Permission auth.delete_user" in answer
    assert answer.endswith("o* · fits too, and is not asked")
    User.objects.get(username="alice").groups.add(Group.objects.get())
    assert "Yes alice may join ops." in asked(operator, "alice")


def test_a_visitor_may_be_asked_about_and_sending_too(operator: Client) -> None:
    ChannelPermission.objects.create(channel_name="ops", send_access="staff")

    assert "Yes A visitor may join ops." in asked(operator)
    assert "No A visitor may not send to ops." in asked(operator, verb="send")
    assert "Yes operator may not" not in asked(operator, "operator", verb="send")
    assert "operator may send to ops." in asked(operator, "operator", verb="send")


@pytest.mark.parametrize(
    ("is_open", "says"), [(True, "opens such channels"), (False, "closes such channels")]
)
def test_where_none_fits_the_setting_is_named(operator: Client, is_open: bool, says: str) -> None:
    with override_settings(APIGW_WS={"ALLOW_UNLISTED_CHANNELS": is_open}):
        assert says in asked(operator)
    assert f"{LIST}add/?channel_name=a/b" in operator.get(
        ASK, {"channel": "a/b", "verb": "join"}
    ).text.replace("%2F", "/")


def test_rules_that_can_let_nobody_in_say_so(operator: Client) -> None:
    entry = ChannelPermission.objects.create(channel_name="ops", access="rules")
    assert "has none for this" in asked(operator)
    entry.rules.create()
    assert "A rule that names nothing lets nobody in" in asked(operator)


def test_a_ban_comes_before_the_channel_permissions(operator: Client) -> None:
    Ban.objects.create(user=new_user("alice"), channel_name="op*")

    assert "No alice may not join ops. A ban comes before all channel permissions" in asked(operator, "alice")
    assert "Yes alice may join news." in asked(operator, "alice", channel="news")


@pytest.mark.parametrize(
    ("question", "says"),
    [
        ({"user": "nobody"}, "Nobody signs in with this name."),
        ({"user": "gone"}, "This user is deactivated, and may do nothing at all."),
        ({"channel": "a b"}, "Use 1 to 128 letters"),
        ({"channel": ""}, "This field is required."),
        ({"verb": "fly"}, "fly is not one of the available choices."),
    ],
)
def test_a_question_without_an_answer_is_put_right(operator: Client, question: Any, says: str) -> None:
    new_user("gone", is_active=False)

    assert says in asked(operator, **question)


def test_only_who_may_see_users_may_ask_about_others(staff: Callable[..., Client]) -> None:
    new_user("alice")
    browser = staff("view_channelpermission")

    assert "You may not look at users." in asked(browser, "alice")
    assert "You may not look at users." in asked(browser, "nobody")  # who there is, they do not learn
    assert "staff may join ops." in asked(browser, "staff")
    assert "A visitor may join ops." in asked(browser)
    assert "Add a channel permission" not in asked(browser)
    User.objects.get(username="staff").user_permissions.add(Permission.objects.get(codename="view_user"))
    assert "alice may join ops." in asked(browser, "alice")


def test_the_page_is_for_who_may_see_channel_permissions(
    staff: Callable[..., Client], client: Client
) -> None:
    assert staff("view_gateway").get(ASK).status_code == 403
    assert client.get(ASK).status_code == 302


def test_names_are_text_and_never_html(operator: Client) -> None:
    new_user("<b>alice</b>")

    assert (
        "<b>alice</b>"
        not in operator.get(ASK, {"user": "<b>alice</b>", "channel": "ops", "verb": "join"}).text
    )


@pytest.mark.parametrize(("name", "filled_in"), [("ops", "?channel=ops"), ("ops-*", "")])
def test_a_channels_page_leads_there(operator: Client, name: str, filled_in: str) -> None:
    entry = ChannelPermission.objects.create(channel_name=name)
    here = f"{LIST}{entry.pk}/who-may-here/"

    assert ASK in operator.get(LIST).text
    assert here in operator.get(f"{LIST}{entry.pk}/change/").text
    assert operator.get(here).headers["Location"] == ASK + filled_in


def test_the_lists_of_a_rule_are_searchable(operator: Client) -> None:
    text = operator.get(f"{LIST}add/").text

    assert text.count("unfold-admin-autocomplete admin-autocomplete") == 2  # of the row to be added
    assert "Hold down" not in text
    assert "apigw_ws_admin/rules.js" in text


def test_a_channel_permission_with_a_rule_for_each_verb_is_made(operator: Client) -> None:
    permission, group = Permission.objects.get(codename="add_user"), Group.objects.create(name="Editors")
    fields = {
        "channel_name": "tenant-7.*",
        "access": "rules",
        "send_access": "rules",
        "rules-TOTAL_FORMS": "2",
        "rules-INITIAL_FORMS": "0",
        "rules-0-verb": "join",
        "rules-0-permissions": str(permission.pk),
        "rules-1-verb": "send",
        "rules-1-groups": str(group.pk),
    }

    assert operator.post(f"{LIST}add/", fields).status_code == 302

    ada, editor = new_user("ada", "add_user"), new_user("editor")
    editor.groups.add(group)
    can = [
        [rules.may(user, "tenant-7.ops", verb) for verb in (ChannelVerb.JOIN, ChannelVerb.SEND)]
        for user in (AnonymousUser(), ada, editor)
    ]
    assert can == [[False, False], [True, False], [False, True]]


def test_an_answer_costs_as_many_queries_with_fifty_channel_permissions_as_with_one(operator: Client) -> None:
    def cost() -> int:
        rules.forget()
        with CaptureQueriesContext(connection) as captured:
            asked(operator, "operator")
        return len(captured)

    ChannelPermission.objects.create(channel_name="ops", access="rules").rules.create()
    cost()  # the bans, too, are read once in a while
    one = cost()
    for number in range(49):
        ChannelPermission.objects.create(channel_name=f"*{number}", access="rules").rules.create()

    assert cost() == one
