"""The deployment panel of a gateway's page: what is live, what is pending, what is being done."""

from __future__ import annotations

from typing import Any, ClassVar, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from unfold.admin import ModelAdmin

from apigw_ws.models import ApiGateway, Run
from apigw_ws.services import observation
from apigw_ws.services.glances import TooSlow
from apigw_ws_admin import worker
from apigw_ws_admin.moments import age, told
from apigw_ws_admin.pages import gateway_for, number
from apigw_ws_admin.permissions import APPLY, ROLLBACK, TEARDOWN
from apigw_ws_admin.sites import reverse

PANEL: Final = "apigw_ws_admin/gateways/_deployment.html"
#: How often the panel retries by itself after AWS was too slow at first.
LOOKS: Final = 3


class DeploymentPanel(ModelAdmin):
    """Loads the panel after the page, so that the form does not depend on AWS."""

    change_form_outer_before_template = "apigw_ws_admin/gateways/deployment.html"

    class Media:
        css: ClassVar = {"all": ("apigw_ws_admin/gateways.css",)}
        js = tuple(f"apigw_ws_admin/{name}.js" for name in ("deployment", "gateway"))

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.deployment_view)
        name = "apigw_ws_apigateway_deployment"
        return [path("<int:object_id>/deployment/", view, name=name), *super().get_urls()]

    def deployment_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Show the panel; 204 while it polls (``?seen=``) and has not changed."""
        gateway = gateway_for(self, request, object_id)
        work = worker.at_work(request, gateway)
        if work and work["version"] == request.GET.get("seen"):
            return HttpResponse(status=204)
        url = reverse("admin:apigw_ws_apigateway_deployment", args=[gateway.pk])
        context = {"gateway": gateway, "url": url, "may_apply": request.user.has_perm(APPLY)}
        return render(request, PANEL, context | (work or _rest(request, gateway)))


def _rest(request: HttpRequest, gateway: ApiGateway) -> dict[str, Any]:
    """What is live, what is pending, and how the last run ended."""
    last = gateway.runs.select_related("started_by").first()
    failed = last is not None and last.state in {Run.State.FAILED, Run.State.INTERRUPTED}
    refused = worker.refused(request, gateway)
    tried = refused or (last if failed else None)
    (sight,) = observation.observe([gateway])
    look = number(request.GET.get("look", "")) + 1
    return {
        "last": last,
        "failed_step": last.steps.filter(finished_on=None).first() if last and failed else None,
        "failed": failed,
        "ages": _ages(last, sight.observation),
        "refused": refused is not None,
        "tried": tried,
        "again": _again(request, gateway, tried) if tried else "",
        "sight": sight,
        "nothing_left": bool(sight.observation and not (sight.problem or sight.observation.pending)),
        "look_again": look if isinstance(sight.problem, TooSlow) and look < LOOKS else None,
    }


def _ages(last: Run | None, seen: observation.Observation | None) -> dict[str, Any]:
    moments = {"run": last and last.started_on, "seen": seen and seen.seen_on}
    moments["deployment"] = seen and seen.deployed_on
    return {name: told(when, age(when)) if when else "" for name, when in moments.items()}


def _again(request: HttpRequest, gateway: ApiGateway, tried: Run) -> str:
    """The URL to retry the run, for those who may; none for an apply, which has a dialog."""
    if tried.kind == Run.Kind.ROLLBACK and request.user.has_perm(ROLLBACK):
        return reverse("admin:apigw_ws_apigateway_rollback", args=[gateway.pk, tried.deployment_id])
    if tried.kind == Run.Kind.TEARDOWN and request.user.has_perm(TEARDOWN):
        return reverse("admin:apigw_ws_apigateway_teardown", args=[gateway.pk])
    return ""
