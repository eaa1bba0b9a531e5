"""Filters sessions by the query parameters of their list."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import Any, Final

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db import connections
from django.db.models import Q
from django.forms import SplitDateTimeField
from django.utils import timezone

from apigw_ws.models import SessionState
from apigw_ws.models.sessions import WebSocketSessionQuerySet
from apigw_ws.services import timeline
from apigw_ws.services.access import block_of

#: The most users that a search word matches.
USERS: Final = 100
#: Parameters of the list that do not filter.
_OTHERS: Final = frozenset({"o", "p", "e", "all", "_changelist_filters", "_facets", "_popup", "_to_field"})
#: How long something has lasted, in minutes.
_SPANS: Final = {
    "for": {
        "lt1": ("gt", 1),
        "lt10": ("gt", 10),
        "gt10": ("lte", 10),
        "gt60": ("lte", 60),
        "gt110": ("lte", 110),
    },
    "idle": {"lt1": ("gt", 1), "gt1": ("lte", 1), "gt5": ("lte", 5), "gt10": ("lte", 10)},
}

Rows = WebSocketSessionQuerySet


def of_users(word: str) -> Q:
    """Return sessions of users whose names begin so; the users are one query, by their index."""
    model = get_user_model()
    named = model._default_manager.filter(**{f"{model.USERNAME_FIELD}__startswith": word})
    return Q(user__in=list(named.values_list("pk", flat=True)[:USERS]))


def of_connection(word: str, vendor: str) -> Q:
    """Return sessions whose connection IDs begin so; on SQLite by a range, as LIKE uses no index there."""
    if vendor == "sqlite":
        return Q(connection_id__gte=word, connection_id__lt=f"{word}\U0010ffff")
    return Q(connection_id__startswith=word)


def at_address(word: str) -> Q | None:
    """Return sessions from the address, by the index of its block; None if it is not an address."""
    try:
        address = str(ip_address(word))
    except ValueError:
        return None
    return Q(address_block=block_of(address), ip_address=address)


def unknown(query: Mapping[str, str]) -> list[str]:
    """Return the parameters that ``narrowed`` does not know. Ignoring one would select more than is shown."""
    return sorted(name for name, value in query.items() if value and name not in {*_NARROWS, *_OTHERS})


def narrowed(sessions: Rows, query: Mapping[str, str]) -> Rows:
    """Return those of the sessions that the list shows for the query.

    An invalid value filters as in the list: not at all, or, for an address, to nobody.
    """
    if not query.get("state"):
        sessions = sessions.filter(connected=True)
    for name, narrow in _NARROWS.items():
        # PostgreSQL takes no NUL.
        if word := str(query.get(name) or "").replace("\0", "").strip():
            sessions = narrow(sessions, word)
    for end, lookup in (("from", "gte"), ("to", "lte")):
        if moment := range_end(query, "created_on", end):
            sessions = sessions.filter(**{f"created_on__{lookup}": moment})
    return sessions


def range_end(parameters: Mapping[str, Any], field: str, end: str) -> datetime | None:
    """Return the ``end`` ("from" or "to") of a range of times in a list's parameters.

    None if it is missing or invalid. A date alone means midnight.
    """
    day, time = (parameters.get(f"{field}_{end}_{part}") for part in (0, 1))
    with suppress(ValidationError):
        return SplitDateTimeField().clean([day, time or "00:00"]) if day else None
    return None


def _in_state(sessions: Rows, word: str) -> Rows:
    if word in SessionState.values:
        narrowed: Rows = getattr(sessions, word)()
        return narrowed
    return sessions if word == "all" else sessions.filter(connected=True)


def _at_gateway(sessions: Rows, word: str) -> Rows:
    return sessions.filter(api_gateway=int(word)) if word.isdecimal() else sessions.none()


def _at_address(sessions: Rows, word: str) -> Rows:
    there = at_address(word)
    return sessions.none() if there is None else sessions.filter(there)


def _found(sessions: Rows, word: str) -> Rows:
    connection = of_connection(word, connections[sessions.db].vendor)
    return sessions.filter(at_address(word) or connection | of_users(word))


def _lasting(name: str, field: str) -> Callable[[Rows, str], Rows]:
    def narrow(sessions: Rows, word: str) -> Rows:
        if word not in _SPANS[name]:
            return sessions
        lookup, minutes = _SPANS[name][word]
        return sessions.filter(**{f"{field}__{lookup}": timezone.now() - timedelta(minutes=minutes)})

    return narrow


def _nothing(sessions: Rows, word: str) -> Rows:
    return sessions


_NARROWS: Final[Mapping[str, Callable[[Rows, str], Rows]]] = {
    "state": _in_state,
    "api_gateway__id__exact": _at_gateway,
    "channel": lambda sessions, word: sessions.in_channel(word),
    "user": lambda sessions, word: sessions.filter(of_users(word)),
    "address": _at_address,
    "for": _lasting("for", "created_on"),
    "idle": _lasting("idle", "active_on"),
    "failed": lambda sessions, word: sessions.filter(timeline.failed()) if word == "1" else sessions,
    "q": _found,
    **{f"created_on_{end}_{part}": _nothing for end in ("from", "to") for part in (0, 1)},
}
