"""How a gateway is, in a word and with the reason. All of it is known here already: AWS is not asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.db.models import Max, QuerySet, TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from apigw_ws.exceptions import PlanChanged
from apigw_ws.models import ApiGateway, Run
from apigw_ws.services import observation
from apigw_ws.services.observation import Brief, Observation

#: States of a run that leave AWS half way.
BROKEN = (Run.State.FAILED, Run.State.INTERRUPTED)


class State(TextChoices):
    """The first of these that fits, from top to bottom."""

    #: The last run failed or was cut off, and AWS has not been found in order since.
    FAILING = "failing", gettext_lazy("Failing")
    #: No stage of it serves a deployment.
    NEVER_APPLIED = "never_applied", gettext_lazy("Never applied")
    #: AWS was neither looked at nor applied to since the record was changed.
    UNKNOWN = "unknown", gettext_lazy("Unknown")
    #: AWS differed from the record when it was last seen.
    NEEDS_APPLY = "needs_apply", gettext_lazy("Needs apply")
    #: AWS had what the record says when it was last seen or applied to.
    HEALTHY = "healthy", gettext_lazy("Healthy")


class LastRun(NamedTuple):
    """The fields of a run that a gateway is judged by; whole runs of a thousand take noticeable time."""

    gateway_id: int
    kind: str
    state: str
    error_text: str
    started_on: datetime
    finished_on: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    state: State
    #: A sentence.
    reason: str
    #: When AWS was seen, where that tells.
    seen_on: datetime | None = None


def of(gateways: Sequence[ApiGateway], seen: Sequence[Observation | None] | None = None) -> list[Health]:
    """The health of each, in the same order; two queries, or one where what was ``seen`` is given."""
    last = last_runs(gateways)
    found = observation.last_briefs(gateways) if seen is None else map(_brief, seen)
    return [
        judge(gateway, last.get(gateway.pk), brief) for gateway, brief in zip(gateways, found, strict=True)
    ]


def tried() -> QuerySet[Run]:
    """The runs, without those that found another plan than the one agreed to, and so left AWS alone."""
    return Run.objects.exclude(error_code=PlanChanged.__name__)


def last_runs(gateways: Sequence[ApiGateway]) -> dict[int, LastRun]:
    """The newest run of each gateway that has one, by its primary key."""
    runs = tried().filter(gateway__in=[gateway.pk for gateway in gateways]).order_by()
    newest = runs.values("gateway").annotate(newest=Max("pk")).values("newest")
    rows = Run.objects.filter(pk__in=newest).values_list(*LastRun._fields)
    return {run.gateway_id: run for run in map(LastRun._make, rows)}


def _brief(seen: Observation | None) -> Brief | None:
    return seen.brief if seen else None


def judge(gateway: ApiGateway, run: LastRun | None, seen: Brief | None) -> Health:
    """By the gateway's newest run, and by what of AWS was seen last."""
    mended = bool(run and seen and not seen.pending and seen.seen_on > run.started_on)
    if run and run.state in BROKEN and not mended:
        return Health(state=State.FAILING, reason=_broken(run))
    if not gateway.deployment_id:
        return Health(state=State.NEVER_APPLIED, reason=_("Nothing is deployed: apply it to AWS."))
    if _applied(gateway, run, seen):
        return Health(state=State.HEALTHY, reason=_("It is applied, and was not changed since."))
    if seen is None or seen.seen_on < gateway.updated_on:
        return Health(state=State.UNKNOWN, reason=_("AWS was not looked at since it was changed."))
    return _as_seen(seen)


def _applied(gateway: ApiGateway, run: LastRun | None, seen: Brief | None) -> bool:
    """The last run has applied the record as it is now, and nobody has looked at AWS since."""
    if run is None or run.kind != Run.Kind.APPLY or run.state != Run.State.DONE or run.finished_on is None:
        return False
    return run.finished_on >= (max(gateway.updated_on, seen.seen_on) if seen else gateway.updated_on)


def _broken(run: LastRun) -> str:
    if run.state == Run.State.INTERRUPTED:
        return _("The last run was cut off: apply again, what is done stays done.")
    return _("The last run failed: %(error)s") % {"error": run.error_text}


def _as_seen(seen: Brief) -> Health:
    if not seen.pending:
        reason = _("AWS had what the record says when it was last seen.")
        return Health(state=State.HEALTHY, reason=reason, seen_on=seen.seen_on)
    number = seen.pending
    reason = ngettext("%d operation is not applied yet.", "%d operations are not applied yet.", number)
    return Health(state=State.NEEDS_APPLY, reason=reason % number, seen_on=seen.seen_on)
