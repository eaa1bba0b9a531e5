"""Lists of what happened: to be read, not changed."""

from __future__ import annotations

from typing import Any

from django.db.models import Model
from django.http import HttpRequest
from unfold.admin import ModelAdmin
from unfold.paginator import InfinitePaginator

from apigw_ws_admin.fields import CopyableIds, ReadableFigures
from apigw_ws_admin.references import OpenLinks


class ReadOnly:
    """Nobody adds or changes such rows; they go with what they belong to, never by themselves."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class RecordAdmin(ReadableFigures, CopyableIds, OpenLinks, ReadOnly, ModelAdmin):
    """What happened: many rows, the newest first, never counted."""

    list_fullwidth = True
    list_filter_submit = True
    list_per_page = 50
    list_disable_select_all = True
    paginator = InfinitePaginator
    show_full_result_count = False
    actions: Any = None

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Asked elsewhere, before a user or gateway is deleted, whether its records may go too."""
        here = request.resolver_match.url_name if request.resolver_match else ""
        own = f"{self.opts.app_label}_{self.opts.model_name}_"
        return not str(here).startswith(own) and bool(super().has_delete_permission(request, obj))
