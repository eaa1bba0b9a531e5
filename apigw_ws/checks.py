"""System checks. E0xx: a value of ``APIGW_WS`` is wrong. W0xx: something will not work as it looks.

| id | what is wrong |
|---|---|
| E001 | APIGW_WS is no dict |
| E002 | a key that does not exist |
| E003 | a value, or an item of it, of the wrong type |
| E004 | a number below its minimum |
| E005 | an origin without a scheme, with a path, or with a ``*`` elsewhere than in ``*.`` before the domain |
| E006 | a view brings a guard of django-aws-api-gateway-websockets that nothing reads here: it is open |
| E007 | ENDPOINT_URL is no http or https URL |
| W001 | WebSocketViews are mounted, but no URL takes the route: $connect cannot arrive |
| W002 | a view demands tokens, and no URL leads to WebSocketTokenView |
| W003 | every page may connect |
| W004 | a gateway calls a host that ALLOWED_HOSTS does not list (``check --database default``) |
| W005 | a view brings another name of django-aws-api-gateway-websockets that nothing reads here |
| W006 | pages of no origin may connect, and any page can make itself one |
| W007 | tokens are issued, and sessions in signed cookies have no key to tie them to |
| W008 | an account names a profile that this server does not have (``check --database default``) |
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from itertools import chain
from typing import Any, Final
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.core.exceptions import ValidationError
from django.db import DatabaseError
from django.db.models import QuerySet
from django.http.request import validate_host
from django.urls import URLPattern, URLResolver, get_resolver

from apigw_ws.conf import SETTINGS, Setting, conf
from apigw_ws.handlers import FOREIGN_HOOKS
from apigw_ws.models import ApiGateway, AwsAccount
from apigw_ws.models.validators import validate_http_url
from apigw_ws.services import lookups
from apigw_ws.views import WebSocketTokenView, WebSocketView

_GUARD = "Write a guard instead, and add it to the view's “guards”."
_SETTING = "Write it into APIGW_WS instead: CONNECT_RATE_LIMIT, CONNECT_RATE_WINDOW, ALLOW_UNLISTED_CHANNELS."
_ANSWER = "A refusal is a bare status and a row in the admin; remove the method."
_HANDLERS = (
    "Clients can call what the class adds and what @handles marks. Remove it, or write ALLOWED_HANDLERS."
)

#: What a view may bring from the field's existing package to keep somebody out, and what to do instead.
UNREAD_GUARDS: Final = {
    **dict.fromkeys(("can_join_channel", "get_channel_permission", "has_any_permission"), _GUARD),
    **dict.fromkeys(("has_all_permission", "_additional_connection_checks"), _GUARD),
    **dict.fromkeys(("_passes_permission_checks", "CHANNEL_NAME_PATTERN"), _GUARD),
    "ALLOW_UNLISTED_CHANNELS": _SETTING,
}
#: And what else it may bring.
UNREAD: Final = {
    "ADDITIONAL_ALLOWED_HANDLERS": _HANDLERS,
    "RATE_LIMIT_ENABLED": _SETTING,
    "RATE_LIMIT_MAX_ATTEMPTS": _SETTING,
    "RATE_LIMIT_WINDOW_MINUTES": _SETTING,
    **dict.fromkeys(sorted(FOREIGN_HOOKS - UNREAD_GUARDS.keys()), _ANSWER),
}


@register
def check_settings(**_: Any) -> list[CheckMessage]:
    configured = getattr(settings, "APIGW_WS", {})
    if not isinstance(configured, Mapping):
        return [Error("APIGW_WS is not a dict.", hint="Write APIGW_WS = {…}.", id="apigw_ws.E001")]
    found = list(chain.from_iterable(_check_setting(name, value) for name, value in configured.items()))
    return found or [*_check_endpoint()]


@register(Tags.security)
def check_origins(**_: Any) -> list[CheckMessage]:
    if check_settings():
        return []
    wrong = [origin for origin in conf.allowed_origins if not _is_origin(origin)]
    errors: list[CheckMessage] = [
        Error(
            f"APIGW_WS['ALLOWED_ORIGINS']: “{origin}” is not an origin.",
            hint="Write scheme and host, without a path: “https://www.example.com” or “https://*.example.com”.",
            id="apigw_ws.E005",
        )
        for origin in wrong
    ]
    if "*" in conf.allowed_origins:
        hint = "Any site can then open a WebSocket with its visitors' cookies. List the origins you know."
        errors.append(
            Warning("APIGW_WS['ALLOWED_ORIGINS'] lets every page connect.", hint=hint, id="apigw_ws.W003")
        )
    if "null" in conf.allowed_origins:
        hint = "A sandboxed frame has the origin “null”, so any site can make one. List the origins you know."
        errors.append(
            Warning("APIGW_WS['ALLOWED_ORIGINS'] lets “null” connect.", hint=hint, id="apigw_ws.W006")
        )
    return errors


@register(Tags.urls)
def check_urls(**_: Any) -> list[CheckMessage]:
    if check_settings():
        return []
    patterns = list(_mounted())
    ours = [p for p in patterns if issubclass(_view_class(p), WebSocketView)]
    messages: list[CheckMessage] = []
    if ours and not any(_takes_route(pattern) for pattern in ours):
        hint = f'path("ws/<slug:route>", {_view_class(ours[0]).__name__}.as_view())'
        messages.append(Warning("No URL of a WebSocketView takes the route.", hint=hint, id="apigw_ws.W001"))
    if any(map(_demands_token, ours)) and not any(
        issubclass(_view_class(p), WebSocketTokenView) for p in patterns
    ):
        hint = 'path("ws-token/", WebSocketTokenView.as_view())'
        messages.append(
            Warning("Tokens are demanded, but no URL issues them.", hint=hint, id="apigw_ws.W002")
        )
    return messages


@register(Tags.security)
def check_session_engine(**_: Any) -> list[CheckMessage]:
    if settings.SESSION_ENGINE != "django.contrib.sessions.backends.signed_cookies" or not any(
        issubclass(_view_class(pattern), WebSocketTokenView) for pattern in _mounted()
    ):
        return []
    hint = "Use the database, cache or file backend of django.contrib.sessions."
    return [Warning("Signed cookies have no key to tie tokens to.", hint=hint, id="apigw_ws.W007")]


@register(Tags.security)
def check_unread_names(**_: Any) -> list[CheckMessage]:
    views = {_view_class(pattern) for pattern in _mounted()}
    ours = [view for view in sorted(views, key=str) if issubclass(view, WebSocketView)]
    return [
        *(
            Error(f"{view.__name__}.{name} guards nothing here.", hint=hint, obj=view, id="apigw_ws.E006")
            for view, name, hint in _brought(ours, UNREAD_GUARDS)
        ),
        *(
            Warning(f"{view.__name__}.{name} is not read here.", hint=hint, obj=view, id="apigw_ws.W005")
            for view, name, hint in _brought(ours, UNREAD)
        ),
    ]


@register(Tags.database)
def check_hosts(databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    hosts = settings.ALLOWED_HOSTS or ([".localhost", "127.0.0.1", "[::1]"] if settings.DEBUG else [])
    return [
        Warning(
            f"The gateway “{gateway}” calls {host}, which ALLOWED_HOSTS does not list.",
            hint=f"Add “{host}” to ALLOWED_HOSTS; until then Django answers 400 to every event.",
            id="apigw_ws.W004",
        )
        for gateway in _rows(ApiGateway.objects.exclude(target_base_endpoint=""), databases)
        if not validate_host(host := urlsplit(gateway.target_base_endpoint).hostname or "", hosts)
    ]


@register(Tags.database)
def check_profiles(databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    named = _rows(AwsAccount.objects.exclude(profile=""), databases)
    known = lookups.profiles() if named else ()
    missing = [account for account in named if account.profile not in known]
    says = "The AWS account “{0}” names the profile “{0.profile}”, which is not on this server."
    hint = "Add it to the AWS configuration of the user that runs Django, on each server and worker."
    return [Warning(says.format(account), hint=hint, id="apigw_ws.W008") for account in missing]


def _rows(queryset: QuerySet[Any], databases: Sequence[str] | None) -> list[Any]:
    try:
        return list(queryset) if databases else []
    except DatabaseError:  # not migrated yet
        return []


def _check_setting(name: object, value: object) -> Iterator[CheckMessage]:
    setting = SETTINGS.get(str(name))
    if setting is None:
        near = get_close_matches(str(name), SETTINGS, n=1)
        hint = f"Did you mean “{near[0]}”?" if near else f"Known keys: {', '.join(SETTINGS)}."
        yield Error(f"APIGW_WS has no key “{name}”.", hint=hint, id="apigw_ws.E002")
    elif wrong := _wrong_type(setting, value):
        yield Error(f"APIGW_WS[“{name}”]: {wrong}.", hint=setting.help, id="apigw_ws.E003")
    elif setting.minimum is not None and isinstance(value, int) and value < setting.minimum:
        what = f"APIGW_WS[“{name}”] is {value}; the least is {setting.minimum}."
        yield Error(what, hint=setting.help, id="apigw_ws.E004")


def _check_endpoint() -> Iterator[CheckMessage]:
    try:
        validate_http_url(conf.endpoint_url or "https://aws")
    except ValidationError as error:
        hint = SETTINGS["ENDPOINT_URL"].help
        yield Error(f"APIGW_WS[“ENDPOINT_URL”]: {error.message}", hint=hint, id="apigw_ws.E007")


def _wrong_type(setting: Setting, value: Any) -> str:
    names = " or ".join(allowed.__name__ for allowed in setting.types)
    # True and False are ints to Python, and a mistake here.
    if not isinstance(value, setting.types) or (isinstance(value, bool) and bool not in setting.types):
        return f"expected {names}, not {type(value).__name__}"
    items: Any = value
    if setting.of is not None and not all(isinstance(item, setting.of) for item in items):
        return f"expected a {names} of {setting.of.__name__}"
    return ""


def _is_origin(text: str) -> bool:
    host = r"(\[[0-9A-Fa-f:.]+\]|(\*\.)?[^\s/*:?#@\[\]]+)"
    return text in ("*", "null") or bool(re.fullmatch(rf"[A-Za-z][\w+.-]*://{host}(:\d+)?/*", text))


def _brought(views: Iterable[type], names: Mapping[str, str]) -> Iterator[tuple[type, str, str]]:
    return ((view, name, hint) for view in views for name, hint in names.items() if hasattr(view, name))


def _mounted() -> Iterator[URLPattern]:
    return _patterns(get_resolver()) if getattr(settings, "ROOT_URLCONF", None) else iter(())


def _patterns(resolver: URLResolver) -> Iterator[URLPattern]:
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            yield from _patterns(entry)
        else:
            yield entry


def _view_class(pattern: URLPattern) -> type:
    found: type = getattr(pattern.callback, "view_class", object)
    return found


def _takes_route(pattern: URLPattern) -> bool:
    return "route" in pattern.pattern.converters or "route" in (pattern.default_args or {})


def _demands_token(pattern: URLPattern) -> bool:
    configured = getattr(pattern.callback, "view_initkwargs", {}).get(
        "USE_WS_TOKEN", getattr(_view_class(pattern), "USE_WS_TOKEN", None)
    )
    return conf.use_ws_token if configured is None else bool(configured)
