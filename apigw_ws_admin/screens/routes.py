"""The routes of a gateway: on its form, and as a page of their own."""

from __future__ import annotations

from typing import ClassVar

from unfold.admin import ModelAdmin, TabularInline

from apigw_ws.models import ApiGatewayAdditionalRoute


class RouteInline(TabularInline):
    model = ApiGatewayAdditionalRoute
    fields = (
        "route_key",
        "name",
        "integration_url",
        "two_way",
        "integration_timeout",
        "enabled",
        "deployed",
    )
    readonly_fields = ("deployed",)
    extra = 0
    tab = True
    show_title = False
    if hasattr(TabularInline, "hide_title"):
        hide_title = True  # Unfold 0.91 calls it so

    class Media:
        css: ClassVar = {"all": ("apigw_ws_admin/gateways.css",)}


class Routes(ModelAdmin):
    inlines = (RouteInline,)
