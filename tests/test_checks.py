"""What the system checks find, and what they leave alone."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.core.checks import run_checks
from django.core.management import call_command
from django.db import connection
from django.test import override_settings
from django.urls import include, path

from apigw_ws import checks
from apigw_ws.models import AwsAccount
from apigw_ws.views import WebSocketTokenView
from tests.app.factories import failing, new_gateway
from tests.app.views import ChatView, TokenChatView

ROOT = Path(__file__).resolve().parent.parent


class Mounted:
    """A URLconf."""

    def __init__(self, *patterns: Any) -> None:
        self.urlpatterns = list(patterns)


def found(**settings: Any) -> list[tuple[str | None, str]]:
    with override_settings(**settings):
        return [
            (message.id, message.msg)
            for message in run_checks()
            if message.id is not None and message.id.startswith("apigw_ws.")
        ]


def ids(**settings: Any) -> list[str | None]:
    return [message_id for message_id, _ in found(**settings)]


def test_this_suites_settings_are_fine() -> None:
    assert found() == []


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ([], [("apigw_ws.E001", "APIGW_WS is not a dict.")]),
        ({"REGIO": "a"}, [("apigw_ws.E002", "APIGW_WS has no key “REGIO”.")]),
        ({1: "a"}, [("apigw_ws.E002", "APIGW_WS has no key “1”.")]),
        ({"REGION": 1}, [("apigw_ws.E003", "APIGW_WS[“REGION”]: expected str, not int.")]),
        ({"REGION": None}, [("apigw_ws.E003", "APIGW_WS[“REGION”]: expected str, not NoneType.")]),
        ({"TOKEN_MAX_AGE": True}, [("apigw_ws.E003", "APIGW_WS[“TOKEN_MAX_AGE”]: expected int, not bool.")]),
        ({"USE_WS_TOKEN": 1}, [("apigw_ws.E003", "APIGW_WS[“USE_WS_TOKEN”]: expected bool, not int.")]),
        (
            {"ALLOWED_ORIGINS": "https://a.b"},
            [("apigw_ws.E003", "APIGW_WS[“ALLOWED_ORIGINS”]: expected list or tuple, not str.")],
        ),
        (
            {"ALLOWED_ORIGINS": [1]},
            [("apigw_ws.E003", "APIGW_WS[“ALLOWED_ORIGINS”]: expected a list or tuple of str.")],
        ),
        (
            {"TOKEN_MAX_AGE": 0},
            [("apigw_ws.E004", "APIGW_WS[“TOKEN_MAX_AGE”] is 0; the least is 1.")],
        ),
        ({"CONNECT_RATE_LIMIT": 0, "ALLOWED_ORIGINS": ("https://*.a.b", "http://[::1]:8000/")}, []),
    ],
)
def test_wrong_settings_are_errors(value: Any, expected: list[tuple[str, str]]) -> None:
    assert found(APIGW_WS=value) == expected


def test_a_key_that_is_nearly_right_is_named() -> None:
    with override_settings(APIGW_WS={"ALOWED_ORIGINS": []}):
        assert checks.check_settings()[0].hint == "Did you mean “ALLOWED_ORIGINS”?"
    with override_settings(APIGW_WS={"XYZ": 1}):
        assert str(checks.check_settings()[0].hint).startswith("Known keys: ENDPOINT_URL, ")


@pytest.mark.parametrize(
    "origin",
    [
        "www.example.com",
        "https://",
        "https://a.b/path",
        "://a.b",
        "https://*",
        "https://*a.b",
        "https://a.*.b",
        "https://a b.c",
        "https://a.b:x",
    ],
)
def test_an_origin_is_scheme_and_host(origin: str) -> None:
    assert ids(APIGW_WS={"ALLOWED_ORIGINS": [origin]}) == ["apigw_ws.E005"]


def test_every_origin_is_a_warning() -> None:
    assert ids(APIGW_WS={"ALLOWED_ORIGINS": ["*"]}) == ["apigw_ws.W003"]


def test_no_origin_is_a_warning() -> None:
    assert ids(APIGW_WS={"ALLOWED_ORIGINS": ["null"]}) == ["apigw_ws.W006"]


@pytest.mark.parametrize("url", ["localhost:8790", "ftp://localhost", "http://"])
def test_an_endpoint_is_a_url(url: str) -> None:
    assert found(APIGW_WS={"ENDPOINT_URL": url}) == [
        ("apigw_ws.E007", "APIGW_WS[“ENDPOINT_URL”]: Enter a URL that begins with http:// or https://.")
    ]


def test_a_view_without_the_route_in_any_url_is_a_warning() -> None:
    only = path("chat/", ChatView.as_view())

    assert ids(ROOT_URLCONF=Mounted(only)) == ["apigw_ws.W001"]
    assert ids(ROOT_URLCONF=Mounted(only, path("ws/<slug:route>", ChatView.as_view()))) == []
    assert (
        ids(ROOT_URLCONF=Mounted(path("", include([path("c", ChatView.as_view(), {"route": "connect"})]))))
        == []
    )
    assert ids(ROOT_URLCONF=Mounted()) == []
    assert ids(ROOT_URLCONF=None) == []


def test_tokens_that_no_url_issues_are_a_warning() -> None:
    by_class = path("ws/<slug:route>", TokenChatView.as_view())
    by_argument = path("ws/<slug:route>", ChatView.as_view(USE_WS_TOKEN=True))
    plain = path("ws/<slug:route>", ChatView.as_view())
    issues = path("token/", WebSocketTokenView.as_view())

    assert ids(ROOT_URLCONF=Mounted(by_class)) == ["apigw_ws.W002"]
    assert ids(ROOT_URLCONF=Mounted(by_argument)) == ["apigw_ws.W002"]
    assert ids(ROOT_URLCONF=Mounted(plain), APIGW_WS={"USE_WS_TOKEN": True}) == ["apigw_ws.W002"]
    assert ids(ROOT_URLCONF=Mounted(by_class, issues)) == []
    assert ids(ROOT_URLCONF=Mounted(plain)) == []


def test_tokens_with_sessions_in_signed_cookies_are_a_warning() -> None:
    issues = path("token/", WebSocketTokenView.as_view())
    engine = "django.contrib.sessions.backends.signed_cookies"

    assert ids(ROOT_URLCONF=Mounted(issues), SESSION_ENGINE=engine) == ["apigw_ws.W007"]
    assert ids(ROOT_URLCONF=Mounted(), SESSION_ENGINE=engine) == []


def test_guards_of_the_fields_existing_package_are_errors_and_its_other_names_warnings() -> None:
    class Moved(ChatView):
        ALLOWED_HANDLERS = {"say"}  # is read
        RATE_LIMIT_ENABLED = True

        def permission_denied(self, request: Any) -> None: ...

        def can_join_channel(self, request: Any, channel_name: str) -> bool:
            return False

    moved = path("ws/<slug:route>", Moved.as_view())

    assert found(ROOT_URLCONF=Mounted(moved)) == [
        ("apigw_ws.E006", "Moved.can_join_channel guards nothing here."),
        ("apigw_ws.W005", "Moved.RATE_LIMIT_ENABLED is not read here."),
        ("apigw_ws.W005", "Moved.permission_denied is not read here."),
    ]


@pytest.mark.django_db
def test_a_gateway_that_calls_a_host_that_is_not_allowed_is_a_warning() -> None:
    new_gateway()

    def hosts(**settings: Any) -> list[str | None]:
        with override_settings(**settings):
            return [message.id for message in checks.check_hosts(databases=["default"])]

    assert hosts(ALLOWED_HOSTS=["other.example.net"]) == ["apigw_ws.W004"]
    assert hosts(ALLOWED_HOSTS=[], DEBUG=True) == ["apigw_ws.W004"]
    assert hosts(ALLOWED_HOSTS=["*"]) == hosts(ALLOWED_HOSTS=[".example.com"]) == []
    assert checks.check_hosts(databases=None) == []


@pytest.mark.django_db
def test_a_database_without_tables_is_left_alone() -> None:
    with connection.execute_wrapper(failing):
        assert checks.check_hosts(databases=["default"]) == []
        assert checks.check_profiles(databases=["default"]) == []


@pytest.mark.django_db
def test_a_profile_that_the_server_does_not_have_is_a_warning(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    config = tmp_path / "config"
    config.write_text("[profile live]\nregion = eu-central-1\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    for label, profile in (("Own", ""), ("Live", "live"), ("Other", "other")):
        AwsAccount.objects.create(label=label, profile=profile)

    (warning,) = checks.check_profiles(databases=["default"])

    assert (warning.id, warning.msg) == (
        "apigw_ws.W008",
        "The AWS account “Other” names the profile “other”, which is not on this server.",
    )
    assert checks.check_profiles(databases=None) == []


@pytest.mark.django_db
def test_check_deploy_of_a_project_passes_our_checks() -> None:
    call_command("check", databases=["default"], tags=["urls", "security"])


def test_every_check_is_documented() -> None:
    source, docs = (ROOT / name for name in ("apigw_ws/checks.py", "docs/settings.md"))
    used = set(re.findall(r'id="apigw_ws\.([EW]\d+)"', source.read_text()))

    assert used == set(re.findall(r"^\| ([EW]\d+) \|", source.read_text(), re.MULTILINE))
    assert used == set(re.findall(r"`apigw_ws\.([EW]\d+)`", docs.read_text()))
