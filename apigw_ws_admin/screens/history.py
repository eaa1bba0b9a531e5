"""A gateway's deployments, and rolling back to one of them."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from unfold.admin import ModelAdmin

from apigw_ws.exceptions import ConfigurationError
from apigw_ws.models import ApiGateway
from apigw_ws.services import deployments
from apigw_ws.services.deployments import RouteChange
from apigw_ws.services.glances import ROUTES, glance
from apigw_ws.services.provisioning import Plan
from apigw_ws_admin import worker
from apigw_ws_admin.pages import gateway_for, lazily
from apigw_ws_admin.permissions import ROLLBACK
from apigw_ws_admin.sites import reverse

#: What we have stored, besides what AWS lists.
KEPT: Final = (ROUTES, "deployed_snapshots__run__started_by")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Way:
    """The link that rolls back to a deployment."""

    plan: Plan
    changes: tuple[RouteChange, ...] | None


class History(ModelAdmin):
    def deployments_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Show all deployments, the newest first, and what rolling back to each would change."""
        gateway = gateway_for(self, request, object_id)

        def look() -> dict[str, Any]:
            found = glance(gateway, deployments.listing, keep=True, load=KEPT)
            return {"glance": found, "may_roll_back": request.user.has_perm(ROLLBACK)} | _left(gateway)

        return lazily(
            self, request, gateway, "_deployments.html", title=_("Deployments"), look=look, tab="deployments"
        )

    def get_urls(self) -> list[URLPattern]:
        wrap, here = self.admin_site.admin_view, "<int:object_id>/deployments/"
        return [
            path(here, wrap(self.deployments_view), name="apigw_ws_apigateway_deployments"),
            path(
                f"{here}<slug:deployment_id>/rollback/",
                wrap(self.rollback_view),
                name="apigw_ws_apigateway_rollback",
            ),
            *super().get_urls(),
        ]

    def rollback_view(self, request: HttpRequest, object_id: int, deployment_id: str) -> HttpResponse:
        """Show what would change, and let the worker do exactly that when it is confirmed."""
        gateway = gateway_for(self, request, object_id, ROLLBACK)
        if request.method == "POST":
            return _confirmed(request, gateway, deployment_id)

        def look() -> dict[str, Any]:
            return {"glance": glance(gateway, lambda gateway: _way(gateway, deployment_id), load=KEPT)}

        title = _("Roll back to %s") % deployment_id
        return lazily(self, request, gateway, "_rollback.html", title=title, look=look, tab="deployments")


def _left(gateway: ApiGateway) -> dict[str, Any]:
    """The deployment it was rolled back from, and what the next apply would change in the live routes."""
    with suppress(ConfigurationError):
        if left := deployments.rolled_back(gateway):
            return {"left": left.deployment_id, "pending": deployments.pending(gateway) or ()}
    return {}


def _way(gateway: ApiGateway, deployment_id: str) -> _Way:
    plan = deployments.preview(gateway, deployment_id)
    found = (each.changes for each in deployments.listing(gateway) if each.id == deployment_id)
    return _Way(plan=plan, changes=next(found, None))


def _confirmed(request: HttpRequest, gateway: ApiGateway, deployment_id: str) -> HttpResponse:
    if not (seen := request.POST.get("seen")):
        messages.error(request, _("Nothing was done: look at what changes first."))
        return HttpResponseRedirect(request.path)
    worker.hand_over(request, gateway, seen, job=worker.ROLLBACK, what=(deployment_id,))
    return HttpResponseRedirect(reverse("admin:apigw_ws_apigateway_overview", args=[gateway.pk]))
