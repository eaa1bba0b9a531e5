"""The console's frame: its menu and its environment badge."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from django.apps import apps
from django.conf import settings
from django.core.cache import cache
from django.db.models import Model
from django.http import HttpRequest
from django.templatetags.static import static
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext, gettext_lazy, gettext_noop

from apigw_ws.conf import conf
from apigw_ws.models import ApiGateway, AuditEvent, AwsAccount, Refusal, Run, WebSocketSession
from apigw_ws.services import attention
from apigw_ws_admin.labels import ENVIRONMENT
from apigw_ws_admin.pages import number
from apigw_ws_admin.sites import admin_of, console, has, reverse

#: What an admin site whose index is the overview has as its ``index_template``.
HOME: Final = "apigw_ws_admin/home/page.html"
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
    gettext_noop("People"): ((settings.AUTH_USER_MODEL, "person"), ("auth.Group", "group")),
}


#: What an item's badge counts (``attention.KINDS``), its colour, and its meaning. At 0 there is none.
BADGES: Final[Mapping[str, tuple[str, str, str | Promise]]] = {
    "apigw_ws.ApiGateway": (
        "drifted_gateways",
        "warning",
        gettext_lazy("Gateways that differed from AWS when they were last seen"),
    ),
    "apigw_ws.Broadcast": ("broadcasts_in_flight", "info", gettext_lazy("Broadcasts that are under way")),
    "apigw_ws.Run": (
        "failed_runs",
        "danger",
        gettext_lazy("Runs of the last 24 hours that failed, and that no other has made good"),
    ),
    "apigw_ws.Refusal": (
        "refusals_above_normal",
        "warning",
        gettext_lazy("Refusals of the last hour: far more than in an hour of the day before"),
    ),
    "doctor": ("problems", "danger", gettext_lazy("Problems that the doctor found when it looked last")),
}
#: Models whose pages show the environment of their gateway, and the lookup of its account.
_AT_GATEWAY: Final[Mapping[str, tuple[type[Model], str]]] = {
    "apigateway": (ApiGateway, "account"),
    "websocketsession": (WebSocketSession, "api_gateway__account"),
    "run": (Run, "gateway__account"),
    "refusal": (Refusal, "api_gateway__account"),
    "auditevent": (AuditEvent, "gateway__account"),
}
#: From here on a badge only says that there are many.
_MANY: Final = 1000


def sidebar(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the menu, without what the user may not see. For UNFOLD["SIDEBAR"]["navigation"]."""
    # Another project's admin may have an index of its own.
    home = reverse("admin:index" if console().index_template == HOME else "admin:apigw_ws_apigateway_home")
    overview = {
        "title": gettext("Overview"),
        "icon": "space_dashboard",
        "link": home,
        "active": request.path == home,
    }
    first: dict[str, Any] = {"items": [overview, *_doctor(request), _help(request)]}
    groups = [
        {
            "title": gettext(title),
            "separator": True,
            "items": [
                *(_activity(request) if title == "Records" else ()),
                *filter(None, (_item(request, *m) for m in models)),
            ],
        }
        for title, models in MENU.items()
    ]
    _count([item for group in (first, *groups) for item in group["items"]])
    return [first, *groups]


def _count(items: list[dict[str, Any]]) -> None:
    """Give items their badges; what the user may not see is not counted."""
    badges = [(item, *BADGES[item["counts"]]) for item in items if item.get("counts") in BADGES]
    numbers = attention.of(*(kind for _item, kind, _colour, _means in badges))
    for item, kind, colour, means in badges:
        if number := numbers[kind]:
            item["badge"] = str(number) if number < _MANY else f"{_MANY - 1}+"
            item["badge_variant"] = colour
            item["title"] = format_html('<span title="{}">{}</span>', means, item["title"])


def _doctor(request: HttpRequest) -> list[dict[str, Any]]:
    gateways = _item(request, "apigw_ws.ApiGateway", "")
    if gateways is None:
        return []
    link = f"{gateways['link']}doctor/"
    here = request.path == link
    doctor = {"title": gettext("Doctor"), "icon": "stethoscope", "link": link, "active": here}
    return [doctor | {"counts": "doctor"}]


