"""Marks of what was done to a gateway, for the time axis of its charts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from django.utils.translation import gettext as _

from apigw_ws.models import ApiGateway, AuditEvent, DeployedSnapshot, Run

#: More would only hide the chart.
MOST: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    happened_on: datetime
    kind: Literal["deployment", "rollback", "failure"]
    sentence: str


def marks(gateway: ApiGateway, since: datetime) -> list[Mark]:
    """Return our deployments, rollbacks and failed runs since then: ``MOST`` at most, the newest first."""
    found = [*_deployments(gateway, since), *_rollbacks(gateway, since), *_failures(gateway, since)]
    return sorted(found, key=lambda mark: mark.happened_on, reverse=True)[:MOST]


def _deployments(gateway: ApiGateway, since: datetime) -> list[Mark]:
    snapshots = DeployedSnapshot.objects.filter(gateway=gateway, deployed_on__gte=since)
    return [
        Mark(
            happened_on=each.deployed_on,
            kind="deployment",
            sentence=_("Deployment %(id)s, %(who)s") % {"id": each.deployment_id, "who": _who(each.run)},
        )
        for each in snapshots.select_related("run__started_by").order_by("-deployed_on")[:MOST]
    ]


def _rollbacks(gateway: ApiGateway, since: datetime) -> list[Mark]:
    done = {"verb": AuditEvent.Verb.ROLLBACK, "result": AuditEvent.Result.DONE}
    events = AuditEvent.objects.filter(gateway=gateway, happened_on__gte=since, **done)
    return [
        Mark(
            happened_on=each.happened_on,
            kind="rollback",
            sentence=_("Rolled back, by %(who)s") % {"who": each.who or _("a command or task")},
        )
        for each in events.order_by("-happened_on")[:MOST]
    ]


def _failures(gateway: ApiGateway, since: datetime) -> list[Mark]:
    states = (Run.State.FAILED, Run.State.INTERRUPTED)
    runs = Run.objects.filter(gateway=gateway, state__in=states, finished_on__gte=since)
    return [
        Mark(
            happened_on=each.finished_on,
            kind="failure",
            sentence=_("A run failed, %(who)s: %(why)s")
            % {"who": _who(each), "why": each.error_code or each.get_state_display()},
        )
        for each in runs.select_related("started_by").order_by("-finished_on")[:MOST]
        if each.finished_on
    ]


def _who(run: Any) -> str:
    user = run.started_by if run else None
    return _("by %(who)s") % {"who": user} if user else _("by a command or task")
