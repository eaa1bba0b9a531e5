"""Checks what gateways and accounts need from the project. Needs a database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register
from django.db import DatabaseError
from django.db.models import QuerySet
from django.http.request import validate_host
from django.urls import Resolver404, resolve

from apigw_ws.checks.mounted import websocket_views
from apigw_ws.models import ApiGateway, AwsAccount
from apigw_ws.services import lookups
from apigw_ws.views import WebSocketView


@register(Tags.database)
def check_hosts(databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    return [
        Warning(
            f"The gateway “{gateway}” calls {_host(gateway)}, which ALLOWED_HOSTS does not list.",
            hint=f"Add “{_host(gateway)}” to ALLOWED_HOSTS; until then Django answers 400 to every event.",
            obj=gateway,
            id="apigw_ws.W004",
        )
        for gateway in rows(_calling(), databases)
        if not _is_answered_here(gateway)
    ]


@register(Tags.database)
def check_targets(databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """If Django answers to the host that a gateway calls, it needs a URL for the routes."""
    if not websocket_views():
        return []
    return [
        Warning(
            f"The gateway “{gateway}” calls {path}, where no URL leads to a WebSocketView.",
            hint='Mount it there, with the route: path("ws/<slug:route>", ChatView.as_view()).',
            obj=gateway,
            id="apigw_ws.W012",
        )
        for gateway in rows(_calling(), databases)
        if _is_answered_here(gateway) and not _leads_to_view(path := _connect_path(gateway))
    ]


@register(Tags.database)
def check_profiles(databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    named = rows(AwsAccount.objects.exclude(profile=""), databases)
    known = lookups.profiles() if named else ()
    missing = [account for account in named if account.profile not in known]
    says = "The AWS account “{0}” names the profile “{0.profile}”, which is not on this server."
    hint = "Add it to the AWS configuration of the user that runs Django, on each server and worker."
    return [Warning(says.format(account), hint=hint, id="apigw_ws.W008") for account in missing]


def _calling() -> QuerySet[ApiGateway]:
    return ApiGateway.objects.only("api_name", "target_base_endpoint").exclude(target_base_endpoint="")


def _host(gateway: ApiGateway) -> str:
    return urlsplit(gateway.target_base_endpoint).hostname or ""


def _is_answered_here(gateway: ApiGateway) -> bool:
    hosts = settings.ALLOWED_HOSTS or ([".localhost", "127.0.0.1", "[::1]"] if settings.DEBUG else [])
    return validate_host(_host(gateway), hosts)


def _connect_path(gateway: ApiGateway) -> str:
    path = f"{urlsplit(gateway.target_base_endpoint).path.rstrip('/')}/connect"
    return path.removeprefix((settings.FORCE_SCRIPT_NAME or "").rstrip("/"))


def _leads_to_view(path: str) -> bool:
    try:
        callback = resolve(path).func
    except Resolver404:
        return False
    return issubclass(getattr(callback, "view_class", object), WebSocketView)


def rows(queryset: QuerySet[Any], databases: Sequence[str] | None) -> list[Any]:
    try:
        return list(queryset) if databases else []
    except DatabaseError:  # not migrated yet
        return []
