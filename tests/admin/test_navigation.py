"""The menu's badges, the badge of the environment, the way back, and what Ctrl+K finds."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.core.cache import cache
from django.test import Client, RequestFactory

from apigw_ws.models import AwsAccount, Broadcast, Channel, Run, WebSocketSession
from apigw_ws.services import attention
from apigw_ws_admin import commands, finders
from apigw_ws_admin.commands import COMMANDS
from apigw_ws_admin.navigation import sidebar
from tests.admin import rows

pytestmark = pytest.mark.django_db


def badges(user: Any) -> dict[str, str]:
    request = RequestFactory().get("/admin/")
    request.user = user
    items = [item for group in sidebar(request) for item in group["items"]]
    return {re.sub("<.*?>", "", item["title"]): item["badge"] for item in items if "badge" in item}


def found(client: Client, word: str) -> list[tuple[str, str]]:
    """Title and description of each."""
    text = client.get("/admin/search/", {"extended": "1", "s": word}).text
    return re.findall(r'data-title="(.*?)"\s+data-description="(.*?)"', text)


def account(environment: str, label: str = "Live") -> AwsAccount:
    return AwsAccount.objects.create(label=label, environment=environment)


class TestBadges:
    def test_nothing_to_do_is_no_badge(self, operator: Client) -> None:
        assert badges(User.objects.get()) == {}

    def test_they_count_what_waits_for_somebody(self, operator: Client) -> None:
        gateway = rows.gateway()
        Run.objects.create(gateway=gateway, state="failed")
        Broadcast.objects.create(payload="{}", state="sending")
        cache.clear()
        cache.set(attention.key("drifted_gateways"), 1000)
        cache.set(attention.key("problems"), 0)

        assert badges(User.objects.get()) == {"Gateways": "999+", "Broadcasts": "1", "Runs": "1"}

    def test_a_badge_says_what_it_counts(self, operator: Client) -> None:
        cache.set(attention.key("failed_runs"), 2)

        assert 'title="Runs of the last 24 hours that failed' in operator.get("/admin/apigw_ws/run/").text

    def test_nothing_is_counted_for_whom_it_is_hidden_from(
        self, staff: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        staff("view_run")
        asked: list[str] = []

        def of(*kinds: str) -> dict[str, int]:
            asked.extend(kinds)
            return dict.fromkeys(kinds, 0)

        monkeypatch.setattr(attention, "of", of)

        assert badges(User.objects.get()) == {}
        assert asked == ["failed_runs"]


class TestEnvironment:
    def badge(self, client: Client, path: str) -> str:
        cache.clear()
        head = client.get(path).text.split('id="header-inner"')[1].split('id="content"')[0]
        match = re.search(
            r"<span class=\"inline-block font-semibold.*?(bg-\w+)-100.*?>\s*(.*?)\s*</span", head, re.S
        )
        return f"{match[2]} {match[1]}" if match else ""

    def test_the_pages_of_a_gateway_wear_that_of_its_account(self, operator: Client) -> None:
        live = rows.gateway(0, account=account("production"))
        draft = rows.gateway(1, account=account("development", "Play"))
        staged = rows.gateway(2, account=account("staging", "Stage"))

        paths = [f"/admin/apigw_ws/apigateway/{each.pk}/overview/" for each in (live, draft, staged)]

        assert [self.badge(operator, path) for path in paths] == [
            "Production bg-red",
            "Development bg-blue",
            "Staging bg-orange",
        ]

    def test_so_do_those_of_what_happened_at_one(self, operator: Client) -> None:
        live = rows.gateway(0, account=account("production"))
        rows.gateway(1, account=account("development", "Play"))
        session = WebSocketSession.objects.create(connection_id="a=", api_gateway=live)
        run = Run.objects.create(gateway=live, state="done")

        for path in (f"websocketsession/{session.pk}/change/", f"run/{run.pk}/change/"):
            assert self.badge(operator, f"/admin/apigw_ws/{path}") == "Production bg-red"
        assert self.badge(operator, "/admin/apigw_ws/websocketsession/") == ""

    def test_elsewhere_it_is_that_of_all_gateways_or_none(self, operator: Client) -> None:
        live = account("production")
        rows.gateway(0, account=live)
        rows.gateway(1, account=live)
        assert self.badge(operator, "/admin/apigw_ws/run/") == "Production bg-red"

        rows.gateway(2)
        assert self.badge(operator, "/admin/apigw_ws/run/") == ""

    @pytest.mark.parametrize("pk", ["4711", "nobody", "9" * 30])
    def test_a_gateway_that_is_not_there_has_none(self, operator: Client, pk: str) -> None:
        rows.gateway(0, account=account("production"))
        cache.clear()

        response = operator.get(f"/admin/apigw_ws/apigateway/{pk}/change/")

        assert (response.status_code, "Production" in response.text) in {(302, False), (404, False)}

    def test_strangers_learn_nothing(self, client: Client) -> None:
        rows.gateway(0, account=account("production"))
        cache.clear()

        assert "Production" not in client.get("/admin/login/").text


def trail(client: Client, path: str) -> list[str]:
    head = client.get(path).text.split("<h1")[1].split("</h1>")[0]
    words = re.sub(r"<.*?>", " ", head.partition(">")[2])
    return [html.unescape(" ".join(step.split())) for step in words.split("chevron_right")]


class TestTrail:
    """App, list, record, page: everywhere the same."""

    @pytest.mark.parametrize(
        ("path", "ends"),
        [
            ("broadcast/", ["Broadcasts"]),
            ("broadcast/compose/", ["Broadcasts", "Compose a broadcast"]),
            ("ban/add/", ["Bans", "Add ban"]),
            ("run/export-file/", ["Runs", "Export"]),
            ("run/1/change/", ["Runs", "{run}"]),
            ("websocketsession/1/change/", ["Sessions", "connection-0="]),
            ("websocketsession/disconnect/?session=1", ["Sessions", "Disconnect"]),
            ("awsaccount/1/change/", ["AWS accounts", "account-0"]),
            ("awsaccount/1/history/", ["AWS accounts", "account-0", "Change history: account-0"]),
            ("channelpermission/1/delete/", ["Channel permissions", "channel-0", "Delete"]),
            ("channelpermission/who-may/", ["Channel permissions", "Who may?"]),
            ("apigateway/adopt/", ["Gateways", "Adopt an API"]),
            ("apigateway/doctor/", ["Gateways", "Doctor"]),
            ("apigateway/1/routes/", ["Gateways", "gateway-0", "Routes"]),
            ("websocketsession/user/{user}/", ["Sessions", "operator"]),
            ("channel/page/?channel=lobby", ["Channels", "lobby"]),
            ("auditevent/activity/", ["Activity"]),
            ("auditevent/activity/export/", ["Activity", "Export"]),
            ("apigateway/help/", ["What codes mean"]),
            ("apigateway/help/GoneException/", ["What codes mean", "GoneException"]),
        ],
    )
    def test_it_leads_from_the_app_to_the_page(self, operator: Client, path: str, ends: list[str]) -> None:
        rows.fill(0)
        expected = [each.format(run=Run.objects.get()) for each in ends]

        path = path.format(user=User.objects.get(username="operator").pk)

        assert trail(operator, f"/admin/apigw_ws/{path}") == ["WebSockets", *expected]

    def test_it_leads_back_to_the_list_as_it_was(self, operator: Client) -> None:
        rows.fill(0)

        page = operator.get("/admin/apigw_ws/run/1/change/?_changelist_filters=state__exact%3Dfailed%26q%3Da")

        assert 'href="/admin/apigw_ws/run/?state__exact=failed&amp;q=a"' in page.text.split("</h1>")[0]

    def test_it_leads_nowhere_that_is_closed(self, staff: Callable[..., Client]) -> None:
        page = staff("send_broadcast").get("/admin/apigw_ws/broadcast/compose/")

        assert page.status_code == 200
        assert "/admin/apigw_ws/broadcast/" not in page.text.split("</h1>")[0].split("<h1")[1]

    def test_what_others_have_in_the_admin_is_left_alone(self, operator: Client) -> None:
        assert trail(operator, "/admin/auth/group/add/") == ["Authentication and Authorization", "Groups"]


class TestSearch:
    def test_it_finds_things_of_every_kind(self, operator: Client) -> None:
        rows.fill(0)
        WebSocketSession.objects.update(connection_id="Lobby-1=")
        Channel.objects.create(name="Lobby")

        assert found(operator, "gateway-0") == [("gateway-0", "Gateway · Development")]
        assert found(operator, "Lobby") == [
            ("Lobby-1=", "Session · user-0 · connected"),
            ("Lobby", "Channel"),
        ]
        assert found(operator, "user-0") == [
            ("Lobby-1=", "Session · user-0 · connected"),
            ("user-0", "User"),
        ]

    def test_what_is_found_leads_there(self, operator: Client) -> None:
        rows.fill(0)
        Channel.objects.create(name="a/b c")
        for word in ("gateway-0", "connection-0=", "user-0", "a/b c", "doctor", "wizard", "broadcast"):
            text = operator.get("/admin/search/", {"extended": "1", "s": word}).text
            for link in re.findall(r'href="(.*?)"', text):
                assert operator.get(link.replace("&amp;", "&"), follow=True).status_code == 200

    @pytest.mark.parametrize("command", COMMANDS, ids=lambda each: each.page)
    def test_a_command_is_offered_to_those_who_may(
        self, command: Any, staff: Callable[..., Client], rf: RequestFactory
    ) -> None:
        staff()
        user = User.objects.get()
        request = rf.get("/admin/search/", {"s": str(command.title)})
        request.user = user
        assert bool(commands.search(request, "")) is not bool(command.permissions)

        codenames = [name.partition(".")[2] for name in command.permissions]
        user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
        request.user = User.objects.get()

        (result,) = (each for each in commands.search(request, "") if each.title == str(command.title))
        client = Client()
        client.force_login(user)
        assert client.get(str(result.link), follow=True).status_code == 200

    def test_a_timeline_is_offered_to_those_who_may_see_any_of_it(self, staff: Callable[..., Client]) -> None:
        assert found(staff("view_refusal"), "incident") == [("See what happened", "Command")]

    def test_a_broadcast_is_found_by_its_title_and_a_draft_by_its_author_alone(
        self, operator: Client, staff: Callable[..., Client]
    ) -> None:
        Broadcast.objects.create(title="Night of <b>", payload="secret words", state="done")
        mine = User.objects.get(username="operator")
        Broadcast.objects.create(title="Night to come", payload="1", state="draft", created_by=mine)

        assert found(operator, "night") == [
            ("Night to come", "Broadcast · draft"),
            ("Night of &lt;b&gt;", "Broadcast · done"),
        ]
        assert found(operator, "secret words") == []
        assert found(staff("view_broadcast"), "night") == [("Night of &lt;b&gt;", "Broadcast · done")]

    def test_the_test_console_of_a_gateway_is_found_by_those_who_may_open_it(
        self, operator: Client, staff: Callable[..., Client]
    ) -> None:
        lobby = rows.gateway(7)

        result = (f"Test {lobby}", "Test console")
        assert result in found(operator, "test")
        assert found(operator, f"{lobby} console") == [result]
        assert found(operator, "test nowhere") == found(operator, f"te {lobby}") == []
        assert found(staff("view_apigateway"), "test") == []

    def test_files_are_found_by_those_who_may(self, operator: Client, staff: Callable[..., Client]) -> None:
        assert found(operator, "import bans") == [("Import bans", "Command")]
        assert found(operator, "export runs") == [("Export runs", "Command")]
        assert found(operator, "import runs") == []
        assert found(staff("view_ban"), "bans ort") == [("Export bans", "Command")]

    def test_what_was_found_is_not_kept(self, staff: Callable[..., Client]) -> None:
        browser = staff("view_apigateway", "view_websocketsession")
        made = rows.gateway(7)
        for name in ("night=", "NIGHT="):
            WebSocketSession.objects.create(connection_id=name)
        assert found(browser, str(made)) == [(str(made), "Gateway")]
        assert [title for title, _about in found(browser, "NIGHT")] == ["NIGHT="]
        assert [title for title, _about in found(browser, "night")] == ["night="]

        User.objects.get(username="staff").user_permissions.clear()

        assert found(browser, str(made)) == found(browser, "night") == []

    def test_it_shows_only_what_one_may_see(self, staff: Callable[..., Client]) -> None:
        rows.fill(0)
        Channel.objects.create(name="lobby")
        viewer = staff("view_run")

        for word in ("gateway-0", "connection-0=", "user-0", "lobby", "203.0.113.9", "wizard"):
            assert found(viewer, word) == []

    def test_addresses_find_nobody_for_those_who_may_not_see_them(self, staff: Callable[..., Client]) -> None:
        rows.fill(0)
        WebSocketSession.objects.update(ip_address="203.0.113.9", address_block="203.0.113.9")
        viewer = staff("view_websocketsession")

        assert found(viewer, "203.0.113.9") == []

        User.objects.get(username="staff").user_permissions.add(
            Permission.objects.get(codename="view_address_websocketsession")
        )
        assert [title for title, _about in found(viewer, "203.0.113.9")] == ["connection-0="]

    def test_there_is_a_limit_and_the_newest_come_first(self, operator: Client) -> None:
        WebSocketSession.objects.bulk_create(
            WebSocketSession(connection_id=f"abc{number}=", connected=number % 2 == 1) for number in range(20)
        )

        titles = [title for title, _about in found(operator, "abc")]

        assert len(titles) == finders.LIMIT
        assert titles[0] == "abc19="

    def test_however_many_there_are_it_takes_few_queries(
        self, operator: Client, django_assert_max_num_queries: Any
    ) -> None:
        for number in range(5):
            rows.fill(number)
        Channel.objects.create(name="user-")

        with django_assert_max_num_queries(10):
            assert found(operator, "user-")

    @pytest.mark.parametrize("word", ["\0", "%", "x" * 10_000, "<b>'\"", "'; --"])
    def test_odd_words_find_nothing(self, operator: Client, word: str) -> None:
        rows.fill(0)

        assert found(operator, word) == []
