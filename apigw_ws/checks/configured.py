"""Checks APIGW_WS itself."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from itertools import chain
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.core.exceptions import ValidationError

from apigw_ws.conf import SETTINGS, Setting, conf
from apigw_ws.models.validators import validate_http_url


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
    # True and False are ints in Python, but mistakes here.
    if not isinstance(value, setting.types) or (isinstance(value, bool) and bool not in setting.types):
        return f"expected {names}, not {type(value).__name__}"
    items: Any = value
    if setting.of is not None and not all(isinstance(item, setting.of) for item in items):
        return f"expected a {names} of {setting.of.__name__}"
    return ""


def _is_origin(text: str) -> bool:
    host = r"(\[[0-9A-Fa-f:.]+\]|(\*\.)?[^\s/*:?#@\[\]]+)"
    return text in ("*", "null") or bool(re.fullmatch(rf"[A-Za-z][\w+.-]*://{host}(:\d+)?/*", text))
