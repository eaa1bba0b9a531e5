"""Checks the mounted views and their URLs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.urls import URLPattern, URLResolver, get_resolver

from apigw_ws.checks.configured import check_settings
from apigw_ws.conf import conf
from apigw_ws.handlers import FOREIGN_HOOKS
from apigw_ws.views import WebSocketTokenView, WebSocketView

_GUARD = "Write a guard instead, and add it to the view's “guards”."
_SETTING = "Write it into APIGW_WS instead: CONNECT_RATE_LIMIT, CONNECT_RATE_WINDOW, ALLOW_UNLISTED_CHANNELS."
_ANSWER = "A refusal is a bare status and a row in the admin; remove the method."
_HANDLERS = (
    "Clients can call what the class adds and what @handles marks. Remove it, or write ALLOWED_HANDLERS."
)

#: Names from django-aws-api-gateway-websockets by which a view kept clients out, and what replaces them.
UNREAD_GUARDS: Final = {
    **dict.fromkeys(("can_join_channel", "get_channel_permission", "has_any_permission"), _GUARD),
    **dict.fromkeys(("has_all_permission", "_additional_connection_checks"), _GUARD),
    **dict.fromkeys(("_passes_permission_checks", "CHANNEL_NAME_PATTERN"), _GUARD),
    "ALLOW_UNLISTED_CHANNELS": _SETTING,
}
#: Its other names, and what replaces them.
UNREAD: Final = {
    "ADDITIONAL_ALLOWED_HANDLERS": _HANDLERS,
    "RATE_LIMIT_ENABLED": _SETTING,
    "RATE_LIMIT_MAX_ATTEMPTS": _SETTING,
    "RATE_LIMIT_WINDOW_MINUTES": _SETTING,
    **dict.fromkeys(sorted(FOREIGN_HOOKS - UNREAD_GUARDS.keys()), _ANSWER),
}


@register(Tags.urls)
def check_urls(**_: Any) -> list[CheckMessage]:
    if check_settings():
        return []
    patterns, ours = list(mounted()), websocket_views()
    messages: list[CheckMessage] = []
    if ours and not any(_takes_route(pattern) for pattern in ours):
        hint = f'path("ws/<slug:route>", {view_class(ours[0]).__name__}.as_view())'
        messages.append(Warning("No URL of a WebSocketView takes the route.", hint=hint, id="apigw_ws.W001"))
    if any(map(_demands_token, ours)) and not any(
        issubclass(view_class(p), WebSocketTokenView) for p in patterns
    ):
        hint = 'path("ws-token/", WebSocketTokenView.as_view())'
        messages.append(
            Warning("Tokens are demanded, but no URL issues them.", hint=hint, id="apigw_ws.W002")
        )
    return messages


@register(Tags.security)
def check_session_engine(**_: Any) -> list[CheckMessage]:
    if settings.SESSION_ENGINE != "django.contrib.sessions.backends.signed_cookies" or not any(
        issubclass(view_class(pattern), WebSocketTokenView) for pattern in mounted()
    ):
        return []
    hint = "Use the database, cache or file backend of django.contrib.sessions."
    return [Warning("Signed cookies have no key to tie tokens to.", hint=hint, id="apigw_ws.W007")]


@register(Tags.security)
def check_unread_names(**_: Any) -> list[CheckMessage]:
    ours = _classes()
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


@register(Tags.urls)
def check_handlers(**_: Any) -> list[CheckMessage]:
    """Handlers of a view that its own list closes, and names on the list that nothing handles."""
    says = {
        "nothing": (
            "{0}.ALLOWED_HANDLERS names “{1}”, which nothing handles.",
            "Correct the name, or remove it.",
        ),
        "closed": (
            "{0} handles “{1}”, which its ALLOWED_HANDLERS closes.",
            "Add the name, or remove the method.",
        ),
    }
    return [
        Warning(says[what][0].format(view.__name__, name), hint=says[what][1], obj=view, id="apigw_ws.W014")
        for view in _classes()
        for what, name in _unlisted(view)
    ]


def _unlisted(view: type[WebSocketView]) -> Iterator[tuple[str, str]]:
    """A subclass that closes its parent's handlers does so on purpose."""
    if not view.ALLOWED_HANDLERS:
        return
    names = set(view.ALLOWED_HANDLERS)
    yield from (("nothing", name) for name in sorted(names - view._handlers.keys()))
    since = next(n for n, owner in enumerate(view.__mro__, 1) if "ALLOWED_HANDLERS" in vars(owner))
    own = [value for owner in view.__mro__[:since] for value in vars(owner).values()]
    for name, function in sorted(view._handlers.items()):
        if name not in names | {"default"} and function in own:
            yield "closed", name


def websocket_views() -> list[URLPattern]:
    """Return the URL patterns that lead to a WebSocketView."""
    return [pattern for pattern in mounted() if issubclass(view_class(pattern), WebSocketView)]


def _classes() -> list[type[WebSocketView]]:
    return sorted({view_class(pattern) for pattern in websocket_views()}, key=str)


def _brought(views: Iterable[type], names: Mapping[str, str]) -> Iterator[tuple[type, str, str]]:
    return ((view, name, hint) for view in views for name, hint in names.items() if hasattr(view, name))


def mounted() -> Iterator[URLPattern]:
    return _patterns(get_resolver()) if getattr(settings, "ROOT_URLCONF", None) else iter(())


def _patterns(resolver: URLResolver) -> Iterator[URLPattern]:
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            yield from _patterns(entry)
        else:
            yield entry


def view_class(pattern: URLPattern) -> type:
    found: type = getattr(pattern.callback, "view_class", object)
    return found


def _takes_route(pattern: URLPattern) -> bool:
    return "route" in pattern.pattern.converters or "route" in (pattern.default_args or {})


def _demands_token(pattern: URLPattern) -> bool:
    configured = getattr(pattern.callback, "view_initkwargs", {}).get(
        "USE_WS_TOKEN", getattr(view_class(pattern), "USE_WS_TOKEN", None)
    )
    return conf.use_ws_token if configured is None else bool(configured)
