"""READ_ONLY: everything can be looked at, and nothing changed, by superusers neither."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from apigw_ws.models import ApiGateway, Ban, Broadcast, WebSocketSession
from apigw_ws.services import bans
from apigw_ws_admin import permissions, readers
from apigw_ws_admin.checks import check_read_only
from apigw_ws_admin.readers import SENTENCE
from tests.admin import rows

pytestmark = [pytest.mark.django_db, pytest.mark.walk]


@pytest.fixture(autouse=True)
def read_only(settings: Any) -> None:
    settings.ROOT_URLCONF = "apigw_ws_admin.project.urls"
    settings.APIGW_WS = {"READ_ONLY": True}


def posted() -> list[str]:
    """The paths of all of our pages but exports, with something in the place of what varies."""
    found: list[str] = []

    def walk(patterns: Any, before: str) -> None:
        for each in patterns:
            path = before + str(each.pattern)
            if isinstance(each, URLResolver):
                walk(each.url_patterns, path)
            elif isinstance(each, URLPattern) and re.match("apigw_ws_(?!.*_export_file$)", each.name or ""):
                found.append("/" + re.sub(r"<uuid:\w+>", "0" * 8 + "-0000" * 3 + "-" + "0" * 12, path))

    walk(get_resolver("apigw_ws_admin.project.urls").url_patterns, "")
    return [re.sub(r"<\w+:?\w*>", "1", each).replace("^", "").replace("$", "") for each in found]


def test_whatever_is_posted_is_refused_with_a_sentence(operator: Client) -> None:
    answers = {path: operator.post(path) for path in posted()}

    assert len(answers) > 100
    assert {path: each.status_code for path, each in answers.items() if each.status_code != 403} == {}
    assert "a command on the server" in answers["/admin/apigw_ws/ban/add/"].text


def test_no_button_and_no_form_is_left_of_what_changes_something(operator: Client) -> None:
    rows.fill(0)
    (gateway,), (session,) = ApiGateway.objects.all(), WebSocketSession.objects.all()
    Broadcast.objects.create(payload="{}", state="sending")
    pages = [
        *(
            f"/admin/apigw_ws/{name}/"
            for name in ("apigateway", "websocketsession", "ban", "broadcast", "channel")
        ),
        reverse("admin:apigw_ws_apigateway_change", args=[gateway.pk]),
        reverse("admin:apigw_ws_apigateway_routes", args=[gateway.pk]),
        reverse("admin:apigw_ws_apigateway_security", args=[gateway.pk]),
        reverse("admin:apigw_ws_websocketsession_change", args=[session.pk]),
        reverse("admin:apigw_ws_broadcast_change", args=[Broadcast.objects.get().pk]),
    ]

    for page in pages:
        text = operator.get(page).text.split('id="main"')[1]
        forms = re.findall(r'<form[^>]*method="post"[^>]*>', text)
        assert [form for form in forms if "changelist-form" not in form and "_form" not in form] == [], page
        assert "hx-post" not in text, page
        assert not re.search(r'name="_(save|continue|addanother)"', text), page
        assert "/add/" not in text, page
        menu = re.search(r'<select name="action".*?</select>', text, re.DOTALL)
        offered = re.findall(r'<option value="(\w+)"', menu.group() if menu else "")
        assert set(offered) <= {"export_selected"}, page


@pytest.mark.parametrize(
    "path",
    [
        "apigateway/wizard/",
        "apigateway/adopt/",
        "broadcast/compose/",
        "ban/add/",
        "websocketsession/disconnect/",
    ],
)
def test_pages_that_only_change_something_are_closed(operator: Client, path: str) -> None:
    assert operator.get(f"/admin/apigw_ws/{path}", follow=True).status_code == 403


def test_the_badge_says_so(operator: Client) -> None:
    assert "Read-only" in operator.get("/admin/apigw_ws/run/").text


def test_htmx_loads_the_page_again_which_says_why(operator: Client) -> None:
    page = "/admin/apigw_ws/websocketsession/?state=live"
    headers = {"HX-Request": "true", "HX-Current-URL": f"http://testserver{page}"}

    answer = operator.post("/admin/apigw_ws/websocketsession/1/send/", headers=headers)

    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, page)
    assert "The console is read-only, and nothing was changed." in operator.get(page).text


def test_one_signs_in_and_out(client: Client) -> None:
    User.objects.create_superuser("ada", password="right")

    signed_in = client.post("/admin/login/", {"username": "ada", "password": "right", "next": "/admin/"})

    assert (signed_in.status_code, signed_in.headers["Location"]) == (302, "/admin/")
    assert client.post("/admin/logout/").status_code == 200


def test_exports_only_read(operator: Client) -> None:
    rows.fill(0)

    chosen = {"action": "export_selected", "_selected_action": "1"}
    leads_on = operator.post("/admin/apigw_ws/run/", chosen)
    file = operator.post("/admin/apigw_ws/run/export-file/", {"choice": "csv"})

    assert leads_on.status_code == 302
    assert "attachment" in file.headers["Content-Disposition"]


def test_an_export_is_no_way_round(operator: Client) -> None:
    chosen = {"action": "export_selected", "_save": "1"}

    assert operator.post("/admin/apigw_ws/run/", chosen).status_code == 403
    assert operator.post("/admin/apigw_ws/ban/add/", chosen).status_code == 403


def test_what_is_secret_stays_so(staff: Callable[..., Client]) -> None:
    rows.fill(0)
    WebSocketSession.objects.update(ip_address="203.0.113.9")
    viewer = staff("view_websocketsession")

    assert "203.0.113.9" not in viewer.get("/admin/apigw_ws/websocketsession/").text


def test_a_service_called_by_code_is_not_touched() -> None:
    user = User.objects.create_superuser("ada")

    bans.make(Ban(user=user, reason="Because."), by=None, ip=None)

    assert user.has_perm(permissions.BAN)
    assert Ban.objects.count() == 1


def test_another_projects_admin_is_its_own(operator: Client) -> None:
    assert operator.get("/admin/auth/user/add/").status_code == 200


def test_the_standalone_console_keeps_its_users_too(operator: Client, monkeypatch: Any) -> None:
    monkeypatch.setattr(readers, "is_standalone", lambda: True)

    assert operator.get("/admin/auth/user/").status_code == 200
    assert operator.get("/admin/auth/user/add/").status_code == 403
    assert operator.post("/admin/auth/user/add/").status_code == 403
    assert operator.get("/admin/password_change/").status_code == 200


def test_nothing_is_read_only_until_it_is_set(operator: Client, settings: Any) -> None:
    settings.APIGW_WS = {}

    assert operator.get("/admin/apigw_ws/ban/add/").status_code == 200
    assert "Read-only" not in operator.get("/admin/apigw_ws/run/").text


def test_the_setting_without_the_middleware_is_an_error(settings: Any) -> None:
    assert check_read_only() == []

    settings.MIDDLEWARE = []

    assert [each.id for each in check_read_only()] == ["apigw_ws.E008"]
    assert str(SENTENCE).startswith("The console is read-only")
