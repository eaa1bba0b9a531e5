"""Transactions of the database that has our tables, which a router may keep elsewhere than in "default"."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from django.db import connections, router, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from apigw_ws.models import WebSocketSession

_View = TypeVar("_View", bound=Callable[..., Any])


def database() -> str:
    """Its alias: one for all of our models (``apigw_ws.E009``)."""
    return router.db_for_write(WebSocketSession)


def connection() -> BaseDatabaseWrapper:
    """This thread's connection to it."""
    return connections[database()]


def atomic() -> transaction.Atomic:
    """As ``transaction.atomic``, where our tables are."""
    return transaction.atomic(database())


def roll_back() -> None:
    """Have what the innermost ``atomic`` has written undone when it ends."""
    transaction.set_rollback(True, database())


def on_commit(do: Callable[[], object], *, robust: bool = False) -> None:
    """Call it once our writes are committed; now, outside of a transaction."""
    transaction.on_commit(do, database(), robust)


def never_around(view: _View) -> _View:
    """The view, which ATOMIC_REQUESTS puts into no transaction, of whichever database."""
    for alias in connections:
        view = transaction.non_atomic_requests(alias)(view)
    return view
