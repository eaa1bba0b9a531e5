"""A connection in several channels: by the URL, by ``join`` and ``leave``, and who is reached there."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext

from apigw_ws.checks.configured import check_settings
from apigw_ws.exceptions import Refused
from apigw_ws.models import ApiGateway, ChannelMembership, Refusal, WebSocketSession
from apigw_ws.services import channels, sessions
from apigw_ws.signals import connected
from apigw_ws.testing import WebSocketTestClient
from tests.app.factories import new_gateway, session_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def rooms() -> ApiGateway:
    return new_gateway("rooms")


def opened(gateway: ApiGateway, *names: str) -> WebSocketTestClient:
    socket = WebSocketTestClient(gateway)
    assert socket.connect(query={"channel": list(names)}).status_code == 200
    return socket


def channels_of(socket: WebSocketTestClient) -> tuple[str, ...]:
    return channels.names(session_of(socket))


def in_channel(name: str) -> set[str]:
    return set(WebSocketSession.objects.in_channel(name).values_list("connection_id", flat=True))


class TestByTheUrl:
    def test_the_first_is_the_channel_name_and_the_others_are_memberships(self, rooms: ApiGateway) -> None:
        socket = opened(rooms, "a", "b", "a", "", "c")

        assert session_of(socket).channel_name == "a"
        assert [str(membership) for membership in ChannelMembership.objects.all()] == ["b", "c"]
        assert channels_of(socket) == ("a", "b", "c")

    def test_without_any_it_is_the_gateways_default(self) -> None:
        assert channels_of(opened(new_gateway("rooms", default_channel_name="lobby"))) == ("lobby",)

    def test_more_than_the_view_lets_a_client_into_are_refused(self, rooms: ApiGateway) -> None:
        answer = WebSocketTestClient(rooms).connect(query={"channel": ["a", "b", "c", "d"]})

        assert answer.status_code == 400
        assert Refusal.objects.get().facts == {"channels": 4, "limit": 3}

    def test_each_is_asked_about(self, rooms: ApiGateway) -> None:
        assert WebSocketTestClient(rooms).connect(query={"channel": ["a", "b c"]}).status_code == 400
        assert not WebSocketSession.objects.exists()

    def test_a_view_with_one_channel_takes_the_one_that_django_tells_its_own_checks(self) -> None:
        assert channels_of(opened(new_gateway(), "a", "b")) == ("b",)

    def test_the_setting_counts_for_views_that_say_nothing(self, settings: Any) -> None:
        settings.APIGW_WS = {"CHANNELS_PER_CONNECTION": 2}
        assert channels_of(opened(new_gateway(), "a", "b")) == ("a", "b")

    def test_who_is_told_of_the_connect_sees_all_channels(self, rooms: ApiGateway) -> None:
        seen: list[tuple[str, ...]] = []

        def note(session: WebSocketSession, **_: object) -> None:
            seen.append(channels.names(session))

        connected.connect(note)
        try:
            opened(rooms, "a", "b")
        finally:
            connected.disconnect(note)

        assert seen == [("a", "b")]

    def test_the_same_connect_delivered_twice_joins_once(self, rooms: ApiGateway) -> None:
        socket = opened(rooms, "a", "b")

        assert socket.connect(query={"channel": ["a", "b"]}).status_code == 200
        assert channels_of(socket) == ("a", "b")

    @pytest.mark.parametrize(("names", "writes"), [(["a"], 1), (["a", "b", "c"], 2)])
    def test_one_channel_costs_one_insert_and_any_further_ones_one_more(
        self, rooms: ApiGateway, names: list[str], writes: int
    ) -> None:
        with CaptureQueriesContext(connection) as captured:
            opened(rooms, *names)

        assert sum(query["sql"].startswith("INSERT") for query in captured) == writes


class TestByMessages:
    def test_a_client_joins_and_leaves(self, rooms: ApiGateway) -> None:
        socket = opened(rooms, "a")

        assert socket.send({"action": "join", "channel": "b"}).status_code == 200
        assert socket.send({"action": "join", "channel": "b"}).status_code == 200
        assert channels_of(socket) == ("a", "b")
        assert socket.send({"action": "leave", "channel": "b"}).content == b""
        assert channels_of(socket) == ("a",)

    def test_who_leaves_the_first_has_none_first(self, rooms: ApiGateway) -> None:
        socket = opened(rooms, "a", "b")

        socket.send({"action": "leave", "channel": "a"})

        assert (session_of(socket).channel_name, channels_of(socket)) == ("", ("b",))

    def test_changing_the_channel_changes_the_first(self, rooms: ApiGateway) -> None:
        socket = opened(rooms, "a", "b")

        socket.send({"action": "change_channel", "channel": "c"})
        assert channels_of(socket) == ("c", "b")
        socket.send({"action": "change_channel", "channel": "b"})
        assert channels_of(socket) == ("b",)

    def test_no_client_gets_into_more_than_the_view_allows(self, rooms: ApiGateway) -> None:
        socket = opened(rooms, "a", "b", "c")

        assert socket.send({"action": "join", "channel": "d"}).status_code == 403
        assert socket.send({"action": "join", "channel": "c"}).status_code == 200  # it is there already
        assert channels_of(socket) == ("a", "b", "c")
        assert Refusal.objects.get().facts == {"channel": "d", "channels": 3, "limit": 3}

    @pytest.mark.parametrize("action", ["join", "leave"])
    @pytest.mark.parametrize("name", ["a b", "", None, ["a"], "a\0"])
    def test_what_is_no_channel_name_is_refused(self, rooms: ApiGateway, action: str, name: Any) -> None:
        assert opened(rooms).send({"action": action, "channel": name}).status_code == 400

    @pytest.mark.parametrize("action", ["join", "leave"])
    def test_in_a_view_with_one_channel_the_words_are_the_projects(self, action: str) -> None:
        socket = opened(new_gateway(), "a")

        assert socket.send({"action": action, "channel": "a"}).json()["default"]["action"] == action
        assert channels_of(socket) == ("a",)

    def test_a_project_that_calls_join_itself_keeps_to_the_limit(self) -> None:
        session = session_of(opened(new_gateway(), "a"))

        with pytest.raises(Refused, match="as many channels"):
            channels.join(session, "b", most=1)
        assert channels.join(session, "b")  # the server's own code may
        assert not channels.join(session, "a")


class TestMembers:
    def test_the_first_channel_and_further_ones_count_alike(self, rooms: ApiGateway) -> None:
        first, further, other = opened(rooms, "a"), opened(rooms, "b", "a"), opened(rooms, "b")

        assert in_channel("a") == {first.connection_id, further.connection_id}
        assert in_channel("b") == {further.connection_id, other.connection_id}
        assert in_channel("c") == set()

    def test_a_session_that_is_there_twice_counts_once(self, rooms: ApiGateway) -> None:
        session = session_of(opened(rooms, "a", "b"))
        channels.change(session, "b")

        assert WebSocketSession.objects.in_channel("b").count() == 1

    def test_one_that_is_over_is_remembered_and_not_counted(self, rooms: ApiGateway) -> None:
        socket = opened(rooms, "a", "b")

        socket.disconnect()

        assert in_channel("a") == in_channel("b") == set()
        assert channels_of(socket) == ("a", "b")

    def test_they_can_be_narrowed_down(self, rooms: ApiGateway) -> None:
        opened(rooms, "a", "b")
        sessions.close(session_of(opened(rooms, "b")))

        assert WebSocketSession.objects.live().in_channel("b").filter(channel_name="a").count() == 1

    def test_memberships_go_with_their_session(self, rooms: ApiGateway) -> None:
        opened(rooms, "a", "b").disconnect()

        assert sessions.delete_closed() == 1
        assert not ChannelMembership.objects.exists()

    @override_settings(APIGW_WS={"CHANNELS_PER_CONNECTION": 0})
    def test_the_limit_is_one_at_least(self) -> None:
        assert [message.id for message in check_settings()] == ["apigw_ws.E004"]
