"""What operators do to sessions, one or many: asked first, done, and shown session by session."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from apigw_ws.models import Act, ApiGateway, AuditEvent, Ban, ChannelPermission, WebSocketSession
from apigw_ws.services import bannable, provisioning
from apigw_ws.services.access import block_of
from apigw_ws.tasks import run_act
from apigw_ws_admin.screens.acting import chosen, doing, outcomes
from tests.emulator.serving import Served
from tests.test_messages import Connect, backend, gateway, visit  # noqa: F401  (fixtures)

LIST = "/admin/apigw_ws/websocketsession/"
UNKNOWN = "e_d2EewNLPECIGw="
HTMX = {"HX-Request": "true"}


def select(browser: Client, name: str, *sessions: WebSocketSession, **more: str) -> Any:
    """Choose the action for the selected rows: the page that asks."""
    chosen = {"action": f"{name}_selected", "_selected_action": [session.pk for session in sessions]}
    return browser.post(LIST, chosen | more, follow=True)


def confirm(browser: Client, name: str, *sessions: WebSocketSession, **asked: str) -> Any:
    """Fill in what the page asks: the page that shows what comes of it."""
    query = "&".join(f"session={session.pk}" for session in sessions)
    return act(browser, name, query, **asked)


def act(browser: Client, name: str, query: str, **asked: str) -> Any:
    form = {"_form_submitted": "1", "uid": str(uuid4()), "reason": "Maintenance", "channel": "ops"}
    return browser.post(f"{LIST}{name}/?{query}", form | asked, follow=True)


def one(gateway: ApiGateway | None, number: int = 0, **fields: Any) -> WebSocketSession:  # noqa: F811
    name = UNKNOWN if number == 0 else f"{number:015x}="
    block = block_of(fields.get("ip_address"))
    return WebSocketSession.objects.create(
        connection_id=name, api_gateway=gateway, address_block=block, **fields
    )


def test_a_selection_is_confirmed_and_disconnected_with_a_message(
    operator: Client,
    visit: Connect,  # noqa: F811
) -> None:
    socket, session = visit()
    gone = one(session.api_gateway)

    page = select(operator, "disconnect", session, gone).text
    assert "Disconnect 2 sessions?" in page
    assert session.connection_id in page
    assert WebSocketSession.objects.filter(connected=True).count() == 2

    text = confirm(operator, "disconnect", session, gone, message="Back at five").text

    assert socket.recv(timeout=5) == "Back at five"
    assert text.index("Disconnected\n") < text.index(session.connection_id)
    assert "Was gone already" in text
    assert "hx-trigger" not in text.split('role="region"')[1].split("</ul>")[0]
    session.refresh_from_db()
    assert (session.connected, session.close_reason) == (False, "Maintenance")
    event = AuditEvent.objects.get(verb="disconnect")
    assert (event.who, event.ip_address) == ("operator", "127.0.0.1")
    assert event.after is not None
    assert "Back at five" not in str(event.after)
    assert "Back at five" not in str(Act.objects.get().what)


def test_a_session_is_disconnected_on_its_page(operator: Client, visit: Connect) -> None:  # noqa: F811
    _socket, session = visit()
    assert "Disconnect" in operator.get(f"{LIST}{session.pk}/change/").text

    text = from_row(operator, "disconnect", session, reason="Rude").text

    assert "Disconnected" in text
    session.refresh_from_db()
    assert (session.connected, session.close_reason) == (False, "Rude")


def from_row(browser: Client, name: str, session: WebSocketSession, **asked: str) -> Any:
    """Open the dialog of a row, fill it in: the page that shows what comes of it."""
    dialog = f"{LIST}{session.pk}/{name}/"
    uid = re.search(r'name="uid" value="([^"]+)"', browser.get(dialog, headers=HTMX).text)
    assert uid is not None
    headers = HTMX | {"HX-Current-URL": "http://testserver/admin/apigw_ws/websocketsession/?state=live"}
    answer = browser.post(dialog, {"_form_submitted": "1", "uid": uid[1]} | asked, headers=headers)
    return browser.get(answer.headers["HX-Redirect"]) if "HX-Redirect" in answer.headers else answer


def test_the_way_back_leads_to_where_it_was_asked(operator: Client, gateway: ApiGateway) -> None:  # noqa: F811
    page = from_row(operator, "disconnect", one(gateway), reason="Rude")

    assert 'href="/admin/apigw_ws/websocketsession/?state=live"' in page.text
    elsewhere = operator.get(page.request["PATH_INFO"], {"back": "https://evil.example.com/"}).text
    assert "evil.example.com/&quot;" not in elsewhere
    assert 'href="https://evil' not in elsewhere


def test_what_aws_refuses_stays_open_and_says_why(
    operator: Client,
    visit: Connect,  # noqa: F811
    aws: Served,
) -> None:
    _socket, session = visit()
    aws.fault("execute-api:DeleteConnection", "throttle", times=None)

    text = confirm(operator, "disconnect", session).text

    assert "Still open" in text
    assert "LimitExceededException, request ID" in text
    session.refresh_from_db()
    assert session.connected
    event = AuditEvent.objects.get(verb="disconnect")
    assert (event.result, event.after and event.after["failed"]) == ("failed", 1)
    assert "LimitExceededException" in event.error_text


@pytest.mark.parametrize(
    ("name", "more", "said"),
    [
        ("disconnect", {"reason": ""}, "This field is required."),
        ("disconnect", {"message": "é" * 65_537}, "AWS takes at most 131072"),
        ("message", {"message": ""}, "This field is required."),
        ("message", {"message": "{'a': 1}"}, "Line 1, column 2"),
        ("message", {"message": "NaN"}, "not JSON compliant"),
        ("message", {"message": "9" * 5000}, "Exceeds the limit"),
        ("message", {"message": "[" * 100_000}, "recursion"),
        ("message", {"message": f'"{"é" * 65_537}"'}, "AWS takes at most 131072"),
        ("join", {"channel": "with space"}, "letters without accents"),
        ("join", {"channel": "c" * 129}, "at most 128"),
        ("leave", {"channel": ""}, "This field is required."),
    ],
)
def test_what_is_not_complete_is_asked_again(
    operator: Client,
    gateway: ApiGateway,  # noqa: F811
    name: str,
    more: dict[str, str],
    said: str,
) -> None:
    session = one(gateway)

    assert said in confirm(operator, name, session, **more).text

    session.refresh_from_db()
    assert session.connected
    assert not Act.objects.exists()


def test_a_double_click_acts_once(operator: Client, gateway: ApiGateway) -> None:  # noqa: F811
    bob = User.objects.create_user("bob")
    session, uid = one(gateway, user=bob), str(uuid4())

    pages = [confirm(operator, "ban", session, uid=uid, whom="user", minutes="15") for _ in range(2)]

    assert pages[0].request["PATH_INFO"] == pages[1].request["PATH_INFO"]
    assert (Ban.objects.count(), AuditEvent.objects.filter(verb="disconnect").count()) == (1, 1)


def test_who_acts_on_a_selection_gets_back_to_the_list_as_it_was(operator: Client) -> None:
    sessions = [one(None, number) for number in (1, 2)]
    there = f"{LIST}?state=live&o=-7&p=1"

    chosen = {"action": "leave_selected", "_selected_action": [session.pk for session in sessions]}
    asked = operator.post(there, chosen)
    question = operator.get(asked.headers["Location"])
    done = operator.post(
        asked.headers["Location"],
        {"_form_submitted": "1", "uid": str(uuid4()), "reason": "Why", "channel": "ops"},
        follow=True,
    )

    assert question.context["back"] == done.context["back"] == there


def test_the_way_back_leads_nowhere_else(operator: Client) -> None:
    page = f"{LIST}leave/?session={one(None, 1).pk}&back=https://evil.example.com/"

    assert operator.get(page).context["back"] == LIST


def test_a_session_that_is_over_offers_what_can_still_be_done(operator: Client) -> None:
    alive, over = one(None, 1), one(None, 2, connected=False)

    def offered(path: str) -> set[str]:
        return set(re.findall(r"websocketsession/(?:\d+/)?(message|join|leave|disconnect|ban)", path))

    assert offered(operator.get(f"{LIST}{alive.pk}/change/").text) == {"join", "leave", "disconnect", "ban"}
    assert offered(operator.get(f"{LIST}{over.pk}/change/").text) == {"ban"}
    assert offered(operator.get(LIST, {"state": "closed"}).text) == {"ban"}
    assert "disconnect" in offered(operator.get(LIST, {"state": "all"}).text)


def test_closed_sessions_are_named_so_and_left_alone(operator: Client, gateway: ApiGateway) -> None:  # noqa: F811
    closed = one(gateway, connected=False)

    assert "closed already" in select(operator, "message", closed).text
    for name in ("disconnect", "message", "join", "leave"):
        assert "Was gone already" in confirm(operator, name, closed, message="1").text


def test_what_is_not_there_any_more_is_a_sentence(operator: Client, gateway: ApiGateway) -> None:  # noqa: F811
    for query in ("", "session=77", "session=x", "channel=empty", "user=77", "gateway=77", "sessions=nope=1"):
        assert "there is no such session any more" in operator.get(f"{LIST}join/?{query}", follow=True).text
    row = one(gateway)
    dialog = f"{LIST}{row.pk}/disconnect/"
    row.delete()
    answer = operator.post(dialog, {"_form_submitted": "1", "uid": str(uuid4()), "reason": "x"}, headers=HTMX)
    assert "have been deleted meanwhile" in operator.get(answer.headers["HX-Redirect"]).text


class TestWhoIsChosen:
    @pytest.fixture(autouse=True)
    def crowd(self, gateway: ApiGateway) -> None:  # noqa: F811
        bob = User.objects.create_user("bob", pk=7)
        one(gateway, 1, channel_name="lobby", user=bob)
        one(gateway, 2, channel_name="kitchen", user=bob).memberships.create(name="lobby")
        one(None, 3, channel_name="lobby", ip_address="192.0.2.7")
        one(gateway, 4, channel_name="lobby", connected=False)

    @pytest.mark.parametrize(
        ("query", "number", "words"),
        [
            ("channel=lobby", 3, "Chosen: channel lobby."),
            ("channel=lobby%00", 3, "Chosen: channel lobby."),
            ("user=7", 2, "Chosen: user bob."),
            ("channel=kitchen&user=7", 1, "Chosen: channel kitchen, user bob."),
            ("sessions=", 3, "Chosen: what the list shows."),
            ("sessions=channel%3Dlobby%26user%3Dbo", 2, "shows for channel=lobby, user=bo."),
            ("sessions=state%3Dall", 3, "shows for state=all."),
            ("sessions=address%3D192.0.2.7", 1, "Chosen: what the list shows."),
            ("sessions=q%3D192.0.2.7", 1, "Chosen: what the list shows."),
        ],
    )
    def test_the_url_says(self, operator: Client, query: str, number: int, words: str) -> None:
        text = operator.get(f"{LIST}disconnect/?{query}").text

        assert f"Disconnect {number} session" in text
        assert words in text

    def test_a_gateway(self, operator: Client, gateway: ApiGateway) -> None:  # noqa: F811
        assert "Disconnect 2 sessions?" in operator.get(f"{LIST}disconnect/?gateway={gateway.pk}").text

    def test_all_that_match_is_what_the_list_shows_on_all_pages(self, operator: Client) -> None:
        chosen = {"action": "join_selected", "_selected_action": ["1"], "select_across": "1"}

        text = operator.post(f"{LIST}?user=bob", chosen, follow=True).text

        assert "Put 2 sessions into a channel?" in text
        assert "user=bob" in text

    def test_the_audit_trail_tells_whom_without_an_address(self, operator: Client) -> None:
        act(operator, "join", "sessions=address%3D192.0.2.7%26state%3Dlive")
        act(operator, "join", "channel=lobby")

        texts = AuditEvent.objects.filter(verb="join").order_by("pk").values_list("object_text", flat=True)
        assert list(texts) == [f"{3:015x}=", "3 sessions: channel lobby"]

    def test_who_may_not_see_addresses_does_not_choose_by_them(self, staff: Callable[..., Client]) -> None:
        browser = staff("view_websocketsession", "change_channels_websocketsession")

        for query in ("sessions=q%3D192.0.2.7", "sessions=ip_address%3D192.0.2.7"):
            assert "no such session" in browser.get(f"{LIST}join/?{query}", follow=True).text


class TestMany:
    @pytest.fixture(autouse=True)
    def a_handful_is_1(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(chosen, "HANDFUL", 1)

    def test_the_worker_does_it_and_the_page_follows(
        self,
        operator: Client,
        visit: Connect,  # noqa: F811
    ) -> None:
        _socket, session = visit()
        others = [one(session.api_gateway, number) for number in (1, 2)]

        response = confirm(operator, "disconnect", session, *others)
        page: str = response.request["PATH_INFO"]
        assert "0 of 3 done" in response.text
        assert 'hx-trigger="every 1s"' in response.text
        assert "Nobody is at it" not in response.text

        work()

        part = operator.get(page, headers=HTMX).text
        assert "every 1s" not in part
        assert "<html" not in part
        assert "Disconnected" in part
        assert "Was gone already" in part
        gone = operator.get(page, {"result": "gone"}).text
        assert session.connection_id not in gone.split('role="region"')[1]
        assert "No session is like that." in operator.get(page, {"result": "failed"}).text

    def test_rows_come_by_the_page(
        self,
        operator: Client,
        gateway: ApiGateway,  # noqa: F811
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(outcomes, "SHOWN", 2)
        names = [one(gateway, number).connection_id for number in range(1, 5)]
        response = act(operator, "join", f"gateway={gateway.pk}")
        page: str = response.request["PATH_INFO"]

        query = re.search(r'href="\?([^"]+)">Further', response.text)

        assert query is not None
        assert [name in response.text for name in names] == [True, True, False, False]
        last = operator.get(f"{page}?{query[1]}").text
        assert [name in last for name in names] == [False, False, True, True]
        assert "Further" not in last

    def test_a_worker_that_does_not_come_is_missed_and_asked_again(
        self,
        operator: Client,
        gateway: ApiGateway,  # noqa: F811
    ) -> None:
        page: str = confirm(operator, "join", one(gateway), one(gateway, 1)).request["PATH_INFO"]
        Act.objects.update(created_on=timezone.now() - timedelta(minutes=1))
        DBTaskResult.objects.all().delete()

        assert "Nobody is at it" in operator.get(page).text
        operator.post(page)
        work()

        assert operator.get(page).text.count("Joined") == 2
        operator.post(page)  # it is over
        assert not DBTaskResult.objects.exists()

    def test_a_queue_that_does_not_answer_is_a_sentence_and_nothing_is_lost(
        self,
        operator: Client,
        gateway: ApiGateway,  # noqa: F811
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(doing, "run_act", None)

        text = confirm(operator, "join", one(gateway), one(gateway, 1)).text

        assert "the worker&#x27;s queue does not answer" in text
        assert "0 of 2 done" in text

    def test_a_message_to_more_than_a_handful_is_a_broadcast(
        self,
        operator: Client,
        gateway: ApiGateway,  # noqa: F811
    ) -> None:
        one(gateway, 1), one(gateway, 2)

        response = operator.get(f"{LIST}message/?gateway={gateway.pk}")

        assert (
            response.headers["Location"]
            == f"{reverse('admin:apigw_ws_broadcast_compose')}?gateway={gateway.pk}"
        )

    def test_who_may_not_broadcast_is_told(self, staff: Callable[..., Client], gateway: ApiGateway) -> None:  # noqa: F811
        one(gateway, 1), one(gateway, 2)
        browser = staff("view_websocketsession", "send_message_websocketsession")

        text = browser.get(f"{LIST}message/?gateway={gateway.pk}", follow=True).text

        assert "takes the permission to broadcast" in text


def work() -> None:
    """What a worker does."""
    for task in DBTaskResult.objects.all():
        run_act.call(*task.args_kwargs["args"])
    DBTaskResult.objects.all().delete()


def test_a_message_reaches_a_few_and_each_outcome_is_shown(
    operator: Client,
    visit: Connect,  # noqa: F811
) -> None:
    socket, session = visit()
    lost, elsewhere = one(session.api_gateway), one(None, 1)

    text = confirm(operator, "message", session, lost, elsewhere, message=' {"secret": 1} ').text

    assert socket.recv(timeout=5) == '{"secret":1}'
    for said in ("AWS took it", "Was gone already", "Failed", "The session belongs to no gateway"):
        assert said in text
    session.refresh_from_db()
    lost.refresh_from_db()
    assert (session.messages_out, session.bytes_out, lost.connected) == (1, 12, False)
    event = AuditEvent.objects.get(verb="send")
    assert "secret" not in f"{event.after}{Act.objects.get().what}"


class TestChannels:
    def test_sessions_join_and_leave_and_their_clients_are_told(
        self,
        operator: Client,
        visit: Connect,  # noqa: F811
        settings: Any,
    ) -> None:
        settings.APIGW_WS = {**settings.APIGW_WS, "CHANNELS_PER_CONNECTION": 2}
        socket, session = visit()
        other = one(session.api_gateway, channel_name="ops")

        text = confirm(operator, "join", session, other, message='{"type": "joined"}').text

        assert socket.recv(timeout=5) == '{"type":"joined"}'
        assert "Joined" in text
        assert "Was there already" in text
        assert session.memberships.get().name == "ops"
        text = confirm(operator, "leave", session, other, message='{"type": "left"}').text
        assert socket.recv(timeout=5) == '{"type":"left"}'
        assert text.count("Left") == 1
        assert "Was gone already" in text  # found when it was told
        other.refresh_from_db()
        assert (session.memberships.count(), other.channel_name) == (0, "")
        assert "Was not there" in confirm(operator, "leave", session).text
        assert AuditEvent.objects.get(verb="join").after["channel"] == "ops"  # type: ignore[index]

    def test_rules_bans_and_the_limit_hold_unless_they_are_set_aside(
        self,
        operator: Client,
        gateway: ApiGateway,  # noqa: F811
    ) -> None:
        ChannelPermission.objects.create(channel_name="ops", access="staff")
        boss = User.objects.create_user("boss", is_staff=True)
        nobody, chief, full = one(gateway, 1), one(gateway, 2, user=boss), one(gateway, 3, user=boss)
        full.memberships.create(name="lobby")

        text = confirm(operator, "join", nobody, chief, full).text

        assert "The channel permission “ops” does not let this user in." in text
        assert "CHANNELS_PER_CONNECTION: 1" in text
        assert list(chief.memberships.values_list("name", flat=True)) == ["ops"]
        assert not nobody.memberships.exists()
        text = confirm(operator, "join", nobody, full, override="on").text
        assert text.count("Joined") == 2
        events = AuditEvent.objects.filter(verb="join").order_by("pk")
        assert [event.after and event.after["override"] for event in events] == [False, True]

    def test_a_ban_keeps_out_of_a_channel(self, operator: Client, gateway: ApiGateway) -> None:  # noqa: F811
        ban = Ban.objects.create(channel_name="ops")

        assert f"Ban {ban.pk} keeps it out of this channel." in confirm(operator, "join", one(gateway)).text

    def test_a_channel_that_nothing_opens_stays_closed(
        self,
        operator: Client,
        gateway: ApiGateway,  # noqa: F811
        settings: Any,
    ) -> None:
        settings.APIGW_WS = {**settings.APIGW_WS, "ALLOW_UNLISTED_CHANNELS": False}

        assert "No channel permission names this channel" in confirm(operator, "join", one(gateway)).text

    def test_a_client_that_could_not_be_told_has_joined_all_the_same(self, operator: Client) -> None:
        session = one(None)

        text = confirm(operator, "join", session, message="1").text

        assert "Joined" in text
        assert "Its client was not told: The session belongs to no gateway" in text
        assert session.memberships.exists()


class TestBans:
    @pytest.fixture
    def three(self, gateway: ApiGateway) -> list[WebSocketSession]:  # noqa: F811
        ada, bob = User.objects.create_user("ada"), User.objects.create_user("bob")
        return [
            one(gateway, 1, user=ada, ip_address="192.0.2.7", user_agent="Firefox"),
            one(gateway, 2, user=bob, ip_address="192.0.2.8", user_agent="Firefox"),
            one(gateway, 3, ip_address="2001:db8::1"),
        ]

    def test_the_dialog_says_in_words_what_it_would_ban(
        self, operator: Client, three: list[WebSocketSession]
    ) -> None:
        text = select(operator, "ban", *three).text

        for words in (
            "2 users: ada, bob",
            "3 addresses: 192.0.2.7, 192.0.2.8, 2001:db8::/64",
            "2 networks: 192.0.2.0/24, 2001:db8::/48",
            "1 agent: Firefox",
        ):
            assert words in text

    @pytest.mark.parametrize(("whom", "number"), [("user", 2), ("address", 3), ("network", 2), ("agent", 1)])
    def test_each_gets_a_ban(
        self, operator: Client, three: list[WebSocketSession], whom: str, number: int
    ) -> None:
        text = confirm(operator, "ban", *three, whom=whom, minutes="60").text

        assert text.count("Banned: ") == number
        made = Ban.objects.all()
        assert {ban.reason for ban in made} == {"Maintenance"}
        assert all(ban.expires_on and ban.expires_on > timezone.now() + timedelta(minutes=59) for ban in made)
        assert AuditEvent.objects.filter(verb="ban").count() == number

    def test_the_last_message_comes_first_and_others_whom_it_hits_go_too(
        self,
        operator: Client,
        visit: Connect,  # noqa: F811
    ) -> None:
        socket, session = visit()
        bob = User.objects.create_user("bob")
        other = one(session.api_gateway, user=bob)
        WebSocketSession.objects.filter(pk=session.pk).update(user=bob)

        text = from_row(operator, "ban", session, whom="user", minutes="0", reason="Spam", message="Bye").text

        assert socket.recv(timeout=5) == "Bye"
        assert "Banned: bob" in text
        assert "Disconnected" in text
        other.refresh_from_db()
        assert (other.connected, other.close_at_aws) == (False, True)
        assert Ban.objects.get().expires_on is None

    def test_who_bans_themselves_is_warned_and_refused(
        self,
        operator: Client,
        gateway: ApiGateway,  # noqa: F811
    ) -> None:
        me = User.objects.get(username="operator")
        session = one(gateway, user=me, ip_address="127.0.0.1")

        dialog = operator.get(f"{LIST}{session.pk}/ban/", headers=HTMX).text

        assert "This is you." in dialog
        assert "Your own address" in dialog
        assert "This is you." in confirm(operator, "ban", session, whom="user", minutes="15").text
        assert not Ban.objects.exists()

    def test_an_agent_of_nearly_everybody_is_refused(
        self,
        operator: Client,
        gateway: ApiGateway,  # noqa: F811
    ) -> None:
        session = one(gateway, user_agent="Mozilla/5.0")

        text = confirm(operator, "ban", session, whom="agent", minutes="15").text

        assert "in the user agents of most browsers" in text

    def test_nothing_to_ban_is_said(self, operator: Client, gateway: ApiGateway) -> None:  # noqa: F811
        assert "nothing else is known that could be banned" in select(operator, "ban", one(gateway)).text

    def test_very_many_are_not_banned_at_once(
        self, operator: Client, three: list[WebSocketSession], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(bannable, "MOST", 1)
        monkeypatch.setattr(bannable, "_LOOKED_AT", 1)

        assert "more than 1: ada" in select(operator, "ban", *three).text
        for whom in ("user", "network"):
            assert "Choose fewer" in confirm(operator, "ban", *three, whom=whom, minutes="15").text

    def test_without_the_permission_no_address_is_offered_or_shown(
        self, staff: Callable[..., Client], three: list[WebSocketSession]
    ) -> None:
        browser = staff("view_websocketsession", "disconnect_websocketsession", "add_ban", "view_ban")

        asked = select(browser, "ban", *three).text
        assert "2 users: ada, bob" in asked
        assert "192.0.2" not in asked
        assert "2001:db8" not in asked
        assert "Select a valid choice" in confirm(browser, "ban", *three, whom="address", minutes="15").text
        banned = Act.objects.create(
            deed="disconnect", what={"bans": [Ban.objects.create(network="192.0.2.7").pk]}
        )
        text = browser.get(f"{LIST}acts/{banned.uid}/").text
        assert "Banned: an address" in text
        assert "192.0.2" not in text


NEEDS = {
    "message": ["send_message_websocketsession"],
    "join": ["change_channels_websocketsession"],
    "leave": ["change_channels_websocketsession"],
    "disconnect": ["disconnect_websocketsession"],
    "ban": ["add_ban", "disconnect_websocketsession"],
}


@pytest.mark.parametrize("name", NEEDS)
def test_who_may_not_sees_no_button_and_is_refused(
    staff: Callable[..., Client],
    gateway: ApiGateway,  # noqa: F811
    name: str,
) -> None:
    """With all the permissions of the other acts, and with all but one of its own."""
    session = one(gateway)
    others = {each for needed in NEEDS.values() for each in needed} - {NEEDS[name][0]}
    browser = staff("view_websocketsession", *others)

    text = browser.get(LIST).text
    assert f'value="{name}_selected"' not in text
    assert f"{session.pk}/{name}/" not in text
    assert f"{session.pk}/{name}/" not in browser.get(f"{LIST}{session.pk}/change/").text
    assert browser.get(f"{LIST}{name}/?session={session.pk}").status_code == 403
    assert browser.post(f"{LIST}{session.pk}/{name}/", {"reason": "x"}, headers=HTMX).status_code == 403
    assert confirm(browser, name, session, message="1", whom="user", minutes="15").status_code == 403
    made = Act.objects.create(deed={"ban": "disconnect"}.get(name, name))
    if name != "ban":
        assert browser.get(f"{LIST}acts/{made.uid}/").status_code == 403


@pytest.mark.parametrize("name", NEEDS)
def test_who_may_needs_no_other_permission(
    staff: Callable[..., Client],
    gateway: ApiGateway,  # noqa: F811
    name: str,
) -> None:
    session = one(gateway, user=User.objects.create_user("bob"))
    browser = staff("view_websocketsession", *NEEDS[name])

    text = browser.get(LIST).text
    assert f'value="{name}_selected"' in text
    assert f"{session.pk}/{name}/" in text
    assert "Was gone already" in confirm(
        browser, name, session, message="1", whom="user", minutes="15"
    ).text or name in ("join", "leave")


def test_nobody_acts_on_what_they_may_not_see(staff: Callable[..., Client], gateway: ApiGateway) -> None:  # noqa: F811
    session = one(gateway)
    browser = staff("disconnect_websocketsession")

    assert browser.get(f"{LIST}disconnect/?session={session.pk}").status_code == 403
    assert browser.post(f"{LIST}{session.pk}/disconnect/", headers=HTMX).status_code == 403


def test_a_gateway_that_is_not_deployed_says_so(operator: Client, gateway: ApiGateway) -> None:  # noqa: F811
    elsewhere = ApiGateway.objects.create(api_name="elsewhere")
    provisioning.preview(gateway)

    text = confirm(operator, "disconnect", one(elsewhere)).text

    assert "“elsewhere” is not deployed in AWS yet" in text


def test_a_gateway_leads_to_the_page_that_asks(
    operator: Client,
    gateway: ApiGateway,  # noqa: F811
    staff: Callable[..., Client],
) -> None:
    one(gateway)
    way, page = f"/admin/apigw_ws/apigateway/{gateway.pk}/disconnect/", "/admin/apigw_ws/apigateway"

    assert way in operator.get(f"{page}/{gateway.pk}/overview/").text
    assert "Chosen: gateway chat." in operator.get(way, follow=True).text
    viewer = staff("view_apigateway", "view_websocketsession")
    assert way not in viewer.get(f"{page}/{gateway.pk}/overview/").text
    assert viewer.get(way).status_code == 403
