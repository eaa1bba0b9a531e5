"""Makes AWS match a gateway's record, after showing what that would do."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from django.utils import timezone
from django.utils.translation import gettext as _

from apigw_ws.aws import domains as aws_domains
from apigw_ws.aws import executor, planner, reader
from apigw_ws.aws.calls import Calls, patiently
from apigw_ws.aws.domain_spec import DomainState
from apigw_ws.aws.operations import CreateApi, Deploy, Operation, RemoveStage
from apigw_ws.aws.spec import DOMAIN_TAG, Snapshot, StageState, digest
from apigw_ws.exceptions import ApigwWsError, PlanChanged
from apigw_ws.models import ApiGateway, ApiGatewayAdditionalRoute, AuditEvent, Run, Step
from apigw_ws.services import audit, endpoints, runs, sessions
from apigw_ws.services.specs import spec_for
from apigw_ws.signals import deployed

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser

_FROM_AWS: Final = (
    "api_id",
    "api_endpoint",
    "api_created",
    "deployment_id",
    "live_secret_version",
    "secret_rotated_on",
    "live_stage_name",
    "updated_on",
)
_DOMAIN_FROM_AWS: Final = (
    "api_gateway_domain_name",
    "api_mapping_id",
    "custom_domain_created",
    "live_domain_name",
    "updated_on",
)

#: Seconds that AWS may take for an answer after a call has failed.
GRACE: Final = 2
#: What AWS holds of a gateway, and of its domains; the latter is None if it never had any.
Held = tuple[Snapshot | None, tuple[DomainState, ...] | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The operations to perform in AWS, in order."""

    operations: tuple[Operation, ...]

    @property
    def digest(self) -> str:
        """Identifies the plan, so that ``apply`` does what was shown and nothing else."""
        return digest([[type(operation).__name__, asdict(operation)] for operation in self.operations])


def preview(gateway: ApiGateway) -> Plan:
    """Return what ``apply`` would do now. Raises AwsError, OwnershipConflict and ConfigurationError."""
    return Plan(operations=planner.plan(spec_for(gateway), *look(gateway)))


def apply(
    gateway: ApiGateway,
    *,
    by: AbstractBaseUser | None = None,
    ip: str | None = None,
    seen: str | None = None,
    on_step: Callable[[Step], None] | None = None,
) -> Run:
    """Make AWS match the gateway's record, and return the run; the record is updated with AWS's answers.

    ``seen`` is the digest of the plan that somebody agreed to: PlanChanged is raised, and nothing done, if
    it is no longer the plan. ``on_step`` is called after each operation. Raises RunInProgress, AwsError,
    OwnershipConflict, ConfigurationError. What was done before an error stays; apply again to go on.
    """
    with (
        audit.recorded(AuditEvent.Verb.APPLY, gateway, by=by, ip=ip) as outcome,
        runs.running(gateway, by) as run,
    ):
        outcome.run = run
        plan = _apply(gateway, run, seen, on_step)
        outcome.after = {"operations": run.planned, "deployment_id": gateway.deployment_id}
    if any(isinstance(operation, Deploy) for operation in plan.operations):
        deployed.send_robust(ApiGateway, gateway=gateway, run=run)
    return run


def _apply(gateway: ApiGateway, run: Run, seen: str | None, on_step: Callable[[Step], None] | None) -> Plan:
    held = partial(patiently, partial(look, gateway), partial(runs.waiting, run))
    snapshot, domains = held()
    remember(gateway, snapshot, domains)
    plan = Plan(operations=planner.plan(spec_for(gateway), snapshot, domains))
    if seen is not None and seen != plan.digest:
        raise PlanChanged(_("AWS or the gateway has changed since the plan was shown. Look at the new plan."))
    runs.planned(run, len(plan.operations))
    execute(gateway, run, plan, on_step)
    if plan.operations:
        remember(gateway, *held())
    if gateway.adopting:
        _adopted(gateway)
    return plan


def execute(gateway: ApiGateway, run: Run, plan: Plan, on_step: Callable[[Step], None] | None) -> None:
    """Perform the plan under ``run``, one step for each operation, and stop at the first that fails."""
    calls = Calls(
        endpoints.control_client(gateway),
        gateway.api_id,
        gateway.api_endpoint,
        dns=partial(endpoints.dns_client, gateway),
        on_pause=partial(runs.waiting, run),
    )
    performed = executor.run(plan.operations, calls)
    for position, operation in enumerate(plan.operations, 1):
        started_on = runs.beat(run)
        try:
            done = next(performed)
        except Exception as error:
            runs.failed(run, position, operation, started_on, error)
            _look_again(gateway)
            raise
        if isinstance(operation, CreateApi):  # its first $connect has to find the gateway
            gateway.api_id, gateway.api_endpoint, gateway.api_created = calls.api_id, calls.endpoint, True
            gateway.save(update_fields=["api_id", "api_endpoint", "api_created", "updated_on"])
        if isinstance(operation, RemoveStage):
            sessions.close_of_stage(gateway, operation.name)
        step = runs.succeeded(run, position, done, started_on)
        if on_step is not None:
            on_step(step)


