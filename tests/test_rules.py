"""Which channel permission decides, whom it lets join and send, and how that is explained."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, Group, Permission, User
from django.test import override_settings

from apigw_ws.models import ChannelPermission, ChannelVerb, Refusal
from apigw_ws.services import access, rules
from apigw_ws.testing import WebSocketTestClient
from tests.app.factories import new_gateway, new_user

pytestmark = pytest.mark.django_db

JOIN, SEND, BROADCAST = ChannelVerb


def permit(channel: str, level: str = "everyone", **fields: Any) -> ChannelPermission:
    return ChannelPermission.objects.create(channel_name=channel, access=level, **fields)


def grant(
    entry: ChannelPermission, *codenames: str, verb: ChannelVerb = JOIN, groups: tuple[Group, ...] = ()
) -> None:
    rule = entry.rules.create(verb=verb)
    rule.permissions.set(Permission.objects.filter(codename__in=codenames))
    rule.groups.set(groups)


def may(user: Any, channel: str, verb: ChannelVerb = JOIN) -> bool:
    return rules.may(user, channel, verb)


class TestWhichDecides:
    @pytest.mark.parametrize(
        ("channel", "decides"),
        [
            ("tenant-7.ops", "tenant-7.ops"),
            ("tenant-7.news", "tenant-7.*"),
            ("tenant-7.", "tenant-7.*"),
            ("tenant-7", "tenant*"),
            ("tenant-8.ops", "tenant*"),
            ("eu.ops", "*.ops"),
            ("tenants", "tenant*"),
            ("Tenants", "*"),
            ("a.ops.b", "*"),
        ],
    )
    def test_the_very_name_else_the_longest_pattern(self, channel: str, decides: str) -> None:
        for pattern in ("*", "tenant*", "*.ops", "tenant-7.ops", "tenant-7.*"):
            permit(pattern)

        assert rules.deciding(channel) == decides

    def test_of_equally_long_patterns_the_first_in_the_alphabet(self) -> None:
        for pattern in ("a*c", "*bc", "ab*"):
            permit(pattern)

        assert rules.deciding("abc") == "*bc"

    def test_what_a_pattern_lets_in_a_name_keeps_out(self) -> None:
        permit("tenant-7.*")
        permit("tenant-7.ops", "nobody")

        assert may(AnonymousUser(), "tenant-7.news")
        assert not may(AnonymousUser(), "tenant-7.ops")

    @pytest.mark.parametrize("setting", [True, False])
    def test_where_none_fits_the_setting_decides_for_both_verbs(self, setting: bool) -> None:
        permit("a", "nobody")
        with override_settings(APIGW_WS={"ALLOW_UNLISTED_CHANNELS": setting}):
            assert [may(AnonymousUser(), "b", verb) for verb in (JOIN, SEND)] == [setting, setting]


class TestWhomItLetsIn:
    def test_where_nothing_is_said_of_sending_whoever_may_join_may_send(self) -> None:
        grant(permit("room", "rules"), "add_user")
        ada, bob = new_user("ada", "add_user"), new_user("bob")

        assert [may(user, "room", verb) for user in (ada, bob) for verb in (JOIN, SEND)] == [
            *(True, True),
            *(False, False),
        ]

    def test_sending_can_be_for_others_than_joining(self) -> None:
        grant(permit("news", "everyone", send_access="rules"), "add_user", verb=SEND)
        permit("inbox", "staff", send_access="everyone")
        permit("alarm", "everyone", send_access="nobody")
        ada, visitor = new_user("ada", "add_user"), AnonymousUser()

        assert [may(visitor, name) for name in ("news", "inbox", "alarm")] == [True, False, True]
        assert [may(visitor, name, SEND) for name in ("news", "inbox", "alarm")] == [False, True, False]
        assert may(ada, "news", SEND)

    def test_a_rule_for_sending_lets_nobody_join(self) -> None:
        entry = permit("room", "rules", send_access="rules")
        grant(entry, "add_user", verb=SEND)
        ada = new_user("ada", "add_user")

        assert (may(ada, "room"), may(ada, "room", SEND)) == (False, True)

    def test_of_broadcasts_nothing_is_asked_unless_a_channel_permission_does(self) -> None:
        permit("room", "nobody")
        grant(permit("news", "everyone", broadcast_access="rules"), "add_user", verb=BROADCAST)
        ada, eve = new_user("ada", "add_user"), new_user("eve")

        assert [may(eve, name, BROADCAST) for name in ("elsewhere", "room", "news")] == [True, True, False]
        assert may(ada, "news", BROADCAST)
        assert rules.explain(eve, "elsewhere", BROADCAST).allowed

    def test_permissions_and_groups_of_a_rule_go_together(self) -> None:
        editors, chiefs = Group.objects.create(name="Editors"), Group.objects.create(name="Chiefs")
        entry = permit("desk", "rules")
        grant(entry, "add_user", groups=(editors,))
        grant(entry, groups=(editors, chiefs))
        users = {name: new_user(name) for name in ("none", "editor", "allowed", "both", "chief")}
        users["allowed"].user_permissions.set(Permission.objects.filter(codename="add_user"))
        for name, groups in {"editor": [editors], "both": [editors, chiefs], "chief": [chiefs]}.items():
            users[name].groups.set(groups)

        assert [name for name, user in users.items() if may(user, "desk")] == ["both"]
        users["allowed"].groups.add(editors)
        assert may(User.objects.get(username="allowed"), "desk")

    def test_visitors_and_users_of_other_kinds_are_in_no_group(self) -> None:
        grant(permit("desk", "rules"), groups=(Group.objects.create(name="Editors"),))
        other: Any = SimpleNamespace(pk=1, is_authenticated=True)

        assert not may(AnonymousUser(), "desk")
        assert not may(other, "desk")


class TestWhenItChanges:
    def test_what_this_process_changes_counts_at_once(self) -> None:
        entry, ada = permit("room", "rules"), new_user("ada", "add_user")
        assert not may(ada, "room")
        grant(entry, "add_user")
        assert may(ada, "room")
        entry.rules.get().permissions.clear()
        assert not may(ada, "room")
        grant(entry, "add_user")
        assert may(ada, "room")
        entry.rules.all().delete()
        assert not may(ada, "room")
        entry.access = "everyone"
        entry.save()
        assert may(ada, "room")
        with override_settings(APIGW_WS={"ALLOW_UNLISTED_CHANNELS": False}):
            entry.delete()
            assert not may(ada, "room")

    def test_a_user_who_leaves_a_group_is_out_at_once(self) -> None:
        editors, ada = Group.objects.create(name="Editors"), new_user("ada")
        grant(permit("desk", "rules"), groups=(editors,))
        ada.groups.add(editors)
        assert may(ada, "desk")
        ada.groups.clear()
        assert not may(ada, "desk")

    def test_what_another_process_changes_counts_within_ten_seconds(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        permit("room", "nobody")
        assert not may(AnonymousUser(), "room")
        ChannelPermission.objects.update(access="everyone")  # no signal: as another process would
        assert not may(AnonymousUser(), "room")
        monkeypatch.setattr(rules, "MAX_AGE", -1.0)
        assert may(AnonymousUser(), "room")

    def test_a_yes_is_remembered_and_a_no_is_not(self, monkeypatch: pytest.MonkeyPatch) -> None:
        asked: list[str] = []
        user: Any = SimpleNamespace(pk=1, has_perm=lambda name: not asked.append(name))
        grant(permit("room", "rules"), "add_user")

        assert may(user, "room") and may(user, "room")
        assert asked == ["auth.add_user"]
        monkeypatch.setattr(access, "GRANT_AGE", 0)
        assert may(user, "room")
        assert len(asked) == 2


class TestHandlers:
    def test_a_handler_asks_whether_the_client_may_send(self) -> None:
        permit("alarm", send_access="nobody")
        socket = WebSocketTestClient(new_gateway("rooms"))
        socket.connect()

        assert socket.send({"action": "tell", "channel": "other"}).status_code == 200
        assert socket.send({"action": "tell", "channel": "alarm"}).status_code == 403
        assert socket.send({"action": "tell", "channel": "no name"}).status_code == 400
        refused = Refusal.objects.filter(status=403).get()
        assert refused.reason == "The user may not send to this channel."
        assert refused.facts == {"channel": "alarm", "channel permission": "alarm"}

    def test_joining_asks_as_connecting_does(self) -> None:
        permit("tenant-*", "staff")
        socket = WebSocketTestClient(new_gateway("rooms"))

        assert socket.connect(query={"channel": ["a", "tenant-7"]}).status_code == 403
        assert socket.connect().status_code == 200
        assert socket.send({"action": "join", "channel": "tenant-7"}).status_code == 403
        assert socket.send({"action": "change_channel", "channel": "tenant-7"}).status_code == 403
        assert {r.facts["channel permission"] for r in Refusal.objects.all()} == {"tenant-*"}


class TestExplanation:
    def test_where_none_fits_nothing_was_tried(self) -> None:
        permit("other")

        assert rules.explain(AnonymousUser(), "room", JOIN) == rules.Explanation(allowed=True, tried=())

    def test_the_one_that_decides_comes_first_and_only_it_is_asked(self) -> None:
        permit("*", "everyone")
        permit("room", "staff")

        found = rules.explain(new_user(), "room", JOIN)

        assert not found.allowed
        assert [(tried.entry.pattern, tried.decides) for tried in found.tried] == [
            ("room", True),
            ("*", False),
        ]
        assert found.tried[0].alternatives == ((rules.Condition(text="Staff", holds=False),),)
        assert found.tried[1].alternatives == ()

    def test_every_condition_of_every_rule_is_told(self) -> None:
        editors = Group.objects.create(name="Editors")
        entry = permit("desk", "rules")
        grant(entry, "add_user", groups=(editors,))
        grant(entry, "change_user")
        ada = new_user("ada", "add_user", "change_user")

        found = rules.explain(ada, "desk", JOIN)

        assert found.allowed
        told = [[(one.text, one.holds) for one in conditions] for conditions in found.tried[0].alternatives]
        assert told == [
            [("Permission auth.add_user", True), ("Group Editors", False)],
            [("Permission auth.change_user", True)],
        ]

    @pytest.mark.parametrize(
        "level", [value for value in ChannelPermission.Access.values if value != "rules"]
    )
    @pytest.mark.parametrize("verb", [JOIN, SEND])
    def test_it_says_what_happens(self, level: str, verb: ChannelVerb) -> None:
        permit("room", level)
        for user in (AnonymousUser(), new_user(), new_user("root", is_staff=True, is_superuser=True)):
            assert rules.explain(user, "room", verb).allowed == may(user, "room", verb)
