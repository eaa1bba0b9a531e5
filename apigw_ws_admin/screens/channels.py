"""Channels, and who may join them."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Permission
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, StackedInline
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSelect2MultipleWidget

from apigw_ws.models import ChannelPermission, ChannelPermissionRule


class RuleInline(StackedInline):
    model = ChannelPermissionRule
    extra = 0
    verbose_name_plural = _("Rules, one of which a user has to satisfy")

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        return super().formfield_for_manytomany(
            db_field,
            request,
            queryset=Permission.objects.select_related("content_type"),
            widget=UnfoldAdminSelect2MultipleWidget(),
            **kwargs,
        )


class ChannelPermissionAdmin(ModelAdmin):
    list_display = ("channel_name", "who", "description", "updated_on")
    list_filter = (("access", ChoicesDropdownFilter),)
    list_filter_submit = True
    search_fields = ("channel_name", "description")
    inlines = (RuleInline,)

    @display(description=_("Access"), label=True, ordering="access")
    def who(self, permission: ChannelPermission) -> str:
        return permission.get_access_display()
