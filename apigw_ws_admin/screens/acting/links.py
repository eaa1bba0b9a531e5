"""Links to an act from pages that show its sessions."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import action

from apigw_ws_admin.permissions import DISCONNECT
from apigw_ws_admin.sites import reverse


class DisconnectsHere(ModelAdmin):
    """For a gateway's admin: disconnects all of its sessions."""

    @action(
        description=_("Disconnect its sessions"),
        icon="link_off",
        permissions=["disconnect_here"],
        url_path="disconnect",
    )
    def disconnect_here(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """To the page that asks."""
        here = {"gateway": object_id}
        return HttpResponseRedirect(reverse("admin:apigw_ws_websocketsession_disconnect_many", query=here))

    def has_disconnect_here_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perms(("apigw_ws.view_websocketsession", DISCONNECT))
