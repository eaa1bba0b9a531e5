"""Handing a gateway to the worker, and what has become of it since."""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from hashlib import blake2b
from typing import Any, Final

from django.contrib import messages
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apigw_ws.exceptions import RunInProgress
from apigw_ws.models import ApiGateway, Run
from apigw_ws.services import runs
from apigw_ws.tasks import apply_gateway, rollback_gateway, teardown_gateway
from apigw_ws_admin.help.links import explained
from apigw_ws_admin.pages import address_of
from apigw_ws_admin.sites import reverse

logger = logging.getLogger(__name__)

#: Where the session keeps the task of each gateway that this person has handed over: primary key -> task ID.
SESSION_KEY = "apigw_ws_tasks"
#: After which a task that nobody has begun is not just next in the queue.
PATIENCE: Final = timedelta(seconds=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Something that the worker does to a gateway, and the sentences about it."""

    task: Any
    kind: Run.Kind
    under_way: str | Promise
    busy: str | Promise
    lost: str | Promise


APPLY: Final = Job(
    task=apply_gateway,
    kind=Run.Kind.APPLY,
    under_way=gettext_lazy("“%s” is being applied to AWS."),
    busy=gettext_lazy("Not applied: %s"),
    lost=gettext_lazy(
        "“%s” was not applied: the worker's queue does not answer. Start it, then apply to AWS again."
    ),
)
ROLLBACK: Final = Job(
    task=rollback_gateway,
    kind=Run.Kind.ROLLBACK,
    under_way=gettext_lazy("“%s” is being rolled back."),
    busy=gettext_lazy("Not rolled back: %s"),
    lost=gettext_lazy(
        "“%s” was not rolled back: the worker's queue does not answer. Start it, then roll back again."
    ),
)
TEARDOWN: Final = Job(
    task=teardown_gateway,
    kind=Run.Kind.TEARDOWN,
    under_way=gettext_lazy("“%s” is being torn down."),
    busy=gettext_lazy("Not torn down: %s"),
    lost=gettext_lazy(
        "“%s” was not torn down: the worker's queue does not answer. Start it, then tear down again."
    ),
)


def hand_over(
    request: HttpRequest,
    gateway: ApiGateway,
    seen: str | None = None,
    *,
    job: Job = APPLY,
    what: tuple[str, ...] = (),
    announce: bool = True,
    **how: bool,
) -> None:
    """Have the job done, only to the plan ``seen`` if given, and tell the person what they can expect.

    ``what`` and ``how`` are the task's own arguments. Without ``announce`` only what went wrong is told: the
    next page shows the rest.
    """
    if run := runs.active(gateway):
        problem = runs.in_progress(run)
        messages.warning(request, explained(problem, said=job.busy % problem))
        return
    try:
        ip = address_of(request)
        task = job.task.enqueue(gateway.pk, *what, request.user.pk, seen, ip, **how)
    except Exception:  # each task backend fails in its own way when its broker does not answer
        logger.exception("The gateway %s could not be handed to the worker.", gateway.pk)
        messages.error(request, job.lost % gateway)
        return
    request.session[SESSION_KEY] = request.session.get(SESSION_KEY, {}) | {str(gateway.pk): task.id}
    if not announce:
        return
    messages.success(
        request,
        format_html(
            '{} <a class="font-semibold underline" href="{}">{}</a>',
            job.under_way % gateway,
            _where_to_look(request, gateway),
            _("Follow the run"),
        ),
    )


def task_of(request: HttpRequest, gateway: ApiGateway) -> Any:
    """The task that this person has started for the gateway last; None if there is none, or none is known."""
    task_id = request.session.get(SESSION_KEY, {}).get(str(gateway.pk))
    backend = apply_gateway.get_backend()
    if task_id is not None and backend.supports_get_result:
        with suppress(Exception):  # it was forgotten, or the broker does not answer
            return backend.get_result(task_id)
    return None


def refused(request: HttpRequest, gateway: ApiGateway) -> Run | None:
    """The run that this person's task would have been, had it not met somebody else's: the task knows."""
    task = task_of(request, gateway)
    path = f"{RunInProgress.__module__}.{RunInProgress.__qualname__}"
    if not (task and task.errors and task.errors[-1].exception_class_path == path):
        return None
    (kind,) = (job.kind for job in (APPLY, ROLLBACK, TEARDOWN) if job.task.name == task.task.name)
    return Run(kind=kind, deployment_id=task.args[1] if kind == Run.Kind.ROLLBACK else "")


def at_work(request: HttpRequest, gateway: ApiGateway) -> dict[str, Any] | None:
    """The run at work or the task that waits for a worker: of our own records, without a look at AWS.

    Its "version" changes with what there is to show; for the template ``gateways/_work.html``.
    """
    if run := runs.active(gateway):
        steps = list(run.steps.all())
        version = f"{run.pk}-{run.planned}-{len(steps)}-{run.waiting_until or ''}"
        ahead = range(run.planned - len(steps))
        version = blake2b(version.encode(), digest_size=9).hexdigest()
        return {"run": run, "steps": steps, "ahead": ahead, "version": version}
    task = task_of(request, gateway)
    if task is not None and not task.is_finished:
        late = timezone.now() - task.enqueued_at > PATIENCE
        return {"waiting_since": task.enqueued_at, "late": late, "version": f"waiting-{task.id}-{late}"}
    return None


def _where_to_look(request: HttpRequest, gateway: ApiGateway) -> str:
    if request.user.has_perm("apigw_ws.view_run"):
        return reverse("admin:apigw_ws_run_changelist", query={"gateway__id__exact": gateway.pk})
    return reverse("admin:apigw_ws_apigateway_overview", args=[gateway.pk])
