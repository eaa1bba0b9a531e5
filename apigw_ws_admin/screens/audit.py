"""The audit trail: who did what to which gateway. Read-only."""

from __future__ import annotations

import json
from typing import Any

from django.db.models import Model
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import (
    ChoicesDropdownFilter,
    FieldTextFilter,
)
from unfold.decorators import display

from apigw_ws.models import AuditEvent
from apigw_ws_admin.addresses import HidesAddresses
from apigw_ws_admin.filters import GatewayFilter, MomentsFilter
from apigw_ws_admin.help import links
from apigw_ws_admin.labels import RUN, Label
from apigw_ws_admin.readonly import RecordAdmin


class AuditEventAdmin(HidesAddresses, RecordAdmin):
    of_addresses = ("ip_address",)
    list_display = ("happened_on", "who", "ip_address", "verb", "object_text", "outcome", "said")
    list_select_related = ("run",)
    list_filter = (
        ("verb", ChoicesDropdownFilter),
        ("result", ChoicesDropdownFilter),
        ("gateway", GatewayFilter),
        ("ip_address", FieldTextFilter),
        ("happened_on", MomentsFilter),
    )
    search_fields = ("who", "object_text", "ip_address", "error_text")
    search_help_text = _("Who, on what, IP address or error")
    fields = (
        "happened_on",
        "who",
        "ip_address",
        "verb",
        "object_text",
        "gateway",
        "was",
        "became",
        "result",
        "explained",
        "run",
    )
    readonly_fields = fields

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    @display(description=_("Result"), label=RUN, ordering="result")
    def outcome(self, event: AuditEvent) -> Label:
        return event.result, event.get_result_display()

    @display(description=_("error"), ordering="error_text")
    def said(self, event: AuditEvent) -> SafeString | None:
        return links.marked(event.error_text, links.code_of_record(event))

    @display(description=_("error"))
    def explained(self, event: AuditEvent) -> SafeString | None:
        return links.explained_record(event)

    @display(description=_("Before"))
    def was(self, event: AuditEvent) -> SafeString | None:
        return _values(event.before)

    @display(description=_("After"))
    def became(self, event: AuditEvent) -> SafeString | None:
        return _values(event.after)


def _values(values: Any) -> SafeString | None:
    return values and format_html("<pre>{}</pre>", json.dumps(values, indent=2, ensure_ascii=False))
