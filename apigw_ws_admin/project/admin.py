"""Users and groups, styled by Unfold. Other projects register their own."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.auth import admin as plain
from django.contrib.auth.models import Group, User
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

admin.site.index_title = _("Overview")
admin.site.index_template = "apigw_ws_admin/home/page.html"
admin.site.unregister([User, Group])


@admin.register(User)
class UserAdmin(plain.UserAdmin, ModelAdmin):  # type: ignore[type-arg]
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_per_page, list_sections = 50, ()


@admin.register(Group)
class GroupAdmin(plain.GroupAdmin, ModelAdmin):
    list_per_page, list_sections = 50, ()
