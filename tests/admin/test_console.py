"""The console's frame and the settings of the standalone project."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client, RequestFactory
from unfold.admin import ModelAdmin

from apigw_ws_admin.admin import GatewayAdmin
from apigw_ws_admin.navigation import environment, sidebar

CHECK = (sys.executable, "-m", "django", "check", "--deploy", "--fail-level", "WARNING")


def check(**environ: str) -> subprocess.CompletedProcess[str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("APIGW_WS_")}
    settings = {
        "DJANGO_SETTINGS_MODULE": "apigw_ws_admin.project.settings",
        "APIGW_WS_DATABASE": ":memory:",
        "PYTHONPATH": ".",
    }
    return subprocess.run(CHECK, env=own | settings | environ, capture_output=True, text=True, timeout=60)


def titles(user: Any) -> list[str]:
    request = RequestFactory().get("/admin/apigw_ws/run/1/change/")
    request.user = user
    return [str(item["title"]) for group in sidebar(request) for item in group["items"]]


@pytest.mark.django_db
def test_the_menu_leads_to_every_page(operator: Client) -> None:
    menu = titles(User.objects.get())

    assert menu[0] == "Overview"
    assert {
        "Gateways",
        "Sessions",
        "Channels",
        "Channel permissions",
        "Runs",
        "Refusals",
        "Connect tokens",
    } < set(menu)


@pytest.mark.django_db
def test_the_menu_holds_nothing_that_would_be_refused(staff: Callable[..., Client]) -> None:
    staff("view_websocketsession")

    assert titles(User.objects.get()) == ["Overview", "Help", "Sessions", "Channels"]


@pytest.mark.django_db
def test_the_menu_shows_where_one_is(operator: Client) -> None:
    request = RequestFactory().get("/admin/apigw_ws/run/1/change/")
    request.user = User.objects.get()

    active = [item["title"] for group in sidebar(request) for item in group["items"] if item["active"]]

    assert active == ["Runs"]


def test_the_badge_tells_the_emulator_from_aws(rf: RequestFactory, settings: Any) -> None:
    settings.APIGW_WS = {"ENDPOINT_URL": "http://127.0.0.1:8790"}
    assert environment(rf.get("/")) == ["Emulator", "info"]

    settings.APIGW_WS = {"ENDPOINT_URL": "https://vpce-1.execute-api.example.com"}
    assert environment(rf.get("/")) is None

    settings.DEBUG = True
    assert environment(rf.get("/")) == ["Development", "warning"]


def test_the_icon_is_there(client: Client, db: None) -> None:
    assert "apigw_ws_admin/favicon.svg" in client.get("/admin/login/").text


@pytest.mark.django_db
def test_htmx_moves_the_page_when_the_session_has_ended(client: Client) -> None:
    response = client.get("/admin/", headers={"HX-Request": "true"})

    assert (response.status_code, response.headers["HX-Redirect"]) == (204, "/admin/login/?next=/admin/")


@pytest.mark.django_db
def test_a_browser_is_redirected_as_always(client: Client) -> None:
    assert client.get("/admin/").status_code == 302


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"APIGW_WS_HOSTS": "console.example.com", "APIGW_WS_BEHIND_PROXY": "1"},
        {"APIGW_WS_STRICT_CSP": "1"},
    ],
)
def test_the_standalone_console_passes_the_deployment_checks(environ: dict[str, str]) -> None:
    result = check(APIGW_WS_SECRET_KEY="k3y-" + "aB3$xyz_" * 8, **environ)

    assert (result.returncode, result.stdout) == (0, result.stdout)
    assert "no issues" in result.stdout


def test_the_standalone_console_demands_a_secret_key() -> None:
    result = check()

    assert result.returncode == 1
    assert "Set APIGW_WS_SECRET_KEY to a long random text and keep it." in result.stderr


@pytest.mark.django_db
def test_users_and_groups_have_pages(operator: Client) -> None:
    group, user = Group.objects.create(name="operators"), User.objects.get()

    for path in (
        "user/",
        "user/add/",
        f"user/{user.pk}/change/",
        f"user/{user.pk}/password/",
        "group/",
        f"group/{group.pk}/change/",
    ):
        assert operator.get(f"/admin/auth/{path}").status_code == 200


def test_screens_that_meet_in_one_class_do_not_overwrite_each_other() -> None:
    """They know nothing of each other, so two may choose the same name for something of their own."""
    screens = [each for each in GatewayAdmin.__mro__[1:] if ".screens." in each.__module__]
    own = Counter(name for each in screens for name in vars(each) if not hasattr(ModelAdmin, name))

    assert [name for name, times in own.items() if times > 1] == []
