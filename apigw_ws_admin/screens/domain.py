"""A gateway's custom domain: what exists, what is left to do, and by whom."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from unfold.admin import ModelAdmin

from apigw_ws.services import domains
from apigw_ws_admin.pages import gateway_for, lazily
from apigw_ws_admin.permissions import APPLY


class Domain(ModelAdmin):
    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.domain_view)
        return [
            path("<int:object_id>/domain/", view, name="apigw_ws_apigateway_domain"),
            *super().get_urls(),
        ]

    def domain_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Show the domain, its certificate, its mapping and its DNS record, as AWS has them."""
        gateway = gateway_for(self, request, object_id)

        def look() -> dict[str, Any]:
            found = domains.observe(gateway)
            return {"glance": found, "domain": found.found, "may_apply": request.user.has_perm(APPLY)}

        return lazily(self, request, gateway, "_domain.html", title=_("Domain"), look=look, tab="domain")
