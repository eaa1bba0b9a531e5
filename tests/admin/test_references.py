"""What a record refers to is a link for those who may see it, and a name for others."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from apigw_ws.models import Ban
from apigw_ws.services.roles import roles
from tests.admin import rows

pytestmark = pytest.mark.django_db

RECORDS = ("run", "refusal", "websockettoken", "ban")


@pytest.fixture(autouse=True)
def filled() -> None:
    rows.fill(0)
    Ban.objects.create(pk=1, user_agent="evilbot", created_by=User.objects.get())


def pages(client: Client) -> str:
    return "".join(client.get(f"/admin/apigw_ws/{name}/1/change/").text for name in RECORDS)


def test_who_may_not_see_users_reads_their_names_and_is_led_nowhere(staff: Callable[..., Client]) -> None:
    viewer = staff(*roles()["WebSocket viewer"])

    text = pages(viewer)

    assert text.count("user-0") >= len(RECORDS)
    assert "/admin/auth/user/" not in text
    assert "/admin/apigw_ws/apigateway/1/change/" in text


def test_who_may_see_nothing_else_reads_names_alone(staff: Callable[..., Client]) -> None:
    viewer = staff("view_run")

    text = viewer.get("/admin/apigw_ws/run/1/change/").text

    assert "gateway-0" in text
    assert "/admin/apigw_ws/apigateway/1/" not in text


def test_who_may_see_users_is_led_to_them(staff: Callable[..., Client]) -> None:
    viewer = staff(*roles()["WebSocket viewer"])
    User.objects.get(username="staff").user_permissions.add(Permission.objects.get(codename="view_user"))

    user = User.objects.get(username="user-0")
    assert pages(viewer).count(f'href="/admin/auth/user/{user.pk}/change/"') == len(RECORDS)
