"""Links to compose a broadcast from pages that show its recipients."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import action

from apigw_ws.models import WebSocketSession
from apigw_ws_admin.permissions import SEND_BROADCAST
from apigw_ws_admin.sites import reverse


class _Sender(ModelAdmin):
    def has_broadcast_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm(SEND_BROADCAST)


class FromSessions(_Sender):
    """For the list of sessions."""

    actions: Any = ("broadcast_to_selected",)
    list_before_template = "apigw_ws_admin/broadcasts/_from_list.html"

    @admin.action(description=_("Broadcast to these"), permissions=["broadcast"])
    def broadcast_to_selected(
        self, request: HttpRequest, queryset: QuerySet[WebSocketSession]
    ) -> HttpResponse:
        chosen = {"session": list(queryset.values_list("pk", flat=True))}
        return HttpResponseRedirect(reverse("admin:apigw_ws_broadcast_compose", query=chosen))


class FromGateway(_Sender):
    """For a gateway's pages."""

    @action(description=_("Broadcast"), icon="campaign", permissions=["broadcast"], url_path="broadcast")
    def broadcast_here(self, request: HttpRequest, object_id: str) -> HttpResponse:
        here = {"gateway": object_id}
        return HttpResponseRedirect(reverse("admin:apigw_ws_broadcast_compose", query=here))
