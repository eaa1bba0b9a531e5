"""The pages of a gateway, as tabs with URLs of their own below the gateway's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apigw_ws.models import ApiGateway
from apigw_ws.services import health
from apigw_ws_admin.labels import HEALTH, environment_colour
from apigw_ws_admin.permissions import TEST
from apigw_ws_admin.sites import admin_of, reverse


@dataclass(frozen=True, slots=True, kw_only=True)
class Tab:
    """A page of a gateway, for users who may view the gateway and have the permissions."""

    #: The name by which pages say which tab they belong to.
    name: str
    title: str | Promise
    #: The end of the URL's name, after ``apigw_ws_apigateway_``; its only argument is the primary key.
    page: str
    permissions: tuple[str, ...] = ()


#: From left to right. A page adds its line here and passes its ``name`` to ``pages.lazily``, or to ``frame``.
TABS: Final = (
    Tab(name="overview", title=_("Overview"), page="overview"),
    Tab(name="routes", title=_("Routes"), page="routes"),
    Tab(name="deployments", title=_("Deployments"), page="deployments"),
    Tab(name="domain", title=_("Domain"), page="domain"),
    Tab(name="security", title=_("Security"), page="security"),
    Tab(name="monitoring", title=_("Monitoring"), page="monitoring"),
    Tab(name="test", title=_("Test"), page="test", permissions=(TEST,)),
    Tab(name="settings", title=_("Settings"), page="change"),
)
#: Tabs that have several pages of the same rank.
WITHIN: Final = {
    "deployments": (
        Tab(name="history", title=pgettext_lazy("of deployments", "History"), page="deployments"),
        Tab(name="drift", title=_("Drift"), page="drift"),
    )
}


def frame(
    request: HttpRequest, gateway: ApiGateway, *, title: str | Promise, tab: str = ""
) -> dict[str, Any]:
    """Return the context of ``gateways/page.html``, besides ``AdminSite.each_context``.

    ``tab`` names the tab that the page is or belongs to, if any.
    """
    tabs = [
        _link(gateway, each) | {"active": each.name == tab}
        for each in TABS
        if request.user.has_perms(each.permissions)
    ]
    above = [each for each in tabs if each["active"] and str(each["title"]) != str(title)]
    (healthy,) = health.of([gateway])
    gateways: Any = admin_of(ApiGateway)
    actions = gateways.get_actions_detail(request, gateway.pk)
    trail = {"gateway": gateway, "first": tabs[0], "above": above, "title": title}
    return {
        "title": title,
        "gateway": gateway,
        "model_admin": gateways,
        "tabs": tabs,
        "within": [_link(gateway, each) for each in WITHIN.get(tab, ())],
        # Unfold does this for the change form only.
        "actions_detail": gateways._get_actions_navigation(gateways.actions_detail, actions, gateway.pk),
        "health": healthy,
        "health_colour": HEALTH[healthy.state],
        "environment_colour": environment_colour(gateway),
        "region": gateway.home_region,
        "trail": render_to_string("apigw_ws_admin/gateways/_trail.html", trail),
    }


def _link(gateway: ApiGateway, tab: Tab) -> dict[str, Any]:
    link = reverse(f"admin:apigw_ws_apigateway_{tab.page}", args=[gateway.pk])
    return {"title": tab.title, "link": link}
