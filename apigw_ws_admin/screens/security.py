"""What protects a gateway: the rotation of its secret, who may connect, and the IAM policy."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin

from apigw_ws.conf import conf
from apigw_ws.exceptions import ApigwWsError
from apigw_ws.models import ApiGateway
from apigw_ws.services import policies, rotation, runs
from apigw_ws.services.glances import glance
from apigw_ws_admin import tabs
from apigw_ws_admin.help.links import explained
from apigw_ws_admin.pages import address_of, dialog_button, gateway_for
from apigw_ws_admin.permissions import APPLY, ROTATE_SECRET
from apigw_ws_admin.sites import reverse

SECRET: Final = "apigw_ws_admin/gateways/_secret.html"  # noqa: S105


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Something to do to the secret, after a page that says what it does."""

    title: str | Promise
    perform: Callable[..., None]
    done: str | Promise


ACTS: Final = {
    "rotate": Act(
        title=gettext_lazy("Rotate the secret"),
        perform=rotation.start,
        done=gettext_lazy("The rotation has begun. Apply the gateway to AWS next."),
    ),
    "cancel": Act(
        title=gettext_lazy("Cancel the rotation"),
        perform=rotation.cancel,
        done=gettext_lazy("The rotation is cancelled."),
    ),
    "retire": Act(
        title=gettext_lazy("Retire the old version"),
        perform=rotation.retire,
        done=gettext_lazy("The old version is retired: Django refuses it from now on."),
    ),
}


class Security(ModelAdmin):
    def get_urls(self) -> list[URLPattern]:
        here, wrap = "<int:object_id>/security/", self.admin_site.admin_view
        return [
            path(here, wrap(self.security_view), name="apigw_ws_apigateway_security"),
            path(f"{here}policy/", wrap(self.policy_view), name="apigw_ws_apigateway_policy"),
            path(f"{here}<slug:act>/", wrap(self.secret_view), name="apigw_ws_apigateway_secret"),
            *super().get_urls(),
        ]

    def security_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Show the page; to htmx, the secret's card (204 while it equals ``?seen=``)."""
        gateway = gateway_for(self, request, object_id)
        secret = _secret(request, gateway)
        if not getattr(request, "htmx", False):
            return _page(self, request, gateway, "security", _("Security"), secret | _accepted())
        unchanged = secret["seen"] == request.GET.get("seen")
        return HttpResponse(status=204) if unchanged else render(request, SECRET, secret)

    def policy_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Show the IAM policy's card, apart because looking for credentials may take a while."""
        gateway = gateway_for(self, request, object_id)
        found = glance(gateway, policies.for_gateway)
        context = {"gateway": gateway, "glance": found, "policy": json.dumps(found.found, indent=2)}
        return render(request, "apigw_ws_admin/gateways/_policy.html", context)

    def secret_view(self, request: HttpRequest, object_id: int, act: str) -> HttpResponse:
        """Say what the act does, and perform it when that is confirmed."""
        gateway = gateway_for(self, request, object_id, ROTATE_SECRET)
        if act not in ACTS:
            raise Http404
        if request.method == "POST":
            return _performed(request, gateway, act)
        context = {"act": act, "state": rotation.status(gateway), "next": gateway.secret_version + 1}
        return _page(self, request, gateway, "secret_act", ACTS[act].title, context)


def _page(
    admin: ModelAdmin,
    request: HttpRequest,
    gateway: ApiGateway,
    name: str,
    title: str | Promise,
    context: dict[str, Any],
) -> HttpResponse:
    context |= admin.admin_site.each_context(request) | {"opts": admin.opts}
    context |= tabs.frame(request, gateway, title=title, tab="security")
    return TemplateResponse(request, f"apigw_ws_admin/gateways/{name}.html", context)


def _secret(request: HttpRequest, gateway: ApiGateway) -> dict[str, Any]:
    state, run = rotation.status(gateway), runs.active(gateway)
    facts = (gateway.secret_version, gateway.live_secret_version, state, run)
    return {
        "gateway": gateway,
        "state": state,
        "live": gateway.live_secret_version == gateway.secret_version,
        "steps": _steps(gateway, state) if gateway.retiring_secret_version is not None else (),
        "run": runs.in_progress(run) if run else None,
        "apply": dialog_button(gateway, "apply"),
        "buttons": {act: dialog_button(gateway, "secret", act) for act in ACTS},
        "seen": blake2b(repr(facts).encode(), digest_size=9).hexdigest(),
        "may_rotate": request.user.has_perm(ROTATE_SECRET),
        "may_apply": request.user.has_perm(APPLY),
    }


def _steps(gateway: ApiGateway, state: rotation.Rotation) -> tuple[tuple[str, str], ...]:
    """The steps, done, next and ahead, in words."""
    versions = {"new": gateway.secret_version, "old": gateway.retiring_secret_version}
    live, unused = gateway.live_secret_version == gateway.secret_version, not state.cannot_retire
    wait, refuse = _("Wait until no call comes without a secret."), _("Refuse calls without a secret.")
    if gateway.retiring_secret_version:
        wait, refuse = _("Wait until version %(old)d is out of use."), _("Refuse version %(old)d.")
    return (
        ("done", _("Accept version %(new)d.") % versions),
        ("done" if live else "current", _("Bring version %(new)d into every integration.") % versions),
        ("done" if unused else "current" if live else "ahead", wait % versions),
        ("current" if unused else "ahead", refuse % versions),
    )


def _performed(request: HttpRequest, gateway: ApiGateway, act: str) -> HttpResponse:
    how = {"force": True} if act == "retire" and request.POST.get("force") else {}
    try:
        ACTS[act].perform(gateway, by=request.user, ip=address_of(request), **how)
    except ApigwWsError as problem:
        messages.error(request, explained(problem, said=_("Nothing was done: %s") % problem))
    else:
        messages.success(request, str(ACTS[act].done))
    return HttpResponseRedirect(reverse("admin:apigw_ws_apigateway_security", args=[gateway.pk]))


def _accepted() -> dict[str, Any]:
    """The project's settings that decide who may connect."""
    return {"conf": conf, "trusted_origins": settings.CSRF_TRUSTED_ORIGINS}
