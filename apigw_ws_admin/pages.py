"""Pages about one gateway that come first, and ask AWS after that."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.response import TemplateResponse
from django.utils.functional import Promise
from django.utils.html import format_html
from unfold.admin import ModelAdmin

from apigw_ws.models import ApiGateway
from apigw_ws_admin import tabs
from apigw_ws_admin.permissions import VIEW_GATEWAY, demand, lack
from apigw_ws_admin.sites import reverse


def gateway_for(
    admin: ModelAdmin, request: HttpRequest, object_id: int | str, *permissions: str
) -> ApiGateway:
    """The gateway, for those who may look at it and have the permissions; else 403, and 404 without one."""
    gateway: ApiGateway | None = admin.get_object(request, str(object_id))
    if not admin.has_view_permission(request, gateway):
        raise lack(VIEW_GATEWAY)
    demand(request, *permissions)
    if gateway is None:
        raise Http404
    return gateway


def address_of(request: HttpRequest) -> str | None:
    """From where somebody acts, for the audit trail. Behind a proxy the server has to put it right."""
    return request.META.get("REMOTE_ADDR")


def number(text: str) -> int:
    """A number that somebody sent; 0 for what is none, or has more digits than a database has room for."""
    return int(text) if text.isdecimal() and len(text) < 19 else 0


def lazily(
    admin: ModelAdmin,
    request: HttpRequest,
    gateway: ApiGateway,
    part: str,
    *,
    title: str | Promise,
    look: Callable[[], dict[str, Any]],
    tab: str = "",
) -> HttpResponse:
    """The page; and its part, with what ``look`` finds in AWS, when htmx comes for it.

    ``tab`` names the tab (``tabs.TABS``) that the page is or belongs to.
    """
    if getattr(request, "htmx", False):
        context = {"gateway": gateway, "url": request.get_full_path()} | look()
        return render(request, f"apigw_ws_admin/gateways/{part}", context)
    context = admin.admin_site.each_context(request) | {"opts": admin.opts}
    context |= tabs.frame(request, gateway, title=title, tab=tab)
    return TemplateResponse(request, "apigw_ws_admin/gateways/lazy.html", context)


def dialog_button(gateway: ApiGateway, page: str, *more: str, name: str = "") -> dict[str, str]:
    """A link to a page of the gateway that opens it as a dialog; ``name`` is the link's ID in the page."""
    href = reverse(f"admin:apigw_ws_apigateway_{page}", args=[gateway.pk, *more])
    opens = format_html(
        'id="{}" hx-get="{}" hx-target="#modal-content" hx-select="#dialog" hx-swap="innerHTML" '
        'x-on:htmx:after-on-load="openModal = true"',
        name or "-".join((page, *more)),
        href,
    )
    return {"href": href, "opens": opens}
