"""The list of recipients for whom sending did not simply succeed, and why."""

from __future__ import annotations

from django.db.models import Model
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter, FieldTextFilter
from unfold.decorators import display

from apigw_ws.models import Broadcast, BroadcastRecipient
from apigw_ws.services import broadcasts
from apigw_ws_admin.help import links
from apigw_ws_admin.labels import RECIPIENT, Label
from apigw_ws_admin.readonly import RecordAdmin


class BroadcastRecipientAdmin(RecordAdmin):
    """For users who may view broadcasts. Not in the menu: a broadcast's page leads here."""

    list_display = ("connection_id", "user_label", "result_shown", "code_shown", "meaning", "broadcast")
    list_select_related = ("broadcast",)
    list_filter = (("result", ChoicesDropdownFilter), ("code", FieldTextFilter))
    search_fields = ("connection_id", "user_label")
    search_help_text = _("Connection ID or user")
    fields = (
        "broadcast",
        "connection_id",
        "user_label",
        "result",
        "code_shown",
        "meaning",
        "error_text",
        "happened_on",
    )
    readonly_fields = fields

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return request.user.has_perm(f"{Broadcast._meta.app_label}.view_broadcast")

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        return lookup == "broadcast" or super().lookup_allowed(lookup, value, request)

    @display(description=_("Result"), label=RECIPIENT, ordering="result")
    def result_shown(self, recipient: BroadcastRecipient) -> Label:
        return recipient.result, recipient.get_result_display()

    @display(description=_("AWS error code"), ordering="code")
    def code_shown(self, recipient: BroadcastRecipient) -> SafeString:
        return format_html("{} {}", recipient.code, links.sign(recipient.code or recipient.result))

    @display(description=_("What it means"))
    def meaning(self, recipient: BroadcastRecipient) -> str:
        return broadcasts.explain(recipient.code, recipient.result)
