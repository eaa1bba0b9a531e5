"""Adopts an API that was made elsewhere: choose the account, the API, look at it, and record it."""

from __future__ import annotations

from typing import Any, cast
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin
from unfold.decorators import action
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from apigw_ws.exceptions import ApigwWsError
from apigw_ws.models import ApiGateway
from apigw_ws.services import adoption, candidates, endpoints
from apigw_ws.services.adoption import Preview
from apigw_ws.services.glances import BUDGET, Glance, glance
from apigw_ws_admin.help.links import explained
from apigw_ws_admin.pages import address_of
from apigw_ws_admin.permissions import APPLY, demand
from apigw_ws_admin.places import PlaceForm
from apigw_ws_admin.sites import reverse

ADD = "apigw_ws.add_apigateway"
#: From so many APIs on the list can be searched.
MANY = 8
#: Seconds that the page waits for AWS, because nothing is known from before.
PATIENCE = 25.0


class ChoicesForm(forms.Form):
    """The choices that adopting an API leaves."""

    stage_name = forms.ChoiceField(label=gettext_lazy("Stage"), widget=UnfoldAdminSelectWidget)
    name = forms.CharField(
        label=gettext_lazy("Name of the gateway"),
        help_text=gettext_lazy("Another than the API's renames the API when the gateway is applied."),
        max_length=128,
        widget=UnfoldAdminTextInputWidget({"autocomplete": "off"}),
    )

    def __init__(self, preview: Preview) -> None:
        gateway = preview.draft.gateway
        super().__init__(initial={"stage_name": gateway.stage_name, "name": gateway.api_name})
        self.fields["stage_name"].choices = [(name, name) for name in preview.stages]  # type: ignore[attr-defined]
        if len(preview.stages) < 2:
            del self.fields["stage_name"]


class Adopting(ModelAdmin):
    @action(
        description=gettext_lazy("Adopt an API"),
        icon="move_to_inbox",
        permissions=["adopt"],
        url_path="adopt",
    )
    def adopt(self, request: HttpRequest) -> HttpResponse:
        """Show the form, then the WebSocket APIs that AWS lists in the account's region."""
        form = PlaceForm(request.GET)
        if not form.is_valid():
            return _elsewhere(request)
        if getattr(request, "htmx", False):
            seen = glance(form.instance, candidates.listed, budget=PATIENCE)
            found = candidates.of(seen.found or ())
            query = urlencode(_place(request.GET))
            context = {"glance": seen, "candidates": found, "query": query, "many": len(found) >= MANY}
            return render(request, "apigw_ws_admin/adopt/_candidates.html", context)
        return self._adopting_page(request, "adopt/list.html", title=_("Adopt an API"), form=form)

    def has_adopt_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perms((ADD, APPLY))

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.adopt_view)
        return [
            path("adopt/<slug:api_id>/", view, name="apigw_ws_apigateway_adopt_api"),
            *super().get_urls(),
        ]

    def adopt_view(self, request: HttpRequest, api_id: str) -> HttpResponse:
        """Show what adopting records, and changes in AWS later; record it when that is confirmed."""
        demand(request, ADD, APPLY)
        form = PlaceForm(request.GET)
        if not form.is_valid():
            return _elsewhere(request)
        if request.method == "POST":
            return _recorded(request, form.instance, api_id)
        if getattr(request, "htmx", False):
            context = _preview(request, form.instance, api_id)
            return render(request, "apigw_ws_admin/adopt/_preview.html", context)
        title = _("Adopt the API %s") % api_id
        return self._adopting_page(request, "adopt/preview.html", title=title, back=_list(request))

    def _adopting_page(self, request: HttpRequest, template: str, **context: Any) -> HttpResponse:
        frame = self.admin_site.each_context(request) | {"opts": self.opts, "model_admin": self}
        return TemplateResponse(request, f"apigw_ws_admin/{template}", frame | context)


def _preview(request: HttpRequest, place: ApiGateway, api_id: str) -> dict[str, Any]:
    chosen = _chosen(request.GET)
    seen = glance(place, lambda place: adoption.look(place, api_id, chosen["stage_name"]), budget=PATIENCE)
    preview = None
    try:
        preview = adoption.weigh(place, seen.found, chosen["name"]) if seen.found else None
    except ApigwWsError as problem:
        seen = Glance(problem=problem)
    return {
        "glance": seen,
        "preview": preview,
        "url": request.get_full_path(),
        "path": request.path,
        "back": _list(request),
        "place": _place(request.GET).items(),
        "form": ChoicesForm(preview) if preview else None,
    }


def _chosen(values: QueryDict) -> dict[str, str]:
    return {name: values.get(name, "").strip() for name in ("stage_name", "name")}


def _place(values: QueryDict) -> dict[str, str]:
    return {name: values.get(name, "") for name in ("account", "region")}


def _list(request: HttpRequest) -> str:
    return reverse("admin:apigw_ws_apigateway_adopt", query=_place(request.GET))


def _elsewhere(request: HttpRequest) -> HttpResponse:
    messages.error(request, _("There is no such account or region (any more). Choose again."))
    return HttpResponseRedirect(reverse("admin:apigw_ws_apigateway_adopt"))


def _recorded(request: HttpRequest, place: ApiGateway, api_id: str) -> HttpResponse:
    """Go to the gateway's page or, if it cannot be recorded, back to the choice with the reason."""
    chosen = _chosen(request.POST)
    try:
        with endpoints.quickly(BUDGET):
            gateway = adoption.adopt(
                place,
                api_id,
                **chosen,
                seen=request.POST.get("seen", ""),
                take_back="take_back" in request.POST,
                by=cast(AbstractBaseUser, request.user),
                ip=address_of(request),
            )
    except ApigwWsError as problem:
        messages.error(request, explained(problem))
        return HttpResponseRedirect(f"{request.path}?{urlencode(_place(request.GET) | chosen)}")
    messages.success(
        request,
        _("“%s” is recorded, and AWS is as it was. Next: look at what “Apply to AWS” changes, and apply it.")
        % gateway,
    )
    return HttpResponseRedirect(reverse("admin:apigw_ws_apigateway_overview", args=[gateway.pk]))
