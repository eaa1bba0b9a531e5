"""Shows where AWS and a gateway's record differ, and keeps our side or takes AWS's."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from unfold.admin import ModelAdmin

from apigw_ws.exceptions import ApigwWsError
from apigw_ws.models import ApiGateway
from apigw_ws.services import drift, endpoints, provisioning
from apigw_ws.services.glances import BUDGET, ROUTES, Glance, glance
from apigw_ws.services.provisioning import Held
from apigw_ws_admin import worker
from apigw_ws_admin.help.links import explained
from apigw_ws_admin.pages import address_of, gateway_for, lazily
from apigw_ws_admin.permissions import APPLY, CHANGE
from apigw_ws_admin.sites import reverse


class Drift(ModelAdmin):
    def drift_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Show every difference in three columns: the record, AWS, and what applying would do."""
        gateway = gateway_for(self, request, object_id)

        def look() -> dict[str, Any]:
            return {
                "glance": glance(gateway, drift.compare, keep=True, load=[ROUTES]),
                "may_apply": request.user.has_perm(APPLY),
                "may_change": request.user.has_perm(CHANGE),
            }

        return lazily(self, request, gateway, "_drift.html", title=_("Drift"), look=look, tab="deployments")

    def get_urls(self) -> list[URLPattern]:
        wrap, here = self.admin_site.admin_view, "<int:object_id>/drift/"
        return [
            path(here, wrap(self.drift_view), name="apigw_ws_apigateway_drift"),
            path(f"{here}take/", wrap(self.take_view), name="apigw_ws_apigateway_take"),
            *super().get_urls(),
        ]

    def take_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Show what the choices (``?choice-…=`` and a key: take AWS's) would do; do it when confirmed."""
        gateway = gateway_for(self, request, object_id, CHANGE)
        if request.method == "POST":
            return _decided(request, gateway)
        choices = (str(key) for name, key in request.GET.items() if name.startswith("choice-"))
        keys = list(filter(None, choices))

        def look() -> dict[str, Any]:
            seen = glance(gateway, provisioning.look, load=[ROUTES])
            return {"may_apply": request.user.has_perm(APPLY)} | _decision(gateway, seen, keys)

        title = _("What you chose")
        return lazily(self, request, gateway, "_take.html", title=title, look=look, tab="deployments")


def _decision(gateway: ApiGateway, seen: Glance[Held], keys: list[str]) -> dict[str, Any]:
    if seen.found is None:
        return {"glance": seen}
    try:
        return {"glance": seen, "decision": drift.decide(gateway, seen.found, keys)}
    except ApigwWsError as problem:
        return {"glance": Glance(problem=problem)}


def _decided(request: HttpRequest, gateway: ApiGateway) -> HttpResponse:
    """Write what was shown to the record, and let the worker apply the rest if that was chosen."""
    taken = dict(zip(request.POST.getlist("key"), request.POST.getlist("aws"), strict=False))
    back = HttpResponseRedirect(reverse("admin:apigw_ws_apigateway_drift", args=[gateway.pk]))
    if taken:
        user = cast(AbstractBaseUser, request.user)
        try:
            with endpoints.quickly(BUDGET):
                drift.take_aws(gateway, *taken, seen=taken, by=user, ip=address_of(request))
        except ApigwWsError as problem:
            messages.error(request, explained(problem))
            return back
        messages.success(request, _("The record has AWS's %s now.") % ", ".join(taken))
    if not (request.POST.get("seen") and request.user.has_perm(APPLY)):
        return back
    worker.hand_over(request, gateway, request.POST["seen"])
    return HttpResponseRedirect(reverse("admin:apigw_ws_apigateway_overview", args=[gateway.pk]))
