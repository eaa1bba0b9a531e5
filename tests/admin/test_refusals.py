"""Refusals in the console: why clients were turned away, and what would let them in."""

from __future__ import annotations

import ast
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

import apigw_ws
from apigw_ws.conf import SETTINGS
from apigw_ws.models import ApiGateway, Refusal
from apigw_ws.services import bans
from apigw_ws_admin.hints import HINTS
from tests.admin.rows import gateway

pytestmark = pytest.mark.django_db

LIST = "/admin/apigw_ws/refusal/"


@pytest.fixture
def chat(db: None) -> ApiGateway:
    return gateway()


def refused(guard: str = "origin", **fields: Any) -> Refusal:
    values = {"guard": guard, "phase": "connect", "status": 403, "reason": f"Because of {guard}."}
    return Refusal.objects.create(**{**values, **fields})


def page(client: Client, refusal: Refusal) -> str:
    response = client.get(f"{LIST}{refusal.pk}/change/")
    assert response.status_code == 200
    return unescape(response.text)


def test_every_guard_that_refuses_has_a_hint() -> None:
    guards = {
        node.args[0].value
        for path in Path(apigw_ws.__file__).parent.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Refused"
        if node.args and isinstance(node.args[0], ast.Constant)
    }

    assert guards == set(HINTS)
    assert {name for hint in HINTS.values() for name in hint.settings} <= set(SETTINGS)


def test_the_page_shows_what_was_seen_and_what_would_let_them_in(operator: Client, chat: ApiGateway) -> None:
    text = page(
        operator,
        refused(
            api_gateway=chat,
            ip_address="203.0.113.7",
            facts={"origin": "https://<evil>.org", "missing": ["X-Office"]},
            host="ws.example.com",
            user_agent="EvilBot/1",
            times=7,
        ),
    )

    seen = ("https://<evil>.org", '["X-Office"]', "203.0.113.7", "ws.example.com", "EvilBot/1")
    assert [fact for fact in seen if fact not in text] == []
    assert "Add the page's origin to the setting" in text
    assert 'APIGW_WS["ALLOWED_ORIGINS"]' in text
    assert f"/admin/apigw_ws/apigateway/{chat.pk}/security/" in text


@pytest.mark.parametrize("guard", HINTS)
def test_a_page_for_each_guard_with_and_without_what_it_could_lead_to(
    operator: Client, chat: ApiGateway, guard: str
) -> None:
    user = User.objects.create_user("ada")
    facts = {"channel": "ops", "channel permission": "ops.*", "ban": bans.ban(network="192.0.2.1").ban.pk}

    for more in ({}, {"api_gateway": chat, "user": user, "facts": facts, "connection_id": "c="}):
        assert str(HINTS[guard].sentence) in page(operator, refused(guard, **more))


def test_the_ways_lead_to_the_user_the_channel_the_session_and_the_ban(operator: Client) -> None:
    user, ban = User.objects.create_user("ada"), bans.ban(network="192.0.2.1").ban

    assert f"/admin/auth/user/{user.pk}/change/" in page(operator, refused("permissions", user=user))
    assert f"/admin/apigw_ws/ban/{ban.pk}/change/" in page(operator, refused("ban", facts={"ban": ban.pk}))
    channel = page(operator, refused("channel", facts={"channel permission": "ops.*"}))
    assert "/admin/apigw_ws/channelpermission/?q=ops.%2A" in channel
    session = page(operator, refused("session", connection_id="abc="))
    assert "/admin/apigw_ws/websocketsession/?q=abc%3D" in session


def test_a_guard_of_the_projects_own_is_said_to_be_one(operator: Client) -> None:
    assert "Look for the guard of this name in the project" in page(operator, refused("office_hours"))
    assert "office_hours" in operator.get(LIST).text


@pytest.mark.parametrize(
    ("address", "block", "network"),
    [("203.0.113.7", "203.0.113.7", "203.0.113.7"), ("2001:db8::7", "2001:db8::", "2001%3Adb8%3A%3A%2F64")],
)
def test_the_address_is_banned_from_there(operator: Client, address: str, block: str, network: str) -> None:
    text = page(operator, refused("rate", ip_address=address, address_block=block))

    href = f"/admin/apigw_ws/ban/add/?network={network}&minutes=15&reason=Because+of+rate."
    assert href in text
    assert operator.get(href).status_code == 200


def test_the_top_reasons_are_drawn_with_their_numbers(operator: Client) -> None:
    for _ in range(2):
        refused()
    old = refused("rate", times=8)
    Refusal.objects.filter(pk=old.pk).update(created_on=timezone.now() - timedelta(hours=3))

    response = operator.get(LIST)

    rows = [(str(row["title"]), row["hour"], row["day"]) for row in response.context["top"]]
    assert rows == [("Rate", 0, 100), ("Origin", 25, 25)]
    assert '<a class="underline" href="?guard=rate">Rate</a> Because of rate.' in response.text
    assert 'width="25"' in response.text


def test_without_refusals_the_page_says_so(operator: Client) -> None:
    assert "Nobody was refused yet." in operator.get(LIST).text
    old = refused()
    Refusal.objects.filter(pk=old.pk).update(created_on=timezone.now() - timedelta(days=2))
    assert "Nobody was refused within the last day." in operator.get(LIST).text


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"guard": "rate"}, ["rate"]),
        ({"ip_address__icontains": "203.0.113"}, ["origin"]),
        ({"user__username__icontains": "ada"}, ["rate"]),
        ({"q": "office"}, ["office_hours"]),
        ({"q": "ADA"}, ["rate"]),
        ({"q": "rate ada"}, ["rate"]),
        ({"q": "origin ada"}, []),
        ({"q": '"203.0.113"'}, ["origin"]),
        ({"ban": "nonsense"}, ["office_hours", "rate", "origin"]),
        ({"ban": "7"}, []),
        ({"ban": "9" * 30}, []),
    ],
)
def test_the_list_is_filtered_and_searched(operator: Client, query: dict[str, str], found: list[str]) -> None:
    refused(ip_address="203.0.113.7")
    refused("rate", user=User.objects.create_user("ada"))
    refused("office_hours")

    assert [row.guard for row in operator.get(LIST, query).context["cl"].result_list] == found


def test_who_may_not_see_addresses_or_ban_sees_neither(
    staff: Callable[..., Client], chat: ApiGateway
) -> None:
    row = refused(
        ip_address="203.0.113.7",
        address_block="203.0.113.7",
        api_gateway=chat,
    )
    browser = staff("view_refusal")

    listed, text = browser.get(LIST).text, page(browser, row)

    for hidden in ("203.0.113.7", "Ban this address", "/security/"):
        assert hidden not in listed
        assert hidden not in text
    assert not browser.get(LIST, {"q": "203.0.113.7"}).context["cl"].result_list
