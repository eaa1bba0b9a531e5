"""Registers what a client may call, once per class; a name from a client is only ever a key of it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Mapping
from typing import Any, Final, TypeVar

from apigw_ws.exceptions import ConfigurationError

Handler = Callable[..., Any]
_Marked = TypeVar("_Marked", bound=Handler)

_NAMES: Final = "_apigw_ws_handles"

#: Hooks that views for django-aws-api-gateway-websockets override. They were never meant for clients.
FOREIGN_HOOKS: Final = frozenset(
    {
        "can_join_channel",
        "get_channel_permission",
        "handler_selection_key_missing",
        "has_all_permission",
        "has_any_permission",
        "invalid_gateway_secret",
        "invalid_useragent",
        "missing_headers",
        "permission_denied",
        "route_selection_key_missing",
        "session_not_found",
    }
)


def handles(*names: str) -> Callable[[_Marked], _Marked]:
    """Let clients call a method by ``names``: ``@handles("chat.send")`` answers {"action": "chat.send"}."""
    if not names or not all(isinstance(name, str) and name for name in names):
        raise ConfigurationError('Give @handles the names that clients send: @handles("chat.send").')

    def mark(method: _Marked) -> _Marked:
        setattr(method, _NAMES, names)
        return method

    return mark


def registry(cls: type, base: type, open_names: Collection[str]) -> Mapping[str, Handler]:
    """Return the methods of ``cls`` that clients may call, by the name they send.

    Those are ``open_names`` of ``base``; functions that the bodies of its subclasses define under a name that
    ``base`` does not use and that does not begin with an underscore; and every function marked with @handles.
    An override takes the place of what it overrides. Raises ConfigurationError for a coroutine function, or a
    name that is taken twice.
    """
    attributes: dict[str, str] = {name: name for name in open_names}
    for owner in reversed(cls.__mro__):
        is_ours = owner is not base and issubclass(owner, base)
        taken = set(attributes.values())
        for attribute, value in vars(owner).items():
            is_open = is_ours and attribute not in taken and _may_be_open(attribute, base)
            for name in _names(value, (attribute,) if is_open and is_of(owner, value) else ()):
                _claim(attributes, name, attribute, owner)
    functions = {name: _function(cls, attribute) for name, attribute in attributes.items()}
    return {name: function for name, function in functions.items() if function is not None}


def marks(value: object) -> tuple[str, ...]:
    """The names that @handles has given to a function."""
    return _names(value, ())


def _names(value: object, unmarked: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(getattr(value, _NAMES, unmarked)) if inspect.isfunction(value) else ()


def is_of(owner: type, value: object) -> bool:
    """Whether the class body defines the function; ``encode = json.dumps`` is a helper, not a handler."""
    return str(getattr(value, "__qualname__", "")).startswith(f"{owner.__qualname__}.")


def _may_be_open(attribute: str, base: type) -> bool:
    return not (attribute.startswith("_") or attribute in FOREIGN_HOOKS or hasattr(base, attribute))


def _claim(attributes: dict[str, str], name: str, attribute: str, owner: type) -> None:
    taken = attributes.get(name, attribute)
    if taken != attribute and taken in vars(owner):
        raise ConfigurationError(f"{owner.__qualname__}: “{name}” is handled by {taken} and by {attribute}.")
    attributes[name] = attribute


def _function(cls: type, attribute: str) -> Handler | None:
    """The function of that name; None if a subclass has closed the handler by setting it to None."""
    function = inspect.getattr_static(cls, attribute)
    if inspect.iscoroutinefunction(function):
        raise ConfigurationError(f"{cls.__qualname__}.{attribute} is async; a handler is a plain method.")
    return function if inspect.isfunction(function) else None
