"""Message templates for broadcasts."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminTextareaWidget

from apigw_ws.models import BroadcastTemplate
from apigw_ws.services.broadcasts import templates
from apigw_ws_admin.auditing import AuditedDeletions, AuditedSaves
from apigw_ws_admin.permissions import SEND_BROADCAST
from apigw_ws_admin.sites import reverse


class BroadcastTemplateAdmin(AuditedSaves, AuditedDeletions):
    list_per_page = 50
    list_display = ("name", "description", "variables", "updated_on")
    search_fields = ("name", "description")
    list_fullwidth = True
    fields = ("name", "description", "payload")
    actions_row = ("use",)
    actions_detail = ("use",)

    class Media:
        css: ClassVar = {"all": ("apigw_ws_admin/gateways.css", "apigw_ws_admin/broadcasts.css")}

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "payload":
            kwargs["widget"] = UnfoldAdminTextareaWidget({"rows": 14, "spellcheck": "false"})
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def has_use_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return request.user.has_perm(SEND_BROADCAST)

    @display(description=_("Asks for"))
    def variables(self, template: BroadcastTemplate) -> str:
        return ", ".join(templates.variables(template.payload))

    @action(description=_("Compose with it"), icon="campaign", permissions=["use"], url_path="use")
    def use(self, request: HttpRequest, object_id: str) -> HttpResponse:
        url = reverse("admin:apigw_ws_broadcast_compose", query={"template": object_id})
        return HttpResponseRedirect(url)
