"""The page that opens test connections, and the endpoints of its script."""

from __future__ import annotations

import json
from typing import Any, Final

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.shortcuts import render
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from unfold.admin import ModelAdmin

from apigw_ws.models import ApiGateway, Refusal
from apigw_ws.services import frames, trials
from apigw_ws_admin import tabs
from apigw_ws_admin.hints import hint_for
from apigw_ws_admin.pages import address_of, gateway_for, number
from apigw_ws_admin.permissions import ADD_FRAME, CHANGE_FRAME, DELETE_FRAME, TEST
from apigw_ws_admin.screens.testing import address
from apigw_ws_admin.screens.testing.frames import FrameForm
from apigw_ws_admin.sites import reverse

_URLS: Final = "apigw_ws_apigateway_test"
_TEMPLATES: Final = "apigw_ws_admin/testing"


class Testing(ModelAdmin):
    def get_urls(self) -> list[URLPattern]:
        wrap, here = self.admin_site.admin_view, "<int:object_id>/test/"
        return [
            path(here, wrap(self.test_view), name=_URLS),
            path(f"{here}open/", wrap(self.open_view), name=f"{_URLS}_open"),
            path(f"{here}refusal/", wrap(self.refusal_view), name=f"{_URLS}_refusal"),
            path(f"{here}frames/", wrap(self.keep_view), name=f"{_URLS}_keep"),
            path(f"{here}frames/<int:frame_id>/delete/", wrap(self.forget_view), name=f"{_URLS}_forget"),
            *super().get_urls(),
        ]

    def test_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        gateway = gateway_for(self, request, object_id, TEST)
        context = self.admin_site.each_context(request) | {"opts": self.opts}
        context |= tabs.frame(request, gateway, title=_("Test"), tab="test") | _frames(request, gateway)
        if gateway.client_url:
            context |= _place(request, gateway)
        return TemplateResponse(request, f"{_TEMPLATES}/page.html", context)

    def open_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """POST answers {"token": "…", "after": 7}: the connect token, and the argument for ``refusal``."""
        gateway = gateway_for(self, request, object_id, TEST)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        key = request.session.session_key or ""
        trial = trials.begin(
            gateway,
            session_key=key,
            with_token=bool(key and request.POST.get("token")),
            by=request.user,  # type: ignore[arg-type]
            ip=address_of(request),
        )
        return JsonResponse({"token": trial.token, "after": trial.after})

    def refusal_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Answer why the connection that began with ``?after=`` was refused, as far as Django knows."""
        gateway = gateway_for(self, request, object_id, TEST)
        after, origin = number(request.GET.get("after", "")), address.origin_of(request)
        found = trials.refusal_of(gateway, after=after, by=request.user, origin=origin)  # type: ignore[arg-type]
        return JsonResponse(_explained(request, gateway, found))

    def keep_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Save a frame. Answers the list, or 422 with {"error": "…"}."""
        gateway = gateway_for(self, request, object_id, TEST, ADD_FRAME)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        form = FrameForm(request, gateway)
        if not form.is_valid():
            return JsonResponse({"error": form.problem()}, status=422)
        form.keep()
        return _list(request, gateway)

    def forget_view(self, request: HttpRequest, object_id: int, frame_id: int) -> HttpResponse:
        gateway = gateway_for(self, request, object_id, TEST, DELETE_FRAME)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if frame := frames.of(gateway).filter(pk=frame_id).first():
            frames.forget(frame, by=request.user, ip=address_of(request))  # type: ignore[arg-type]
        return _list(request, gateway)


def _place(request: HttpRequest, gateway: ApiGateway) -> dict[str, Any]:
    """Where connections lead, and what will go wrong."""
    routes = gateway.additional_routes.filter(enabled=True).values_list("route_key", flat=True)
    return {
        "address": address.url_for(request, gateway),
        "problems": address.problems(request, gateway),
        "selector": address.selector(gateway),
        "routes": json.dumps([*routes]),
    }


def _frames(request: HttpRequest, gateway: ApiGateway) -> dict[str, Any]:
    return {
        "gateway": gateway,
        "frames": list(frames.of(gateway)),
        "may_keep": request.user.has_perm(ADD_FRAME),
        "may_replace": request.user.has_perm(CHANGE_FRAME),
        "may_forget": request.user.has_perm(DELETE_FRAME),
    }


def _list(request: HttpRequest, gateway: ApiGateway) -> HttpResponse:
    return render(request, f"{_TEMPLATES}/_frames.html", _frames(request, gateway))


def _explained(request: HttpRequest, gateway: ApiGateway, refusal: Refusal | None) -> dict[str, str]:
    """A sentence, and a link to the page that says more, if the user may see it."""
    if refusal is None:
        doctor = reverse("admin:apigw_ws_apigateway_doctor", args=[gateway.pk])
        sentence = _(
            "Django has no record of a refusal: the gateway could not be reached or did not call it, or the "
            "view's connect method answered with an error."
        )
        return {"text": sentence, "href": doctor, "label": _("Ask the doctor")}
    if not request.user.has_perm("apigw_ws.view_refusal"):
        return {"text": _("A guard refused it. Why, those can see who may view refusals.")}
    sentence = _("Django refused it with status %(status)d (%(guard)s): %(reason)s") % {
        "status": refusal.status,
        "guard": hint_for(refusal).title,
        "reason": refusal.why,
    }
    href = reverse("admin:apigw_ws_refusal_change", args=[refusal.pk])
    return {"text": sentence, "href": href, "label": _("What would let you in")}
