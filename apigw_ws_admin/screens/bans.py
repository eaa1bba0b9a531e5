"""Bans: the list, making one, and lifting it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.contrib.admin import ModelAdmin as DjangoModelAdmin
from django.db.models import Model, QuerySet, Value
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timeuntil
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.contrib.filters.admin import DropdownFilter, FieldTextFilter
from unfold.decorators import display
from unfold.enums import ActionVariant
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldBooleanSwitchWidget

from apigw_ws.models import Ban
from apigw_ws.services import bans, refusals
from apigw_ws_admin.addresses import HidesAddresses
from apigw_ws_admin.dialogs import dialog_action
from apigw_ws_admin.fields import copyable
from apigw_ws_admin.filters import MomentsFilter
from apigw_ws_admin.htmx import list_seen
from apigw_ws_admin.labels import BAN_MINUTES, Label
from apigw_ws_admin.moments import told
from apigw_ws_admin.pages import address_of
from apigw_ws_admin.permissions import BAN, VIEW_ADDRESS
from apigw_ws_admin.readonly import RecordAdmin
from apigw_ws_admin.sites import reverse
from apigw_ws_admin.users import NamesUser
from apigw_ws_admin.ways import USERNAME


class BanForm(NamesUser):
    """Asks for confirmation if a ban would hit far too many people. ``request`` has the user."""

    request: HttpRequest

    minutes = forms.TypedChoiceField(
        label=gettext_lazy("For"),
        choices=BAN_MINUTES,
        coerce=int,
        initial=15,
        help_text=gettext_lazy("Then it ends by itself. It can be lifted before."),
        widget=UnfoldAdminSelectWidget,
    )
    wide = forms.BooleanField(
        label=gettext_lazy("Ban them all the same"), required=False, widget=forms.HiddenInput
    )

    class Meta:
        model = Ban
        fields: ClassVar = ["network", "user_agent", "channel_name", "reason"]

    def clean(self) -> None:
        super().clean()
        if self.errors:
            return
        made = self.instance
        for name in self._meta.fields or ():
            setattr(made, name, self.cleaned_data[name])
        minutes = self.cleaned_data["minutes"]
        made.expires_on = timezone.now() + timedelta(minutes=minutes) if minutes else None
        made.full_clean()
        by: Any = self.request.user
        if problem := bans.objection(made, by=by, ip=address_of(self.request)):
            raise forms.ValidationError(problem)
        self._look_again(bans.breadth(made))

    def _look_again(self, problem: str) -> None:
        if problem:
            self.fields["wide"].widget = UnfoldBooleanSwitchWidget()
            if not self.cleaned_data["wide"]:
                self.add_error("wide", problem)


class StateFilter(DropdownFilter):
    """Active bans, unless somebody asks for others."""

    title = gettext_lazy("state")
    parameter_name = "state"
    all_option = None

    def lookups(self, request: HttpRequest, model_admin: DjangoModelAdmin[Any]) -> Any:
        return [("", _("In force")), ("over", _("Over")), ("all", _("All"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet[Ban]:
        found: QuerySet[Ban] = queryset
        match self.value():
            case "over":
                return queryset.over()  # type: ignore[no-any-return]
            case "all":
                return found
        return queryset.active()  # type: ignore[no-any-return]


class BanAdmin(HidesAddresses, RecordAdmin):
    of_addresses = ("network",)
    form = BanForm
    list_display = ("who", "state", "reason", "left", "hits", "created_by", "created_on")
    list_select_related = ("user", "created_by")
    list_filter = (
        StateFilter,
        ("network", FieldTextFilter),
        ("channel_name", FieldTextFilter),
        ("created_on", MomentsFilter),
    )
    search_fields = ("network", "user_agent", "channel_name", "reason", USERNAME)
    search_help_text = gettext_lazy("Address or network, user, user agent, channel or reason")
    fieldsets = (
        (
            gettext_lazy("Who"),
            {
                "fields": ("username", "network", "user_agent", "channel_name"),
                "description": gettext_lazy(
                    "Name one of user, address and user agent, who then may connect nowhere; with a channel "
                    "they are kept out of that one only. A channel alone is closed to everybody. Their open "
                    "connections are closed. They learn nothing but that they were refused."
                ),
            },
        ),
        (gettext_lazy("How long, and why"), {"fields": ("minutes", "reason", "wide")}),
    )
    shown = copyable(
        Ban, ("who", "channel_name", "reason", "left", "hits", "created_by", "created_on", "lifted_on")
    )
    actions_row = ("lift",)
    actions_detail = ("lift",)

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return request.user.has_perm(BAN)

    def has_lift_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """In the list, Unfold does not pass the object."""
        if not request.user.has_perm(BAN):
            return False
        return object_id is None or Ban.objects.active().filter(pk=object_id).exists()

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        return ((None, {"fields": self.get_readonly_fields(request, obj)}),) if obj else self.fieldsets

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.opened(request, self.shown) if obj else ()

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        form.request = request
        return form

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        changes = super().get_changelist_instance(request)
        number = refusals.of_bans()
        for ban in changes.result_list:
            ban.number = number.get(ban.pk, 0)
        return changes

    def get_queryset(self, request: HttpRequest) -> QuerySet[Ban]:
        """Without VIEW_ADDRESS, mark the bans so that they hide their addresses."""
        shown: QuerySet[Ban] = super().get_queryset(request)
        return shown if request.user.has_perm(VIEW_ADDRESS) else shown.annotate(hides=Value(True))

    @display(description=gettext_lazy("Who"))
    def who(self, ban: Ban) -> str:
        return str(ban) if getattr(ban, "hides", False) else ban.full_text

    @display(
        description=gettext_lazy("State"),
        label={"active": "danger", "lifted": "success", "expired": "default"},
    )
    def state(self, ban: Ban) -> Label:
        if ban.active:
            return "active", _("In force")
        return ("lifted", _("Lifted")) if ban.lifted_on else ("expired", _("Expired"))

    @display(description=gettext_lazy("Expires in"), ordering="expires_on")
    def left(self, ban: Ban) -> SafeString | str:
        if not ban.active:
            return _("Over")
        if not ban.expires_on:
            return _("When it is lifted")
        return told(ban.expires_on, timeuntil(ban.expires_on, depth=1))

    @display(description=gettext_lazy("Refused"))
    def hits(self, ban: Any) -> SafeString | str:
        """As far as refusals are kept."""
        number = getattr(ban, "number", None)
        number = refusals.of_bans().get(ban.pk, 0) if number is None else number
        if not number:
            return "0"
        url = reverse("admin:apigw_ws_refusal_changelist", query={"guard": "ban", "ban": ban.pk})
        return format_html('<a class="font-semibold underline" href="{}">{}</a>', url, number)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        context |= {"show_save_and_continue": False, "show_save_and_add_another": False}
        response: HttpResponse = super().render_change_form(request, context, *args, **kwargs)
        return response

    def save_model(self, request: HttpRequest, obj: Ban, form: Any, change: bool) -> None:
        by: Any = request.user
        made = bans.make(obj, by=by, ip=address_of(request), wide=form.cleaned_data["wide"])
        closed = ngettext(
            "%d open connection is being closed.", "%d open connections are being closed.", made.closed
        )
        messages.success(request, _("Banned: %s.") % _named(request, obj) + " " + closed % made.closed)

    def response_add(self, request: HttpRequest, obj: Ban, post_url_continue: Any = None) -> HttpResponse:
        return HttpResponseRedirect(f"{_here()}?{request.GET.get('_changelist_filters', '')}".rstrip("?"))

    @dialog_action(
        description=gettext_lazy("Lift the ban"),
        icon="lock_open",
        variant=ActionVariant.PRIMARY,
        permissions=["lift"],
        url_path="lift",
        dialog={
            "title": gettext_lazy("Lift the ban?"),
            "description": gettext_lazy("They may connect again at once, in all processes within seconds."),
            "form_class": BaseDialogForm,
            "form_submit_text": gettext_lazy("Lift the ban"),
        },
    )
    def lift(self, request: HttpRequest, form: BaseDialogForm, object_id: str) -> HttpResponse:
        ban, by = get_object_or_404(Ban, pk=object_id), request.user
        if bans.lift(ban, by=by, ip=address_of(request)):  # type: ignore[arg-type]
            messages.success(request, _("Lifted: %s.") % _named(request, ban))
        else:
            messages.warning(request, _("It was over already: %s.") % _named(request, ban))
        return HttpResponse(headers={"HX-Redirect": list_seen(request, _here())})


def _named(request: HttpRequest, ban: Ban) -> str:
    return ban.full_text if request.user.has_perm(VIEW_ADDRESS) else str(ban)


def _here() -> str:
    return reverse("admin:apigw_ws_ban_changelist")
