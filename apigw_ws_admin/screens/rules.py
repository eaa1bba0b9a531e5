"""Channel permissions, and why a user may or may not join a channel or send to it."""

from __future__ import annotations

from functools import cache
from typing import Any, ClassVar

from django import forms
from django.contrib.auth import get_permission_codename, get_user_model
from django.contrib.auth.models import AnonymousUser, Permission
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.html import conditional_escape
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import StackedInline
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from apigw_ws.models import ChannelPermission, ChannelPermissionRule, ChannelVerb
from apigw_ws.models.validators import validate_channel_name
from apigw_ws.services import bans, rules
from apigw_ws_admin.auditing import AuditedDeletions, AuditedSaves
from apigw_ws_admin.sites import reverse
from apigw_ws_admin.widgets import LongSelect2Multiple


class RuleInline(StackedInline):
    model = ChannelPermissionRule
    extra = 0
    verbose_name = _("Rule")
    verbose_name_plural = _("Rules, one of which a user has to satisfy")

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Return a searchable list: Unfold drops its classes, and Django adds a hint for plain ones."""
        if db_field.name == "permissions":
            kwargs["queryset"] = Permission.objects.select_related("content_type")
        widget = LongSelect2Multiple()
        field = super().formfield_for_manytomany(db_field, request, widget=widget, **kwargs)
        field.widget.attrs["class"], field.help_text = widget.attrs["class"], db_field.help_text
        choices = field.choices
        # Read and escaped once, not for each rule.
        field.choices = cache(lambda: [(key.value, conditional_escape(label)) for key, label in choices])
        return field

    def get_queryset(self, request: HttpRequest) -> Any:
        rules = super().get_queryset(request).select_related("channel_permission")
        return rules.prefetch_related("permissions", "groups")


class WhoMayForm(forms.Form):
    """Asks whether a user may join a channel or send to it."""

    user = forms.CharField(
        label=_("User"),
        required=False,
        max_length=254,
        help_text=_("The name they sign in with. Empty: a visitor who has not signed in."),
        widget=UnfoldAdminTextInputWidget,
    )
    verb = forms.ChoiceField(label=_("Wants to"), choices=ChannelVerb.choices, widget=UnfoldAdminSelectWidget)
    channel = forms.CharField(
        label=_("Channel"), validators=[validate_channel_name], widget=UnfoldAdminTextInputWidget
    )

    def __init__(self, *args: Any, asker: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.asker = asker

    def clean_user(self) -> Any:
        """Return the user. Without permission to view users, only oneself."""
        model, name = get_user_model(), self.cleaned_data["user"]
        if not name:
            return AnonymousUser()
        permission = f"{model._meta.app_label}.{get_permission_codename('view', model._meta)}"
        if name != self.asker.get_username() and not self.asker.has_perm(permission):
            raise ValidationError(_("You may not look at users. Ask for yourself, or for a visitor."))
        try:
            user = model._default_manager.get_by_natural_key(name)
        except model.DoesNotExist:
            raise ValidationError(_("Nobody signs in with this name.")) from None
        if not user.is_active:
            raise ValidationError(_("This user is deactivated, and may do nothing at all."))
        return user


class ChannelPermissionAdmin(AuditedSaves, AuditedDeletions):
    list_per_page = 50
    list_display = ("channel_name", "who_joins", "who_sends", "description", "updated_on")
    list_filter = (("access", ChoicesDropdownFilter), ("send_access", ChoicesDropdownFilter))
    list_filter_submit = True
    list_fullwidth = True
    search_fields = ("channel_name", "description")
    inlines = (RuleInline,)
    actions_list = ("who_may",)
    actions_detail = ("who_may_here",)

    class Media:
        css: ClassVar = {"all": ("apigw_ws_admin/gateways.css",)}
        js = ("apigw_ws_admin/rules.js",)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        joins = _("Asked when a client connects into the channel, or joins it later. The rules are below.")
        return super().get_form(request, obj, change, help_texts={"access": joins}, **kwargs)

    @display(description=_("Who may join"), label=True, ordering="access")
    def who_joins(self, permission: ChannelPermission) -> str:
        return permission.get_access_display()

    @display(description=_("Who may send"), label=True, ordering="send_access")
    def who_sends(self, permission: ChannelPermission) -> str:
        return permission.get_send_access_display()

    def has_who_may_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(self.has_view_permission(request))

    @action(description=_("Who may?"), icon="help", permissions=["who_may"], url_path="who-may")
    def who_may(self, request: HttpRequest) -> HttpResponse:
        """Show for a user and a channel each condition and its result."""
        asked = "channel" in request.GET and "verb" in request.GET
        form = WhoMayForm(request.GET if asked else None, initial=request.GET.dict(), asker=request.user)
        context = self.admin_site.each_context(request) | {
            "opts": self.opts,
            "title": gettext("Who may?"),
            "form": form,
            "may_add": self.has_add_permission(request),
        }
        if asked and form.is_valid():
            context |= _answer(**form.cleaned_data)
        return TemplateResponse(request, "apigw_ws_admin/rules/who_may.html", context)

    @action(description=_("Who may?"), icon="help", permissions=["who_may"], url_path="who-may-here")
    def who_may_here(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show the same, with this channel filled in, unless it is a pattern."""
        permission = self.get_object(request, object_id)
        name = permission.channel_name if permission and "*" not in permission.channel_name else ""
        return HttpResponseRedirect(
            reverse("admin:apigw_ws_channelpermission_who_may", query={"channel": name} if name else None)
        )


def _answer(user: Any, verb: str, channel: str) -> dict[str, Any]:
    """A ban comes first, whatever the channel permissions say."""
    found = rules.explain(user, channel, ChannelVerb(verb))
    ban = bans.find(user=user, ip_address=None, user_agent="", channel=channel)
    return {
        "explanation": found,
        "allowed": found.allowed and ban is None,
        "ban": ban,
        "who": user.get_username() or gettext("A visitor"),
        "verb": verb,
        "channel": channel,
    }
