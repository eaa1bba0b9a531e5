"""What a list of gateways tells of each, in as many queries for a thousand as for one. Does not call AWS."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Count, Max, QuerySet
from django.utils import timezone

from apigw_ws.models import ApiGateway, DeployedSnapshot, Refusal, Run, WebSocketSession
from apigw_ws.services import health, observation
from apigw_ws.services.health import Health
from apigw_ws.services.observation import Observation

#: How far back errors are counted.
RECENT: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployed:
    """The last deployment that we know of."""

    on: datetime
    #: Who made it; empty for a command or task.
    who: str
    #: Made here, and not in AWS's console or by another tool.
    ours: bool = True
    #: The stage serves another one: it was rolled back, or deployed elsewhere since.
    replaced: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    gateway: ApiGateway
    health: Health
    #: Empty: AWS's own configuration decides.
    region: str
    #: Those with evidence of the last ten minutes.
    sessions: int
    deployed: Deployed | None
    #: What of AWS was seen last.
    seen: Observation | None
    #: Events that we refused, and runs that failed, in the last hour.
    refusals: int
    failed_runs: int


def of(gateways: Sequence[ApiGateway]) -> list[Summary]:
    """A summary of each, in the same order; ``account`` is read, so select it."""
    since = timezone.now() - RECENT
    sessions = _count(gateways, WebSocketSession.objects.live())
    refusals = _count(gateways, Refusal.objects.filter(created_on__gte=since))
    failed = _count(gateways, Run.objects.filter(state__in=health.BROKEN, finished_on__gte=since), "gateway")
    deployments = _last_deployments(gateways)
    seen = observation.last_seen(gateways)
    return [
        Summary(
            gateway=gateway,
            health=healthy,
            region=gateway.home_region,
            sessions=sessions.get(gateway.pk, 0),
            deployed=_deployed(gateway, deployments.get(gateway.pk), sight),
            seen=sight,
            refusals=refusals.get(gateway.pk, 0),
            failed_runs=failed.get(gateway.pk, 0),
        )
        for gateway, healthy, sight in zip(gateways, health.of(gateways, seen), seen, strict=True)
    ]


def _count(gateways: Sequence[ApiGateway], rows: QuerySet[Any], field: str = "api_gateway") -> dict[int, int]:
    """How many of the rows each gateway has, by its primary key; those that have none are left out."""
    own = rows.filter(**{f"{field}__in": [gateway.pk for gateway in gateways]}).order_by()
    return dict(own.values_list(field).annotate(Count("pk")))


def _last_deployments(gateways: Sequence[ApiGateway]) -> dict[int, DeployedSnapshot]:
    rows = DeployedSnapshot.objects.filter(gateway__in=[gateway.pk for gateway in gateways]).order_by()
    newest = rows.values("gateway").annotate(newest=Max("pk")).values("newest")
    found = DeployedSnapshot.objects.filter(pk__in=newest).select_related("run__started_by")
    return {row.gateway_id: row for row in found.defer("routes")}


def _deployed(gateway: ApiGateway, row: DeployedSnapshot | None, seen: Observation | None) -> Deployed | None:
    if row is None:
        return Deployed(on=seen.deployed_on, who="", ours=False) if seen and seen.deployed_on else None
    who = str((row.run and row.run.started_by) or "")
    replaced = gateway.deployment_id not in ("", row.deployment_id)
    return Deployed(on=row.deployed_on, who=who, replaced=replaced)
