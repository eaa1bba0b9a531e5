"""Tears a gateway down: shows what goes and what stays, and asks for its name."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.base_user import AbstractBaseUser
from django.forms import BooleanField, CharField, Form
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin
from unfold.decorators import action
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminTextInputWidget, UnfoldBooleanSwitchWidget

from apigw_ws.exceptions import RunInProgress
from apigw_ws.models import ApiGateway
from apigw_ws.services import teardown
from apigw_ws.services.glances import glance
from apigw_ws_admin import worker
from apigw_ws_admin.help.links import explained
from apigw_ws_admin.pages import address_of, gateway_for, lazily
from apigw_ws_admin.permissions import DELETE, TEARDOWN
from apigw_ws_admin.sites import reverse


class TeardownForm(Form):
    name = CharField(widget=UnfoldAdminTextInputWidget({"autocomplete": "off"}))
    delete_record = BooleanField(
        label=gettext_lazy("Delete the gateway's record here as well"),
        help_text=gettext_lazy("Otherwise it is kept, and can be applied anew."),
        required=False,
        widget=UnfoldBooleanSwitchWidget,
    )

    def __init__(self, request: HttpRequest, gateway: ApiGateway, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].label = _("To confirm, type the gateway's name: %s") % gateway.api_name
        if not request.user.has_perm(DELETE):
            del self.fields["delete_record"]


class Teardown(ModelAdmin):
    @action(
        description=gettext_lazy("Tear down"),
        icon="delete_forever",
        variant=ActionVariant.DANGER,
        permissions=["teardown"],
        url_path="teardown",
    )
    def teardown(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show the list, and let the worker remove exactly that when it is confirmed."""
        gateway = gateway_for(self, request, object_id, TEARDOWN)
        if request.method == "POST":
            return _confirmed(request, gateway)

        def look() -> dict[str, Any]:
            return {"glance": glance(gateway, teardown.preview), "form": TeardownForm(request, gateway)}

        return lazily(self, request, gateway, "_teardown.html", title=_("Tear down"), look=look)

    def has_teardown_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return request.user.has_perm(TEARDOWN)

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """Delete the record alone; not during a run, which could leave something unknown in AWS."""
        try:
            response: HttpResponse = super().delete_view(request, object_id, extra_context)
        except RunInProgress as problem:
            messages.error(request, explained(problem, said=_("Not deleted: %s") % problem))
            return HttpResponseRedirect(reverse("admin:apigw_ws_apigateway_overview", args=[object_id]))
        return response

    def delete_model(self, request: HttpRequest, obj: ApiGateway) -> None:
        user = cast(AbstractBaseUser, request.user)
        teardown.delete_record(obj, by=user, ip=address_of(request))


def _confirmed(request: HttpRequest, gateway: ApiGateway) -> HttpResponse:
    form, seen = TeardownForm(request, gateway, request.POST), request.POST.get("seen")
    if not (seen and form.is_valid() and form.cleaned_data["name"] == gateway.api_name):
        messages.error(request, _("Nothing was done: type the gateway's name as it stands below the list."))
        return HttpResponseRedirect(request.path)
    delete, job = form.cleaned_data.get("delete_record", False), worker.TEARDOWN
    what = (gateway.api_name,)
    worker.hand_over(request, gateway, seen, job=job, what=what, delete_record=delete)
    if delete:
        return HttpResponseRedirect(reverse("admin:apigw_ws_apigateway_changelist"))
    return HttpResponseRedirect(reverse("admin:apigw_ws_apigateway_overview", args=[gateway.pk]))
