"""How gateways stand in AWS, for pages that must not wait for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from django.utils import timezone
from django.utils.dateparse import parse_datetime

from apigw_ws.aws import history, planner
from apigw_ws.aws.history import DeploymentState
from apigw_ws.aws.spec import Snapshot
from apigw_ws.exceptions import ApigwWsError
from apigw_ws.models import ApiGateway, AuditEvent, Sighting
from apigw_ws.services import audit, endpoints, glances, provisioning, route_facts, sightings
from apigw_ws.services.glances import BUDGET, ROUTES, Glance
from apigw_ws.services.provisioning import Held, Plan
from apigw_ws.services.route_facts import Routes
from apigw_ws.services.specs import spec_for

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """An operation that is not applied, in words. Unlike the operation it holds no secret, so it is kept."""

    sentence: str
    destructive: bool


class Brief(NamedTuple):
    """What a gateway is judged by; whole observations of a thousand take noticeable time."""

    seen_on: datetime
    #: How many operations were not applied.
    pending: int


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

    @property
    def brief(self) -> Brief:
        return Brief(self.seen_on, len(self.pending))


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
    unseen = [gateway for gateway, each in zip(gateways, seen, strict=True) if each.problem]
    before = dict(zip((gateway.pk for gateway in unseen), last_seen(unseen), strict=True))
    return [
        Sight(observation=before[gateway.pk] if each.problem else each.found, problem=each.problem)
        for gateway, each in zip(gateways, seen, strict=True)
    ]


def noted(sight: Sight) -> dict[str, Any]:
    """Return the fields of a ``Sighting`` that tell every process of it; none unless it was seen just now."""
    seen = None if sight.problem else sight.observation
    if seen is None:
        return {}
    return {"seen_on": seen.seen_on, "observation": asdict(seen), "pending": len(seen.pending)}


def last_seen(gateways: Sequence[ApiGateway]) -> list[Observation | None]:
    """How each was when it was last seen, in the same order, without a look at AWS; one query at most.

    By the upkeep, or by a page of this process; what came too late for the page that asked counts, too.
    """
    return [_latest(_sighted(sighting), found) for sighting, found in _known(gateways)]


def last_briefs(gateways: Sequence[ApiGateway]) -> list[Brief | None]:
    """What of ``last_seen`` tells whether each is as it is recorded."""
    return [
        _latest(_sighted_brief(sighting), found.brief if found else None)
        for sighting, found in _known(gateways)
    ]


def _known(gateways: Sequence[ApiGateway]) -> Iterator[tuple[Sighting | None, Observation | None]]:
    """What the upkeep, and what a page of this process has seen last of each."""
    if not gateways:
        return
    sighted, heard = sightings.of(gateways), glances.last_seen(gateways, observed)
    for gateway, each in zip(gateways, heard, strict=True):
        yield sighted.get(gateway.pk), each.found


def _latest(*seen: T | None) -> T | None:
    return max(filter(None, seen), key=attrgetter("seen_on"), default=None)


def _sighted_brief(sighting: Sighting | None) -> Brief | None:
    if sighting is None or sighting.seen_on is None or sighting.pending is None:
        return None
    return Brief(sighting.seen_on, sighting.pending)


def _sighted(sighting: Sighting | None) -> Observation | None:
    """None, too, for what another version of this package has noted otherwise."""
    if sighting is None or sighting.seen_on is None:
        return None
    facts = dict(sighting.observation)
    try:
        facts["seen_on"] = sighting.seen_on
        facts["pending"] = tuple(Pending(**each) for each in facts["pending"])
        facts["deployed_on"] = parse_datetime(str(facts["deployed_on"] or ""))
        return Observation(**facts)
    except (LookupError, TypeError):
        return None


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
    begun = timezone.now()  # what changes meanwhile may not have been seen
    snapshot, domains = provisioning.look(gateway)
    plan = Plan(operations=planner.plan(spec_for(gateway), snapshot, domains))
    live = _live(gateway, snapshot)
    return Observation(
        seen_on=begun,
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
