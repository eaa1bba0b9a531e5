"""The card with the first steps on the console's first page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission, User
from django.core.cache import cache
from django.test import Client

from apigw_ws.models import AuditEvent, Dismissal, WebSocketSession
from apigw_ws.services import audit, first_steps, roles
from tests.admin.rows import gateway
from tests.admin.test_home import costs, healthy, reaped, versions_of, words

__all__ = ["reaped"]

pytestmark = pytest.mark.django_db

HOME = "/admin/apigw_ws/apigateway/home/"


@pytest.fixture(autouse=True)
def no_roles() -> None:
    cache.delete(first_steps.ROLES)


def card(client: Client) -> str:
    """The words of the card; empty where there is none."""
    text = client.get(HOME).text
    return words(
        text.partition('<div id="home-first"')[2].partition('<div id="home-needs"')[0].partition(">")[2]
    )


def connected() -> WebSocketSession:
    return WebSocketSession.objects.create(connection_id="a=")


def test_each_step_has_its_state_and_leads_to_where_it_is_taken(operator: Client) -> None:
    made = healthy()

    said, text = card(operator), operator.get(HOME).text

    assert "Done: Add a gateway" in said
    assert "Done: Apply it to AWS" in said
    assert "To do: Connect a client" in said
    assert "To do: Send a message" in said
    assert "To do: Let your colleagues in" in said
    for href in ("apigw_ws/apigateway/wizard/", f"apigw_ws/apigateway/{made.pk}/test/", "auth/user/"):
        assert f'href="/admin/{href}"' in text.partition('<div id="home-needs"')[0]


def test_without_a_gateway_only_the_wizard_and_the_users_can_be_opened(operator: Client) -> None:
    said = card(operator)

    assert "To do: Add a gateway" in said
    assert "Open the wizard" in said
    assert [way for way in ("See what", "test console</a>", "See who") if way in said] == []
    assert "Open the users" in said


def test_a_gateway_that_was_never_applied_leads_to_its_plan(operator: Client) -> None:
    made = gateway(api_created=False, api_id="", api_endpoint="")

    assert "To do: Apply it to AWS" in card(operator)
    assert f'href="/admin/apigw_ws/apigateway/{made.pk}/overview/"' in operator.get(HOME).text


def test_what_happens_is_ticked_off(operator: Client) -> None:
    connected()
    audit.record(AuditEvent.Verb.SEND, None, what="a=", by=User.objects.get(username="operator"))
    roles.make()

    said = card(operator)

    assert "Done: Connect a client" in said
    assert "Done: Send a message" in said
    assert "Done: Let your colleagues in" in said


def test_what_a_colleague_has_sent_is_their_step(operator: Client) -> None:
    connected()
    audit.record(AuditEvent.Verb.BROADCAST, None, what="News", by=User.objects.create_user("colleague"))

    assert "To do: Send a message" in card(operator)


@pytest.mark.parametrize(
    ("role", "steps"),
    [
        ("WebSocket viewer", []),
        ("WebSocket operator", ["Connect a client", "Send a message"]),
        ("WebSocket deployer", ["Add a gateway", "Apply it to AWS", "Connect a client"]),
        (
            "WebSocket administrator",
            ["Add a gateway", "Apply it to AWS", "Connect a client", "Send a message"],
        ),
    ],
)
def test_a_role_is_shown_the_steps_that_it_may_take(
    staff: Callable[..., Client], role: str, steps: list[str]
) -> None:
    roles.make()
    client = staff()
    User.objects.get(username="staff").groups.add(Group.objects.get(name=role))

    said = card(client)

    titles = (
        "Add a gateway",
        "Apply it to AWS",
        "Connect a client",
        "Send a message",
        "Let your colleagues in",
    )
    assert [title for title in titles if f": {title}" in said] == steps
    assert ("Show the first steps" in client.get(HOME).text) == bool(steps)


def test_who_may_change_users_is_told_of_roles(staff: Callable[..., Client]) -> None:
    client = staff()
    User.objects.get().user_permissions.add(Permission.objects.get(codename="change_user"))

    assert "Let your colleagues in" in card(client)


def test_a_read_only_console_has_no_first_steps(operator: Client, settings: Any) -> None:
    settings.APIGW_WS = {"READ_ONLY": True}

    assert "home-first" not in operator.get(HOME).text
    assert "home-again" not in operator.get(HOME).text
    assert operator.post(HOME).status_code == 403
    assert not Dismissal.objects.exists()


def test_the_card_is_put_away_for_one_user_and_comes_back(
    operator: Client, staff: Callable[..., Client]
) -> None:
    colleague = staff("view_apigateway", "test_apigateway")

    answer = operator.post(f"{HOME}?range=24h")

    assert (answer.status_code, answer["Location"]) == (302, f"{HOME}?range=24h")
    assert card(operator) == ""
    assert card(colleague) != ""
    assert operator.post(HOME).status_code == 302  # again, from another tab
    assert Dismissal.objects.count() == 1

    operator.post(HOME, {"shown": "1"})

    assert "First steps" in card(operator)


def test_to_htmx_it_is_one_of_the_parts_that_change(operator: Client) -> None:
    seen = ",".join(versions_of(operator.get(HOME).text).values())

    answer = operator.post(HOME, headers={"HX-Request": "true", "X-Live": seen})

    assert [*versions_of(answer.text)] == ["first"]
    assert '<div id="home-first"' in answer.text and "></div>" in answer.text  # :empty, for the style
    version = versions_of(answer.text)["first"]
    assert version in versions_of(operator.get(HOME).text).values()


def test_a_refresh_does_not_send_the_card_anew(operator: Client) -> None:
    seen = ",".join(versions_of(operator.get(HOME).text).values())

    assert operator.get(HOME, headers={"HX-Request": "true", "X-Live": seen}).status_code == 204


def test_the_demo_says_what_runs_here(
    operator: Client, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.ROOT_URLCONF = "apigw_ws_admin.demo.urls"
    assert "This is the demo" not in card(operator)

    is_installed = apps.is_installed
    monkeypatch.setattr(
        apps, "is_installed", lambda name: name == "apigw_ws_admin.demo" or is_installed(name)
    )

    assert "This is the demo: an emulator on this machine stands in for AWS" in card(operator)
    text = operator.get(HOME).text
    assert '<a class="font-semibold underline" href="/" target="_blank">the chat</a>' in text


def test_the_card_costs_two_queries_at_most(operator: Client) -> None:
    healthy()
    first_steps.have_roles()
    without_session = costs(operator)
    connected()

    assert costs(operator) == without_session - 1
    operator.post(HOME)
    assert costs(operator) == without_session - 1
