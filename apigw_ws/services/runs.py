"""Opens and ends runs, and records their steps: the only writer of ``Run`` and ``Step``.

A database constraint lets only one run of a gateway be active."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from django.db import IntegrityError
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apigw_ws.aws.executor import Done
from apigw_ws.aws.operations import Operation, route_key
from apigw_ws.exceptions import AwsError, RunInProgress
from apigw_ws.models import ApiGateway, Run, Step
from apigw_ws.services import transactions

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser

#: After so long without a sign of life a run counts as dead. The slowest operation is quicker: three calls
#: of three attempts, each with a time-out of 20 seconds. Longer waits for AWS give signs of life.
STALE_AFTER: Final = timedelta(minutes=4)

_AT_WORK: Final = {
    Run.Kind.APPLY: gettext_lazy(
        "%(who)s has been applying to the gateway “%(gateway)s” since %(since)s. Wait for it to finish."
    ),
    Run.Kind.ROLLBACK: gettext_lazy(
        "%(who)s has been rolling the gateway “%(gateway)s” back since %(since)s. Wait for it to finish."
    ),
    Run.Kind.TEARDOWN: gettext_lazy(
        "%(who)s has been tearing the gateway “%(gateway)s” down since %(since)s. Wait for it to finish."
    ),
}

logger = logging.getLogger("apigw_ws.runs")


@contextmanager
def running(
    gateway: ApiGateway,
    by: AbstractBaseUser | None,
    kind: Run.Kind = Run.Kind.APPLY,
    *,
    deployment_id: str = "",
) -> Iterator[Run]:
    """Open the gateway's one active run; after the block it is done, failed or interrupted, with the reason.

    ``deployment_id`` is a rollback's target. Raises RunInProgress, which says whose run it is, what it does
    and since when; a stale one is taken over.
    """
    run = _start(gateway, by, kind, deployment_id)
    try:
        yield run
    except Exception as error:
        _finish(run, Run.State.FAILED, error)
        raise
    except BaseException:
        _finish(run, Run.State.INTERRUPTED)
        raise
    _finish(run, Run.State.DONE)


def interrupt(gateway: ApiGateway, *, silent_since: datetime | None = None) -> int:
    """Interrupt the gateway's active run; return how many there were (0 or 1).

    For somebody who knows that its process is dead, and, with ``silent_since``, for a run that has given
    no sign of life since then. A process that is alive after all stops before its next operation.
    """
    active = Run.objects.filter(gateway=gateway, finished_on=None)
    if silent_since is not None:
        active = active.filter(heartbeat_on__lt=silent_since)
    return active.update(state=Run.State.INTERRUPTED, finished_on=timezone.now())


def active(gateway: ApiGateway) -> Run | None:
    """Return the gateway's active run, unless it is stale; else None."""
    alive = Run.objects.filter(finished_on=None, heartbeat_on__gte=timezone.now() - STALE_AFTER)
    return alive.select_related("gateway", "started_by").filter(gateway=gateway).first()


def in_progress(active: Run | None) -> RunInProgress:
    """Return the error that says whose run is active, what it does, and since when."""
    if active is None:
        return RunInProgress(_("Another run of this gateway has just ended. Look at the plan again."))
    since = active.started_on
    return RunInProgress(
        _AT_WORK[Run.Kind(active.kind)]
        % {
            "who": active.started_by or _("A command or task"),
            "gateway": active.gateway,
            "since": date_format(timezone.localtime(since) if timezone.is_aware(since) else since, "H:i:s"),
        }
    )


def planned(run: Run, operations: int) -> None:
    """Store how many operations the run is going to perform."""
    run.planned = operations
    run.save(update_fields=["planned"])


def beat(run: Run) -> datetime:
    """Give a sign of life and return its time. Raises RunInProgress when the run was taken over."""
    now = timezone.now()
    if not Run.objects.filter(pk=run.pk, finished_on=None).update(heartbeat_on=now, waiting_until=None):
        raise RunInProgress(_("This run was interrupted and taken over by another."))
    return now


def waiting(run: Run, seconds: float) -> None:
    """Give a sign of life and store until when the run waits for AWS. Raises RunInProgress, as ``beat``."""
    until = beat(run) + timedelta(seconds=seconds)
    Run.objects.filter(pk=run.pk).update(waiting_until=until)
    logger.info("Gateway %s: waiting for AWS for %g seconds.", run.gateway_id, seconds)


def succeeded(run: Run, position: int, done: Done, started_on: datetime) -> Step:
    """Record an operation that is done."""
    return Step.objects.create(
        run=run,
        position=position,
        operation=type(done.operation).__name__,
        description=done.operation.describe()[:512],
        route_key=route_key(done.operation),
        started_on=started_on,
        finished_on=timezone.now(),
        request_ids=" ".join(done.request_ids)[:512],
    )


def failed(run: Run, position: int, operation: Operation, started_on: datetime, error: Exception) -> Step:
    """Record the operation at which the run stopped."""
    return Step.objects.create(
        run=run,
        position=position,
        operation=type(operation).__name__,
        description=operation.describe()[:512],
        route_key=route_key(operation),
        started_on=started_on,
        request_ids=getattr(error, "request_id", ""),
        error_code=_code(error),
        error_text=str(error),
    )


def _start(gateway: ApiGateway, by: AbstractBaseUser | None, kind: Run.Kind, deployment_id: str) -> Run:
    interrupt(gateway, silent_since=timezone.now() - STALE_AFTER)
    try:
        with transactions.atomic():
            return Run.objects.create(
                gateway=gateway,
                kind=kind,
                deployment_id=deployment_id,
                started_by_id=by.pk if by else None,
            )
    except IntegrityError as error:
        other = Run.objects.select_related("started_by").filter(gateway=gateway, finished_on=None).first()
        raise in_progress(other) from error


def _finish(run: Run, state: Run.State, error: Exception | None = None) -> None:
    """End the run, unless another has taken it over."""
    run.state, run.finished_on = state, timezone.now()
    if error is not None:
        run.error_code, run.error_text = _code(error), str(error)
    Run.objects.filter(pk=run.pk, finished_on=None).update(
        state=state,
        finished_on=run.finished_on,
        waiting_until=None,
        error_code=run.error_code,
        error_text=run.error_text,
    )


def _code(error: Exception) -> str:
    return (error.code if isinstance(error, AwsError) else type(error).__name__)[:128]
