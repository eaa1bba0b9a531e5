"""Our tables in a database of their router's choice."""

from __future__ import annotations

from typing import Any

from django.core.checks import run_checks
from django.http import HttpRequest, HttpResponse

from apigw_ws.services import transactions


class Realtime:
    """Takes these apps to "realtime"."""

    def __init__(self, *apps: str) -> None:
        self.apps = apps

    def db_for_write(self, model: Any, **_: Any) -> str | None:
        return "realtime" if model._meta.app_label in self.apps else None


def said() -> list[str]:
    return [message.msg for message in run_checks() if message.id == "apigw_ws.E009"]


def test_the_database_is_that_of_the_router(settings: Any) -> None:
    assert transactions.database() == "default"

    settings.DATABASE_ROUTERS = [Realtime("apigw_ws")]

    assert transactions.database() == "realtime"


def test_users_elsewhere_are_an_error(settings: Any) -> None:
    settings.DATABASE_ROUTERS = [Realtime("apigw_ws")]

    assert said() == [
        f"“{label}” is in the database “default”, the tables of apigw_ws are in “realtime”."
        for label in ("auth.User", "auth.Group", "auth.Permission")
    ]


def test_users_in_the_same_database_are_none(settings: Any) -> None:
    settings.DATABASE_ROUTERS = [Realtime("apigw_ws", "auth")]

    assert said() == []


def test_no_database_puts_a_transaction_around_a_view() -> None:
    def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse()

    assert transactions.never_around(view)._non_atomic_requests == {"default"}  # type: ignore[attr-defined]
