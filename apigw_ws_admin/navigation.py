"""The console's frame: its menu, its badge and its icon."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext, gettext_noop

from apigw_ws.conf import conf

#: The groups of the menu: (model, icon) of each item.
MENU = {
    gettext_noop("WebSockets"): (
        ("apigw_ws.ApiGateway", "cable"),
        ("apigw_ws.AwsAccount", "cloud"),
        ("apigw_ws.WebSocketSession", "sensors"),
        ("apigw_ws.Broadcast", "campaign"),
        ("apigw_ws.BroadcastTemplate", "draft"),
        ("apigw_ws.Channel", "forum"),
        ("apigw_ws.ChannelPermission", "rule"),
        ("apigw_ws.Ban", "gavel"),
        ("apigw_ws.Trace", "troubleshoot"),
    ),
    gettext_noop("Records"): (
        ("apigw_ws.Run", "rocket_launch"),
        ("apigw_ws.AuditEvent", "fact_check"),
        ("apigw_ws.Refusal", "block"),
        ("apigw_ws.WebSocketToken", "key"),
    ),
    gettext_noop("People"): (("auth.User", "person"), ("auth.Group", "group")),
}


def sidebar(request: HttpRequest) -> list[dict[str, Any]]:
    """The menu of this user: what they may not see is not there. For UNFOLD["SIDEBAR"]["navigation"]."""
    overview = {
        "title": gettext("Overview"),
        "icon": "space_dashboard",
        "link": reverse("admin:index"),
        "active": request.path == reverse("admin:index"),
    }
    groups = [
        {
            "title": gettext(title),
            "separator": True,
            "items": [*filter(None, (_item(request, *m) for m in models))],
        }
        for title, models in MENU.items()
    ]
    return [{"items": [overview, *_doctor(request)]}, *groups]


def _doctor(request: HttpRequest) -> list[dict[str, Any]]:
    gateways = _item(request, "apigw_ws.ApiGateway", "")
    if gateways is None:
        return []
    link = f"{gateways['link']}doctor/"
    return [{"title": gettext("Doctor"), "icon": "stethoscope", "link": link, "active": request.path == link}]


def _item(request: HttpRequest, label: str, icon: str) -> dict[str, Any] | None:
    model = apps.get_model(label)
    if not (
        admin.site.is_registered(model) and admin.site.get_model_admin(model).has_view_permission(request)
    ):
        return None
    link = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    return {
        "title": capfirst(model._meta.verbose_name_plural),
        "icon": icon,
        "link": link,
        "active": request.path.startswith(link) and request.path != f"{link}doctor/",
    }


def environment(request: HttpRequest) -> list[str] | None:
    """A badge for what must not be mistaken for production; none there. For UNFOLD["ENVIRONMENT"]."""
    if urlsplit(conf.endpoint_url).hostname in {"127.0.0.1", "localhost", "::1"}:
        return [gettext("Emulator"), "info"]
    return [gettext("Development"), "warning"] if settings.DEBUG else None


def favicon(request: HttpRequest) -> str:
    return static("apigw_ws_admin/favicon.svg")
