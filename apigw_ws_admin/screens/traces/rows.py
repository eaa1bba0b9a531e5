"""The list of traces, the form that starts one, and the actions on one."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display
from unfold.enums import ActionVariant
from unfold.forms import BaseDialogForm

from apigw_ws.models import Trace
from apigw_ws.services import traces
from apigw_ws_admin.dialogs import dialog_action
from apigw_ws_admin.filters import MomentsFilter
from apigw_ws_admin.htmx import list_seen
from apigw_ws_admin.labels import TRACE as COLOURS
from apigw_ws_admin.labels import Label
from apigw_ws_admin.moments import past
from apigw_ws_admin.pages import address_of
from apigw_ws_admin.permissions import DELETE_TRACE, TRACE, VIEW_ADDRESS, VIEW_PAYLOAD
from apigw_ws_admin.readonly import RecordAdmin
from apigw_ws_admin.screens.traces.forms import TraceForm
from apigw_ws_admin.sites import reverse
from apigw_ws_admin.ways import USERNAME


class TraceList(RecordAdmin):
    form = TraceForm
    add_form_template = "admin/change_form.html"
    list_display = ("what", "state_shown", "reason", "entry_count", "created_by", "started")
    list_select_related = ("user", "created_by")
    list_filter = (("created_on", MomentsFilter),)
    search_fields = ("channel_name", "connection_id", "reason", USERNAME)
    search_help_text = gettext_lazy("User, channel, connection ID or reason")
    actions_row = ("stop", "remove")
    actions_detail = ("stop", "remove")

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return request.user.has_perms([TRACE, VIEW_PAYLOAD])

    def has_stop_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """In the list, Unfold does not pass the object."""
        if not request.user.has_perm(TRACE):
            return False
        return object_id is None or Trace.objects.running().filter(pk=object_id).exists()

    def has_remove_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return request.user.has_perm(DELETE_TRACE)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """For the form only; a trace's page has its own template."""
        may = request.user.has_perm(VIEW_ADDRESS)
        whom = ("connection_id", "username", "channel_name", *(("ip_address",) if may else ()))
        about = gettext_lazy(
            "Name one. What they send, and what is sent to them, is kept word by word until time is over, "
            "but not the values of keys such as “password” or “token”."
        )
        return (
            (gettext_lazy("Whom"), {"fields": whom, "description": about}),
            (gettext_lazy("How long, and why"), {"fields": ("minutes", "reason")}),
            (gettext_lazy("What is kept"), {"fields": ("redacted_keys", "whole_texts")}),
        )

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        form.request = request
        return form

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        context |= {
            "show_save_and_continue": False,
            "show_save_and_add_another": False,
            "show_history": False,
        }
        response: HttpResponse = super().render_change_form(request, context, *args, **kwargs)
        return response

    def save_model(self, request: HttpRequest, obj: Trace, form: Any, change: bool) -> None:
        by: Any = request.user
        minutes = form.cleaned_data["minutes"]
        traces.start(obj, minutes=minutes, by=by, ip=address_of(request))

    def response_add(self, request: HttpRequest, obj: Trace, post_url_continue: Any = None) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:apigw_ws_trace_change", args=[obj.pk]))

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Nothing: the audit trail has it, with the reason."""

    @display(description=gettext_lazy("What"))
    def what(self, trace: Trace) -> str:
        return str(trace)

    @display(description=gettext_lazy("State"), label=COLOURS)
    def state_shown(self, trace: Trace) -> Label:
        return trace.state.value, trace.state.label

    @display(description=gettext_lazy("Started"), ordering="created_on")
    def started(self, trace: Trace) -> SafeString | None:
        return past(trace.created_on)

    @dialog_action(
        description=gettext_lazy("Stop"),
        icon="stop_circle",
        variant=ActionVariant.PRIMARY,
        permissions=["stop"],
        url_path="stop",
        dialog={
            "title": gettext_lazy("Stop this trace?"),
            "description": gettext_lazy("What it has captured stays. It cannot go on; start another then."),
            "form_class": BaseDialogForm,
            "form_submit_text": gettext_lazy("Stop"),
        },
    )
    def stop(self, request: HttpRequest, form: BaseDialogForm, object_id: str) -> HttpResponse:
        trace, by = get_object_or_404(Trace, pk=object_id), request.user
        if traces.stop(trace, by=by, ip=address_of(request)):  # type: ignore[arg-type]
            messages.success(request, _("Stopped."))
        else:
            messages.warning(request, _("It was over already."))
        here = reverse("admin:apigw_ws_trace_change", args=[trace.pk])
        return HttpResponse(headers={"HX-Redirect": here})

    @dialog_action(
        description=gettext_lazy("Delete"),
        icon="delete",
        variant=ActionVariant.DANGER,
        permissions=["remove"],
        url_path="remove",
        dialog={
            "title": gettext_lazy("Delete this trace?"),
            "description": gettext_lazy("With all that it has captured, for good; it stops where it runs."),
            "form_class": BaseDialogForm,
            "form_submit_text": gettext_lazy("Delete"),
        },
    )
    def remove(self, request: HttpRequest, form: BaseDialogForm, object_id: str) -> HttpResponse:
        trace, by = get_object_or_404(Trace, pk=object_id), request.user
        traces.delete(trace, by=by, ip=address_of(request))  # type: ignore[arg-type]
        messages.success(request, _("Deleted, with all that it had captured."))
        here = list_seen(request, reverse("admin:apigw_ws_trace_changelist"))
        return HttpResponse(headers={"HX-Redirect": here})
