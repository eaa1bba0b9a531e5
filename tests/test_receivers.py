"""What ends in Django ends our sessions."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.test import Client

from apigw_ws.models import WebSocketSession
from apigw_ws.testing import WebSocketTestClient
from tests.app.factories import new_gateway, new_user, session_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def user() -> User:
    return new_user()


def opened(user: User, client: Client) -> WebSocketTestClient:
    client.force_login(user)
    socket = WebSocketTestClient(new_gateway(), client=client)
    assert socket.connect().status_code == 200
    return socket


def test_logging_out_closes_what_that_browser_opened_and_nothing_else(user: User) -> None:
    laptop, phone = Client(), Client()
    socket = opened(user, laptop)
    phone.force_login(user)
    other = WebSocketTestClient(socket.gateway, client=phone)
    other.connect()

    laptop.logout()

    assert (session_of(socket).connected, session_of(socket).close_reason) == (False, "Logged out")
    assert session_of(other).connected
    assert [socket.send({}).status_code, other.send({}).status_code] == [403, 200]


def test_signing_in_as_somebody_else_closes_what_the_first_user_opened(user: User) -> None:
    browser = Client()
    socket = opened(user, browser)
    new_user("eve", is_staff=True)

    response = browser.post("/admin/login/", {"username": "eve", "password": "right"})

    assert response.status_code == 302
    assert (session_of(socket).connected, session_of(socket).close_reason) == (False, "Logged out")


def test_signing_in_again_closes_nothing() -> None:
    user, browser = new_user("eve", is_staff=True), Client()
    socket = opened(user, browser)

    browser.post("/admin/login/", {"username": "eve", "password": "right"})

    assert session_of(socket).connected


def test_a_login_without_a_request_closes_nothing(user: User) -> None:
    socket = opened(user, Client())

    user_logged_in.send(User, request=None, user=user)

    assert session_of(socket).connected


def test_a_logout_without_a_browser_session_closes_nothing(user: User) -> None:
    socket = opened(user, Client())

    user_logged_out.send(User, request=None, user=user)

    assert session_of(socket).connected


@pytest.mark.parametrize("fields", [None, ["password"]])
def test_a_new_password_closes_the_users_sessions(user: User, fields: list[str] | None) -> None:
    socket = opened(user, Client())

    user.set_password("new")
    user.save(update_fields=fields)

    assert (session_of(socket).connected, session_of(socket).close_reason) == (False, "Login ended")


def test_deactivating_a_user_closes_the_sessions(user: User) -> None:
    socket = opened(user, Client())

    user.is_active = False
    user.save()

    assert not session_of(socket).connected


def test_deleting_a_user_closes_the_sessions_and_keeps_them_as_nobodys(user: User) -> None:
    socket = opened(user, Client())

    User.objects.all().delete()

    session = session_of(socket)
    assert (session.user, session.close_reason, session.close_at_aws) == (None, "User deleted", True)
    assert socket.send({}).status_code == 403


def test_who_is_deleted_while_a_connection_opens_is_nobody_who_may_speak(user: User) -> None:
    socket = opened(user, Client())

    WebSocketSession.objects.update(user=None)  # as the deletion does, after it has closed what was open

    assert socket.send({}).status_code == 403
    assert session_of(socket).close_reason == "Login ended"


def test_other_changes_of_a_user_close_nothing(user: User) -> None:
    socket = opened(user, Client())

    user.first_name = "Ada"
    user.save()
    user.set_password("new")
    user.save(update_fields=["first_name"])

    assert session_of(socket).connected


def test_an_anonymous_connection_outlives_all_of_it(user: User) -> None:
    socket = WebSocketTestClient(new_gateway())
    socket.connect()

    user.is_active = False
    user.save()

    assert session_of(socket).connected
