"""What the system checks find, and what they leave alone."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django import VERSION
from django.core.checks import run_checks
from django.core.management import call_command
from django.db import connection
from django.test import override_settings
from django.urls import include, path

from apigw_ws.checks import browsers, channels, configured, gateways, sending
from apigw_ws.delivery import engine
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
        assert configured.check_settings()[0].hint == "Did you mean “ALLOWED_ORIGINS”?"
    with override_settings(APIGW_WS={"XYZ": 1}):
        assert str(configured.check_settings()[0].hint).startswith("Known keys: ENDPOINT_URL, ")


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
            return [message.id for message in gateways.check_hosts(databases=["default"])]

    assert hosts(ALLOWED_HOSTS=["other.example.net"]) == ["apigw_ws.W004"]
    assert hosts(ALLOWED_HOSTS=[], DEBUG=True) == ["apigw_ws.W004"]
    assert hosts(ALLOWED_HOSTS=["*"]) == hosts(ALLOWED_HOSTS=[".example.com"]) == []
    assert gateways.check_hosts(databases=None) == []


@pytest.mark.django_db
def test_a_database_without_tables_is_left_alone() -> None:
    with connection.execute_wrapper(failing):
        assert gateways.check_hosts(databases=["default"]) == []
        assert gateways.check_profiles(databases=["default"]) == []


@pytest.mark.django_db
def test_a_profile_that_the_server_does_not_have_is_a_warning(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    config = tmp_path / "config"
    config.write_text("[profile live]\nregion = eu-central-1\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    for label, profile in (("Own", ""), ("Live", "live"), ("Other", "other")):
        AwsAccount.objects.create(label=label, profile=profile)

    (warning,) = gateways.check_profiles(databases=["default"])

    assert (warning.id, warning.msg) == (
        "apigw_ws.W008",
        "The AWS account “Other” names the profile “other”, which is not on this server.",
    )
    assert gateways.check_profiles(databases=None) == []


def test_allowed_handlers_that_say_something_else_than_the_view_are_warnings() -> None:
    class Listed(ChatView):
        ALLOWED_HANDLERS = {"say", "sya"}  # hush and the others of ChatView are closed on purpose

        def shout(self, request: Any) -> None: ...

    class Heir(Listed):
        def whisper(self, request: Any) -> None: ...

    class Fine(ChatView):
        ALLOWED_HANDLERS = {"say", "chat.send"}

    def said(view: type[ChatView]) -> list[str]:
        return [text for _id, text in found(ROOT_URLCONF=Mounted(path("ws/<slug:route>", view.as_view())))]

    assert said(Listed) == [
        "Listed.ALLOWED_HANDLERS names “sya”, which nothing handles.",
        "Listed handles “shout”, which its ALLOWED_HANDLERS closes.",
    ]
    assert "Heir handles “whisper”, which its ALLOWED_HANDLERS closes." in said(Heir)
    assert said(Fine) == []


def warned(check: Any, **settings: Any) -> list[str]:
    with override_settings(**settings):
        return [message.msg for message in check(databases=["default"])]


@pytest.mark.django_db
def test_a_domain_that_the_session_cookie_does_not_reach_is_a_warning() -> None:
    gateway = new_gateway(domain_name="ws.example.com")
    check = browsers.check_cookie_domain
    says = ["Browsers do not send the session cookie to ws.example.com, the gateway “chat at ws”."]

    assert warned(check) == warned(check, SESSION_COOKIE_DOMAIN="example.net") == says
    assert warned(check, SESSION_COOKIE_DOMAIN="ample.com") == says
    assert warned(check, SESSION_COOKIE_DOMAIN=".example.com") == []
    assert warned(check, SESSION_COOKIE_DOMAIN="example.com") == []
    assert warned(check, MIDDLEWARE=[]) == warned(check, ROOT_URLCONF=Mounted()) == []
    assert check(databases=None) == []
    gateway.domain_name, gateway.api_endpoint = "", "wss://a1.execute-api.eu-west-1.amazonaws.com"
    gateway.save()
    assert "a1.execute-api.eu-west-1.amazonaws.com" in warned(check, SESSION_COOKIE_DOMAIN=".example.com")[0]
    gateway.domain_name, gateway.api_endpoint = "ws.example.com", "ws://127.0.0.1:8790/_aws/execute-api/a1"
    gateway.save()
    assert warned(check) == []


def test_pages_of_another_site_that_get_no_session_cookie_are_a_warning() -> None:
    site = {"SESSION_COOKIE_DOMAIN": ".example.com"}
    listed = {"APIGW_WS": {"ALLOWED_ORIGINS": ["https://*.example.com", "https://app.example.net"]}}
    says = ["Pages of https://app.example.net may connect, without the session cookie: its SameSite is Lax."]

    assert warned(browsers.check_same_site, **site, **listed) == says
    trusted = {"CSRF_TRUSTED_ORIGINS": ["https://app.example.net"]}
    assert warned(browsers.check_same_site, **site, **trusted) == says
    assert warned(browsers.check_same_site, **site, APIGW_WS={"ALLOWED_ORIGINS": ["*", "null"]}) == []
    assert warned(browsers.check_same_site, **listed) == []
    none = {**site, **listed, "SESSION_COOKIE_SAMESITE": "None"}
    assert warned(browsers.check_same_site, **none, SESSION_COOKIE_SECURE=True) == []
    (dropped,) = warned(browsers.check_same_site, **none)
    assert dropped == "Browsers drop a session cookie with SameSite=None that is not secure."
    assert warned(browsers.check_same_site, SESSION_COOKIE_SAMESITE=False) == []
    assert warned(browsers.check_same_site, **site, APIGW_WS=[]) == []


@pytest.mark.django_db
def test_pages_of_the_gateways_domain_that_may_not_connect_are_a_warning() -> None:
    new_gateway(domain_name="ws.example.com", target_base_endpoint="https://lb.example.net/ws/")
    check = browsers.check_own_pages

    assert warned(check) == ["Pages of example.com may not connect to the gateway “chat at ws”."]
    assert warned(check, APIGW_WS={"ALLOWED_ORIGINS": ["https://*.example.com"]}) == []
    assert warned(check, APIGW_WS={"ALLOWED_ORIGINS": ["*"]}) == []
    assert warned(check, CSRF_TRUSTED_ORIGINS=["https://www.example.com"]) == []
    assert len(warned(check, CSRF_TRUSTED_ORIGINS=["https://www.example.net"])) == 1
    assert warned(check, APIGW_WS=[]) == warned(check, ROOT_URLCONF=Mounted()) == []


@pytest.mark.django_db
def test_a_target_that_no_url_takes_is_a_warning() -> None:
    gateway = new_gateway("elsewhere")
    check = gateways.check_targets
    says = [
        "The gateway “chat at elsewhere” calls /elsewhere/connect, where no URL leads to a WebSocketView."
    ]

    assert warned(check) == says
    assert warned(check, ALLOWED_HOSTS=["other.example.net"]) == []
    assert warned(check, ROOT_URLCONF=Mounted()) == []
    assert check(databases=None) == []
    gateway.target_base_endpoint = "https://www.example.com/ws-token"  # another view
    gateway.save()
    assert len(warned(check)) == 1
    gateway.target_base_endpoint = "https://www.example.com/app/ws"
    gateway.save()
    assert warned(check, FORCE_SCRIPT_NAME="/app") == []


@pytest.mark.parametrize(
    ("backend", "begins"),
    [("Immediate", "Runs and broadcasts hold up"), ("Dummy", "Runs and broadcasts never")],
)
def test_a_task_backend_without_a_worker_is_a_warning(backend: str, begins: str) -> None:
    package = "django.tasks" if VERSION >= (6, 0) else "django_tasks"
    tasks = {"default": {"BACKEND": f"{package}.backends.{backend.lower()}.{backend}Backend"}}

    ((check_id, text),) = found(TASKS=tasks)

    assert check_id == "apigw_ws.W013"
    assert text.startswith(begins)
    assert found(TASKS=tasks, DEBUG=True) == []


@pytest.mark.django_db
def test_check_deploy_of_a_project_passes_our_checks() -> None:
    call_command("check", databases=["default"], tags=["urls", "security"])


def test_every_check_is_documented() -> None:
    files = (*(ROOT / "apigw_ws/checks").glob("*.py"), *(ROOT / "apigw_ws_admin").rglob("checks.py"))
    source, docs = "".join(file.read_text() for file in files), ROOT / "docs/settings.md"
    used = set(re.findall(r'id="apigw_ws\.([EW]\d+)"', source))

    assert used == set(re.findall(r"^\| ([EW]\d+) \|", source, re.MULTILINE))
    assert used == set(re.findall(r"`apigw_ws\.([EW]\d+)`", docs.read_text()))


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, ["apigw_ws.W015"]),
        ({"APIGW_WS": {"ALLOW_UNLISTED_CHANNELS": True}}, []),
        ({"APIGW_WS": {"ALLOW_UNLISTED_CHANNELS": False}}, []),
        ({"APIGW_WS": {"ALLOW_UNLISTED_CHANNELS": "no"}}, []),
        ({"ROOT_URLCONF": Mounted()}, []),
    ],
)
def test_a_site_decides_on_channels_without_a_permission(
    settings: dict[str, Any], expected: list[str]
) -> None:
    with override_settings(**settings):
        assert [message.id for message in channels.check_unlisted_channels()] == expected
        assert "apigw_ws.W015" not in ids()


def test_sending_without_pycurl_is_a_warning_before_a_deployment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert sending.check_pycurl() == []

    monkeypatch.setattr(engine, "CurlLine", None)

    assert [message.id for message in sending.check_pycurl()] == ["apigw_ws.W016"]
    with override_settings(ROOT_URLCONF=Mounted()):
        assert sending.check_pycurl() == []
