"""Where AWS and a gateway's record differ: keeping ours, or taking AWS's."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from unfold.admin import ModelAdmin

from apigw_ws.exceptions import ApigwWsError
from apigw_ws.models import ApiGateway
from apigw_ws.services import drift, endpoints
from apigw_ws.services.differences import Difference
from apigw_ws.services.glances import BUDGET, ROUTES, glance
from apigw_ws_admin.pages import gateway_for, lazily
from apigw_ws_admin.permissions import APPLY, CHANGE


class Drift(ModelAdmin):
    def drift_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Every difference in three columns: the record, AWS, and what applying would do."""
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
        """Shows the difference ``?key=``, and writes AWS's side on the record when that is confirmed."""
        gateway = gateway_for(self, request, object_id, CHANGE)
        key = request.GET.get("key", "")
        if request.method == "POST":
            return _taken(request, gateway, key)

        def look() -> dict[str, Any]:
            return {"glance": glance(gateway, lambda gateway: _difference(gateway, key), load=[ROUTES])}

        return lazily(
            self, request, gateway, "_take.html", title=_("Take AWS's %s") % key, look=look, tab="deployments"
        )


def _difference(gateway: ApiGateway, key: str) -> Difference | None:
    return next((each for each in drift.compare(gateway) if each.key == key), None)


def _taken(request: HttpRequest, gateway: ApiGateway, key: str) -> HttpResponse:
    try:
        with endpoints.quickly(BUDGET):
            difference = _difference(gateway, key)
            if difference is None or difference.aws != request.POST.get("aws"):
                messages.error(request, _("Nothing was done: AWS has changed since. Look again."))
                return HttpResponseRedirect(request.get_full_path())
            user = cast(AbstractBaseUser, request.user)
            drift.take_aws(gateway, key, by=user, ip=request.META.get("REMOTE_ADDR"))
    except ApigwWsError as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, _("The record has AWS's %s now.") % key)
    return HttpResponseRedirect(reverse("admin:apigw_ws_apigateway_drift", args=[gateway.pk]))