def _help(request: HttpRequest) -> dict[str, Any]:
    """For everybody."""
    link = reverse("admin:apigw_ws_help")
    return {"title": gettext("Help"), "icon": "help", "link": link, "active": request.path.startswith(link)}


def _activity(request: HttpRequest) -> list[dict[str, Any]]:
    """For those who may see anything on the timeline."""
    told = ("apigw_ws.Run", "apigw_ws.AuditEvent", "apigw_ws.Broadcast", "apigw_ws.Refusal")
    if not any(_item(request, label, "") for label in told):
        return []
    link = reverse("admin:apigw_ws_activity")
    here = request.path.startswith(link)
    return [{"title": gettext("Activity"), "icon": "timeline", "link": link, "active": here}]


def _item(request: HttpRequest, label: str, icon: str) -> dict[str, Any] | None:
    model = apps.get_model(label)
    if not (has(model) and admin_of(model).has_view_permission(request)):
        return None
    link = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    # Pages under a list's URL that have a menu item of their own.
    others = tuple(f"{link}{page}/" for page in ("activity", "doctor", "help", "home"))
    return {
        "title": capfirst(model._meta.verbose_name_plural),
        "icon": icon,
        "link": link,
        "active": request.path.startswith(link) and not request.path.startswith(others),
        "counts": label,
    }


def environment(request: HttpRequest) -> list[str] | None:
    """Return the environment badge, or None. For UNFOLD["ENVIRONMENT"].

    On pages of a gateway, and of what happened at it, its account's environment; elsewhere that of all
    gateways, if they share one.
    """
    found = _environment_of_page(request) or _environment_of_setup()
    if not conf.read_only:
        return found
    return [f"{found[0]} · {gettext('Read-only')}", found[1]] if found else [gettext("Read-only"), "warning"]


def _environment_of_page(request: HttpRequest) -> list[str] | None:
    if not getattr(getattr(request, "user", None), "is_staff", False):
        return None  # not on the sign-in page
    model, account, pk = _record_of(request)
    key = environment_key(f"{model._meta.model_name}:{number(pk)}" if pk else "")
    name: str = cache.get_or_set(key, lambda: _environment(model, account, pk), attention.KEPT) or ""
    return [str(AwsAccount.Environment(name).label), ENVIRONMENT[name]] if name else None


def environment_key(record: str) -> str:
    """Return the cache key of a record's environment, or of that of all gateways."""
    return f"apigw_ws:environment:{record}"


def _record_of(request: HttpRequest) -> tuple[type[Model], str, str]:
    """The record that the page is about: its model, the lookup of its account, and its key."""
    match = request.resolver_match
    for name, (model, account) in _AT_GATEWAY.items():
        if match and (match.url_name or "").startswith(f"apigw_ws_{name}_"):
            pk = str(match.kwargs.get("object_id") or match.kwargs.get("pk") or "")
            return (model, account, pk) if pk else (ApiGateway, "account", "")
    return ApiGateway, "account", ""


def _environment(model: type[Model], account: str, pk: str) -> str:
    """The environment of this record's account, or of all accounts; empty if there is none or they differ."""
    records = model._default_manager.order_by()
    if pk:
        records = records.filter(pk=number(pk))
    names = [*records.values_list(f"{account}__environment", flat=True).distinct()[:2]]
    return names[0] or "" if len(names) == 1 else ""


def _environment_of_setup() -> list[str] | None:
    """A badge for setups that must not be mistaken for production."""
    if urlsplit(conf.endpoint_url).hostname in {"127.0.0.1", "localhost", "::1"}:
        return [gettext("Emulator"), "info"]
    return [gettext("Development"), "warning"] if settings.DEBUG else None


def favicon(request: HttpRequest) -> str:
    return static("apigw_ws_admin/favicon.svg")
