"""The deployment panel of a gateway's page: what is live, what is not yet, what is being done."""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any, Final

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from unfold.admin import ModelAdmin

from apigw_ws.exceptions import RunInProgress
from apigw_ws.models import ApiGateway, Run
from apigw_ws.services import observation, runs
from apigw_ws_admin import worker
from apigw_ws_admin.permissions import APPLY

PANEL: Final = "apigw_ws_admin/gateways/_deployment.html"
#: How often the panel looks again by itself after AWS was too slow for the first look.
LOOKS: Final = 3
#: After which a task that nobody has begun is not just next in the queue.
PATIENCE: Final = timedelta(seconds=10)


class DeploymentPanel(ModelAdmin):
    """The page comes first, the panel after it: AWS that is slow or gone keeps nobody from the form."""

    change_form_outer_before_template = "apigw_ws_admin/gateways/deployment.html"

    class Media:
        js = ("apigw_ws_admin/deployment.js", "apigw_ws_admin/dialogs.js")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.deployment_view)
        name = "apigw_ws_apigateway_deployment"
        return [path("<int:object_id>/deployment/", view, name=name), *super().get_urls()]

    def deployment_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """The panel; 204 while it polls (``?seen=``) and there is nothing new to show."""
        gateway = self.get_object(request, str(object_id))
        if not self.has_view_permission(request, gateway):
            raise PermissionDenied
        if gateway is None:
            raise Http404
        work = _work(request, gateway)
        if work and work["version"] == request.GET.get("seen"):
            return HttpResponse(status=204)
        url = reverse("admin:apigw_ws_apigateway_deployment", args=[gateway.pk])
        context = {"gateway": gateway, "url": url, "may_apply": request.user.has_perm(APPLY)}
        return render(request, PANEL, context | (work or _rest(request, gateway)))


def _work(request: HttpRequest, gateway: ApiGateway) -> dict[str, Any] | None:
    """The run at work or the task that waits for a worker: of our own records, without a look at AWS."""
    if run := runs.active(gateway):
        steps = list(run.steps.all())
        version = f"{run.pk}-{run.planned}-{len(steps)}-{run.waiting_until or ''}"
        return {"run": run, "steps": steps, "version": blake2b(version.encode(), digest_size=9).hexdigest()}
    task = worker.task_of(request, gateway)
    if task is not None and not task.is_finished:
        late = timezone.now() - task.enqueued_at > PATIENCE
        return {"waiting_since": task.enqueued_at, "late": late, "version": f"waiting-{task.id}-{late}"}
    return None


def _rest(request: HttpRequest, gateway: ApiGateway) -> dict[str, Any]:
    """What is live and what is not, and how the last run ended."""
    last = gateway.runs.select_related("started_by").first()
    failed = last is not None and last.state in {Run.State.FAILED, Run.State.INTERRUPTED}
    (sight,) = observation.observe([gateway])
    look = _looks(request) + 1
    return {
        "last": last,
        "failed_step": last.steps.filter(finished_on=None).first() if last and failed else None,
        "failed": failed,
        "ages": _ages(last, sight.observation),
        "refused": _refused(request, gateway),
        "sight": sight,
        "nothing_left": bool(sight.observation and not (sight.problem or sight.observation.pending)),
        "look_again": look if isinstance(sight.problem, observation.TooSlow) and look < LOOKS else None,
    }


def _ages(last: Run | None, seen: observation.Observation | None) -> dict[str, str]:
    return {
        "run": _age(last.started_on) if last else "",
        "seen": _age(seen.seen_on) if seen else "",
        "deployment": _age(seen.deployed_on) if seen and seen.deployed_on else "",
    }


def _age(moment: datetime) -> str:
    return _("less than a minute") if timezone.now() - moment < timedelta(minutes=1) else timesince(moment)


def _looks(request: HttpRequest) -> int:
    asked = request.GET.get("look", "")
    return int(asked) if asked.isdecimal() else 0


def _refused(request: HttpRequest, gateway: ApiGateway) -> bool:
    """This person's task met somebody else's run, of which only the task knows."""
    task = worker.task_of(request, gateway)
    path = f"{RunInProgress.__module__}.{RunInProgress.__qualname__}"
    return bool(task and task.errors and task.errors[-1].exception_class_path == path)
