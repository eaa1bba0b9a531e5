"""Transactions in the database that has our tables, which a router may keep outside of "default"."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from django.db import connections, router, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from apigw_ws.models import WebSocketSession

_View = TypeVar("_View", bound=Callable[..., Any])


def database() -> str:
    """Return its alias, the same for all of our models (``apigw_ws.E009``)."""
    return router.db_for_write(WebSocketSession)


def connection() -> BaseDatabaseWrapper:
    """Return this thread's connection to it."""
    return connections[database()]


def atomic() -> transaction.Atomic:
    """As ``transaction.atomic``, for the database of our tables."""
    return transaction.atomic(database())


def roll_back() -> None:
    """Roll the innermost ``atomic`` back when it ends."""
    transaction.set_rollback(True, database())


def on_commit(do: Callable[[], object], *, robust: bool = False) -> None:
    """Call the function once our writes are committed; at once, outside of a transaction."""
    transaction.on_commit(do, database(), robust)


def never_around(view: _View) -> _View:
    """Return the view, exempt from ATOMIC_REQUESTS for every database."""
    for alias in connections:
        view = transaction.non_atomic_requests(alias)(view)
    return view
