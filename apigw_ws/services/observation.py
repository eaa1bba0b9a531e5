"""How gateways stand in AWS, for pages that must not wait for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from django.utils import timezone

from apigw_ws.aws import history, planner
from apigw_ws.aws.history import DeploymentState
from apigw_ws.aws.spec import Snapshot
from apigw_ws.exceptions import ApigwWsError
from apigw_ws.models import ApiGateway, AuditEvent
from apigw_ws.services import audit, endpoints, glances, provisioning, route_facts
from apigw_ws.services.glances import BUDGET, ROUTES, Glance
from apigw_ws.services.provisioning import Held, Plan
from apigw_ws.services.route_facts import Routes
from apigw_ws.services.specs import spec_for

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """An operation that is not applied, in words. Unlike the operation it holds no secret, so it is kept."""

    sentence: str
    destructive: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """A gateway in AWS at one moment."""

    seen_on: datetime
    pending: tuple[Pending, ...]
    #: Names the plan, for ``provisioning.apply``.
    digest: str
    #: The live deployment; empty when there is none.
    deployment_id: str
    deployed_on: datetime | None
    #: The digest of the live deployment; empty when it is none of ours.
    live_digest: str = ""
    #: What our routes do, deployed or not.
    routes: Routes = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What is known of a gateway: without a problem it is so now, with one it was when it was last seen."""

    observation: Observation | None = None
    problem: ApigwWsError | None = None


def observe(gateways: Sequence[ApiGateway], *, budget: float | None = None) -> list[Sight]:
    """Look at all gateways at once, for at most ``budget`` seconds; one sight for each, in the same order.

    It never raises what AWS or a gateway's record does: that is the sight's problem.
    """
    seen = glances.glances(gateways, observed, keep=True, load=[ROUTES], budget=budget)
    return [Sight(observation=each.found, problem=each.problem) for each in seen]


def last_seen(gateways: Sequence[ApiGateway]) -> list[Observation | None]:
    """How each was when it was last seen, in the same order, without a look at AWS."""
    return [each.found for each in glances.last_seen(gateways, observed)]


def refresh(
    gateways: Sequence[ApiGateway],
    *,
    by: AbstractBaseUser | None = None,
    ip: str | None = None,
    budget: float = 5 * BUDGET,
) -> list[ApigwWsError | None]:
    """Write down what AWS holds of all gateways and their routes; what went wrong for each, in their order.

    A gateway of which nothing could be read in ``budget`` seconds stays as it was recorded.
    """
    seen = glances.glances(gateways, provisioning.look, load=[ROUTES], budget=budget)
    return [_refreshed(gateway, found, by, ip) for gateway, found in zip(gateways, seen, strict=True)]


def _refreshed(
    gateway: ApiGateway, seen: Glance[Held], by: AbstractBaseUser | None, ip: str | None
) -> ApigwWsError | None:
    try:
        with audit.recorded(AuditEvent.Verb.SYNC, gateway, by=by, ip=ip, before=_facts(gateway)) as outcome:
            if seen.found is None:
                raise seen.problem or ApigwWsError()
            provisioning.remember(gateway, *seen.found)
            outcome.after = _facts(gateway)
    except ApigwWsError as problem:
        return problem
    return None


def _facts(gateway: ApiGateway) -> dict[str, str]:
    return {name: getattr(gateway, name) for name in ("api_id", "deployment_id", "live_domain_name")}


def observed(gateway: ApiGateway) -> Observation:
    """How it is in AWS now, for ``glances``. Raises AwsError, OwnershipConflict and ConfigurationError."""
    snapshot, domains = provisioning.look(gateway)
    plan = Plan(operations=planner.plan(spec_for(gateway), snapshot, domains))
    live = _live(gateway, snapshot)
    return Observation(
        seen_on=timezone.now(),
        pending=tuple(
            Pending(sentence=operation.describe(), destructive=operation.destructive)
            for operation in plan.operations
        ),
        digest=plan.digest,
        deployment_id=live.id if live else "",
        deployed_on=live.created_on if live else None,
        live_digest=snapshot.live_digest if snapshot else "",
        routes=route_facts.held(snapshot) if snapshot else {},
    )


def _live(gateway: ApiGateway, snapshot: Snapshot | None) -> DeploymentState | None:
    stage = snapshot.stage(gateway.stage_name) if snapshot else None
    if snapshot is None or stage is None or not stage.deployment_id:
        return None
    return history.deployment(endpoints.control_client(gateway), snapshot.api_id, stage.deployment_id)