def read(gateway: ApiGateway) -> Snapshot | None:
    """Return what AWS holds of the gateway. Raises AwsError, OwnershipConflict and ConfigurationError."""
    return reader.read(
        endpoints.control_client(gateway),
        uid=str(gateway.uid),
        stage_name=gateway.stage_name,
        api_id=gateway.api_id,
        adopting=gateway.adopting,
    )


def read_domains(gateway: ApiGateway, snapshot: Snapshot | None) -> tuple[DomainState, ...] | None:
    """Return what AWS holds of the gateway's custom domain and earlier ones; None if it never had any.

    A gateway without a domain therefore needs no permission to list them. Raises as ``read``.
    """
    wanted = spec_for(gateway).domain
    if wanted is None and not (snapshot and DOMAIN_TAG in snapshot.tags):
        return None
    return aws_domains.read(
        endpoints.control_client(gateway),
        partial(endpoints.dns_client, gateway),
        uid=str(gateway.uid),
        wanted=wanted,
    )


def look(gateway: ApiGateway) -> Held:
    """Return what AWS holds of the gateway and of its domains. Raises as ``read``."""
    snapshot = read(gateway)
    return snapshot, read_domains(gateway, snapshot)


def remember(
    gateway: ApiGateway, snapshot: Snapshot | None, domains: tuple[DomainState, ...] | None = None
) -> None:
    """Store what AWS holds of the gateway and its routes, and of its domain unless that is None."""
    stage = _live_stage(gateway, snapshot) if snapshot else None
    gateway.api_id = snapshot.api_id if snapshot else ""
    gateway.api_endpoint = snapshot.endpoint if snapshot else ""
    gateway.api_created = snapshot is not None
    gateway.deployment_id = stage.deployment_id if stage else ""
    live = bool(snapshot and snapshot.live_digest == spec_for(gateway).digest)
    _remember_secret(gateway, snapshot, live)
    gateway.live_stage_name = stage.name if stage else ""
    gateway.save(update_fields=_FROM_AWS)
    if domains is not None:
        _remember_domain(gateway, domains)
    routes = list(gateway.additional_routes.all())
    for route in routes:
        state = snapshot.route(route.route_key) if snapshot else None
        route.route_id = state.id if state else ""
        route.integration_id = state.integration.id if state and state.integration else ""
        route.deployed = live and state is not None
    ApiGatewayAdditionalRoute.objects.bulk_update(routes, ["route_id", "integration_id", "deployed"])


def _look_again(gateway: ApiGateway) -> None:
    """A call may have taken effect though its answer was lost: record that, if AWS answers at once."""
    with suppress(ApigwWsError), endpoints.quickly(GRACE):
        remember(gateway, *look(gateway))


def _adopted(gateway: ApiGateway) -> None:
    """Everything has our mark by now, so what others make in AWS from here on is not taken over."""
    gateway.adopting = False
    gateway.save(update_fields=["adopting", "updated_on"])


def _live_stage(gateway: ApiGateway, snapshot: Snapshot) -> StageState | None:
    """The stage that serves clients; it has its earlier name until the new one is deployed."""
    stages = (snapshot.stage(name) for name in (gateway.stage_name, gateway.live_stage_name))
    return next((stage for stage in stages if stage and stage.deployment_id), None)


def _remember_secret(gateway: ApiGateway, snapshot: Snapshot | None, live: bool) -> None:
    """What a foreign deployment sends is unknown, so then the version stays as it was."""
    version = gateway.secret_version if live else None
    if snapshot and not live:
        earlier = gateway.deployed_snapshots.filter(digest=snapshot.live_digest).first()
        version = earlier.secret_version if earlier else gateway.live_secret_version
    if version != gateway.live_secret_version:
        gateway.live_secret_version = version
        gateway.secret_rotated_on = None if version is None else timezone.now()


def _remember_domain(gateway: ApiGateway, domains: tuple[DomainState, ...]) -> None:
    state = next((state for state in domains if state.name == gateway.domain_name), DomainState(name=""))
    gateway.api_gateway_domain_name = state.target
    gateway.api_mapping_id = state.root.id if state.root and state.root.api_id == gateway.api_id else ""
    gateway.custom_domain_created = bool(state.target)
    gateway.live_domain_name = gateway.domain_name if gateway.api_mapping_id else ""
    gateway.save(update_fields=_DOMAIN_FROM_AWS)
