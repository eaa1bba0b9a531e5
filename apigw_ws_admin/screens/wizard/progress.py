"""A new gateway's progress. All of it is in the database, so the page can be left and found again."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _
from django.views.generic import TemplateView
from unfold.views import UnfoldModelAdminViewMixin

from apigw_ws.exceptions import ApigwWsError
from apigw_ws.models import ApiGateway, Run
from apigw_ws.services import drafts, provisioning, runs
from apigw_ws.services.drafts import Draft
from apigw_ws.services.glances import ROUTES, glance
from apigw_ws_admin import worker
from apigw_ws_admin.help.links import explained
from apigw_ws_admin.pages import number
from apigw_ws_admin.permissions import APPLY, demand
from apigw_ws_admin.screens.wizard.views import LABELS, stepper
from apigw_ws_admin.sites import reverse

#: The most seconds that Retry waits for AWS.
PATIENCE: Final = 10.0


class ProgressView(UnfoldModelAdminViewMixin, TemplateView):
    """Shows the newest run of a gateway. ``?after=`` names the run before the awaited one."""

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        self.gateway = get_object_or_404(ApiGateway, pk=kwargs["pk"])
        self.title = _("Making “%s”") % self.gateway

    def has_permission(self) -> bool:
        """As everywhere in the admin, permission to change includes permission to view."""
        return bool(self.model_admin.has_view_permission(self.request, self.gateway))

    def get_template_names(self) -> list[str]:
        part = "wizard/_progress.html" if getattr(self.request, "htmx", False) else "progress.html"
        return [f"apigw_ws_admin/{part}"]

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the page; 204 while it polls (``?seen=``) and has not changed, so that the focus stays."""
        context = self.get_context_data(**kwargs)
        if context["version"] == request.GET.get("seen"):
            return HttpResponse(status=204)
        return self.render_to_response(context)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        run = self._run()
        steps = list(run.steps.order_by("position")) if run else []
        task = worker.task_of(self.request, self.gateway)
        working = run is not None and run.finished_on is None and runs.active(self.gateway) is not None
        queued = run is None and task is not None and not task.is_finished
        known = (run.pk, run.state, run.planned, run.waiting_until, len(steps)) if run else ()
        return super().get_context_data(
            gateway=self.gateway,
            stepper=stepper(len(LABELS) - 1) if self._is_new(run) else (),
            version="-".join(map(str, (*known, working, queued))),
            after=self.request.GET.get("after", ""),
            run=run,
            steps=steps,
            number=min(len(steps) + 1, run.planned) if run else 0,
            ahead=self._ahead(run)[len(steps) :],
            working=working,
            queued=queued,
            polls=working or run is None,
            stopped=bool(steps) and steps[-1].finished_on is None,
            done=run is not None and run.state == Run.State.DONE,
            may_retry=self.request.user.has_perm(APPLY) and not working and not queued,
        )

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Continue from where the last run stopped."""
        demand(request, APPLY)
        here = reverse("admin:apigw_ws_apigateway_progress", args=[self.gateway.pk])
        run = self.gateway.runs.order_by("-pk").first()
        return HttpResponseRedirect(f"{here}?after={run.pk if run else 0}" if self._retry() else here)

    def _retry(self) -> bool:
        """Retries only what removes nothing: nobody has agreed to that."""
        seen = glance(self.gateway, provisioning.preview, load=[ROUTES], budget=PATIENCE)
        if seen.found is None:
            messages.error(self.request, explained(seen.problem))
            return False
        if any(operation.destructive for operation in seen.found.operations):
            messages.warning(self.request, _("The plan removes something by now. Look at it, then apply it."))
            return False
        worker.hand_over(self.request, self.gateway, seen.found.digest, announce=False)
        return True

    def _run(self) -> Run | None:
        after = number(self.request.GET.get("after", ""))
        runs = self.gateway.runs.filter(kind=Run.Kind.APPLY, pk__gt=after)
        return runs.order_by("-pk").first()

    def _is_new(self, run: Run | None) -> bool:
        """Whether no run was ever finished: the user comes from the wizard, not back to a live gateway."""
        finished = self.gateway.runs.filter(state=Run.State.DONE)
        return not (finished.exclude(pk=run.pk) if run else finished).exists()

    def _ahead(self, run: Run | None) -> list[str]:
        """All steps that make a new gateway; none if the run does something else."""
        draft = Draft(gateway=self.gateway, routes=self.gateway.additional_routes.all())
        try:
            described = [operation.describe() for operation in drafts.plan(draft).operations]
        except ApigwWsError:  # the record has changed since
            return []
        new = run is None and not self.gateway.api_created
        return described if new or (run and run.planned == len(described)) else []
