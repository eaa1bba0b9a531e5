"""Lists what was deployed, when and by whom, and rolls back to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from django.db.models import prefetch_related_objects
from django.utils.translation import gettext as _

from apigw_ws.aws import history
from apigw_ws.aws.history import DeploymentState, PointStage
from apigw_ws.aws.spec import Snapshot, StageState, digest
from apigw_ws.exceptions import NotProvisioned, PlanChanged, SecretOutdated
from apigw_ws.models import ApiGateway, AuditEvent, DeployedSnapshot, Run, Step
from apigw_ws.services import audit, endpoints, provisioning, route_facts, runs, secrets
from apigw_ws.services.provisioning import Plan
from apigw_ws.services.route_facts import Routes
from apigw_ws.services.specs import spec_for

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser

#: Facts of a route that are stored as digests.
_DIGESTS: Final = ("headers", "secret")


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteChange:
    """How a route then differs from the live one; None where there is none."""

    key: str
    live: Mapping[str, Any] | None
    then: Mapping[str, Any] | None

    def describe(self) -> str:
        if self.live is None or self.then is None:
            sentence = (
                _("The route “%(key)s” goes.") if self.then is None else _("The route “%(key)s” comes.")
            )
            return sentence % {"key": self.key}
        names = [name for name in sorted(self.then) if self.then[name] != self.live.get(name)]
        shown = (name if name in _DIGESTS else f"{name} {self.then[name]}" for name in names)
        return _("The route “%(key)s” changes: %(fields)s.") % {"key": self.key, "fields": ", ".join(shown)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """A deployment in AWS, with what we know about it."""

    id: str
    created_on: datetime
    description: str
    status: str
    live: bool
    #: Made here, and not in AWS's console or by another tool.
    ours: bool
    #: Who deployed it; empty if we do not know.
    who: str
    #: What going back to it changes in the routes; None: unknown, because it or the live one was deployed
    #: elsewhere.
    changes: tuple[RouteChange, ...] | None


def remember(gateway: ApiGateway, run: Run) -> None:
    """Store what the run has just made live, because AWS does not say what a deployment holds."""
    spec = spec_for(gateway)
    DeployedSnapshot.objects.update_or_create(
        gateway=gateway,
        deployment_id=gateway.deployment_id,
        defaults={
            "digest": spec.digest,
            "routes": route_facts.wanted(spec),
            "secret_version": gateway.secret_version,
            "run": run,
        },
    )


def listing(gateway: ApiGateway) -> list[Deployment]:
    """Return the gateway's deployments, the newest first; none before it is made. Raises as ``read`` does."""
    snapshot = provisioning.read(gateway)
    if snapshot is None:
        return []
    stage = snapshot.stage(gateway.stage_name)
    known = _Known(gateway)
    states = history.deployments(endpoints.control_client(gateway), snapshot.api_id)
    live = next((state for state in states if stage and state.id == stage.deployment_id), None)
    return [known.deployment(state, live) for state in sorted(states, key=known.age, reverse=True)]


def preview(gateway: ApiGateway, deployment_id: str) -> Plan:
    """Return what ``rollback`` would do now: nothing if the deployment is live already.

    Raises NotProvisioned if there is no stage or the deployment did not succeed, SecretOutdated if
    Django would refuse its events, AwsError (404) where there is no such deployment, OwnershipConflict and
    ConfigurationError.
    """
    snapshot, stage = _there(gateway)
    client = endpoints.control_client(gateway)
    state = history.deployment(client, snapshot.api_id, deployment_id)
    if state.status != "DEPLOYED":
        raise NotProvisioned(
            _("The deployment %(id)s is %(status)s and cannot be served. Choose another.")
            % {"id": deployment_id, "status": state.status}
        )
    if stage.deployment_id == deployment_id:
        return Plan(operations=())
    _check_secret(gateway, state)
    operation = PointStage(
        stage_name=stage.name,
        deployment_id=deployment_id,
        replaces=stage.deployment_id,
        created_on=state.created_on.astimezone(UTC).isoformat(),
        auto_deploy=stage.auto_deploy,
    )
    return Plan(operations=(operation,))


def rollback(
    gateway: ApiGateway,
    deployment_id: str,
    *,
    by: AbstractBaseUser | None = None,
    ip: str | None = None,
    seen: str | None = None,
    on_step: Callable[[Step], None] | None = None,
) -> Run:
    """Make the stage serve an earlier deployment, and return the run; the record's routes stay as they are.

    The next plan therefore deploys them again; see ``pending``. ``seen`` and ``on_step`` are as in
    ``provisioning.apply``; raises as it and ``preview`` do.
    """
    before, after = {"deployment_id": gateway.deployment_id}, {"deployment_id": deployment_id}
    with (
        audit.recorded(AuditEvent.Verb.ROLLBACK, gateway, by=by, ip=ip, before=before) as outcome,
        runs.running(gateway, by, Run.Kind.ROLLBACK, deployment_id=deployment_id) as run,
    ):
        outcome.run, outcome.after = run, after
        plan = preview(gateway, deployment_id)
        if seen is not None and seen != plan.digest:
            raise PlanChanged(_("Another deployment has become live since. Look at the list again."))
        runs.planned(run, len(plan.operations))
        provisioning.execute(gateway, run, plan, on_step)
        provisioning.remember(gateway, provisioning.read(gateway))
    return run


def rolled_back(gateway: ApiGateway) -> DeployedSnapshot | None:
    """Return our newest deployment, if the gateway was rolled back from it, else None. Does not call AWS.

    A gateway whose record was changed to what is live no longer counts as rolled back.
    """
    newest = gateway.deployed_snapshots.first()
    if newest is None or gateway.deployment_id in ("", newest.deployment_id):
        return None
    live = gateway.deployed_snapshots.filter(deployment_id=gateway.deployment_id).first()
    return None if live and live.digest == spec_for(gateway).digest else newest


def pending(gateway: ApiGateway) -> tuple[RouteChange, ...] | None:
    """Return what deploying would change in the live routes; None if those are unknown. Does not call AWS."""
    live = gateway.deployed_snapshots.filter(deployment_id=gateway.deployment_id).first()
    return _changes(live.routes, route_facts.wanted(spec_for(gateway))) if live else None


class _Known:
    """What we have stored of a gateway's deployments."""

    def __init__(self, gateway: ApiGateway) -> None:
        rows = list(gateway.deployed_snapshots.all())
        prefetch_related_objects(rows, "run__started_by")
        self.by_id = {row.deployment_id: row for row in rows}
        spec = spec_for(gateway)
        # A run that was cut off after deploying stored nothing, but equal digests mean equal routes.
        self.by_digest: dict[str, Routes] = {row.digest: row.routes for row in rows}
        self.by_digest[spec.digest] = route_facts.wanted(spec)

    def age(self, state: DeploymentState) -> tuple[datetime, int]:
        """AWS's times are in whole seconds."""
        row = self.by_id.get(state.id)
        return state.created_on, row.pk if row else 0

    def routes(self, state: DeploymentState | None) -> Routes | None:
        if state is None:
            return None
        row = self.by_id.get(state.id)
        return row.routes if row else self.by_digest.get(state.digest)

    def deployment(self, state: DeploymentState, live: DeploymentState | None) -> Deployment:
        row = self.by_id.get(state.id)
        now, then = self.routes(live), self.routes(state)
        return Deployment(
            id=state.id,
            created_on=state.created_on,
            description=state.description,
            status=state.status,
            live=state is live,
            ours=bool(state.digest),
            who=str((row and row.run and row.run.started_by) or ""),
            changes=None if now is None or then is None else _changes(now, then),
        )


def _check_secret(gateway: ApiGateway, state: DeploymentState) -> None:
    if secrets.needed(gateway) and not _may_prove_itself(gateway, state):
        raise SecretOutdated(
            _(
                "That deployment sends a secret that is no longer accepted: Django would refuse every event. "
                "To bring its routes back, change the record and apply it."
            )
        )


def _may_prove_itself(gateway: ApiGateway, state: DeploymentState) -> bool:
    """An unknown deployment may, unless it is older than all of ours, as in an API that
    was adopted."""
    routes = _Known(gateway).routes(state)
    if routes is None:
        ours = [row.deployed_on for row in gateway.deployed_snapshots.all()]
        return not ours or state.created_on >= min(ours)
    accepted = {digest(secret) for _version, secret in secrets.accepted(gateway)}
    return all(route["secret"] in accepted for route in routes.values())


def _there(gateway: ApiGateway) -> tuple[Snapshot, StageState]:
    snapshot = provisioning.read(gateway)
    stage = snapshot.stage(gateway.stage_name) if snapshot else None
    if snapshot is None or stage is None:
        raise NotProvisioned(
            _("The gateway “%(gateway)s” is not deployed in AWS yet. Apply its plan first.")
            % {"gateway": gateway}
        )
    return snapshot, stage


def _changes(live: Routes, then: Routes) -> tuple[RouteChange, ...]:
    keys = sorted({*live, *then})
    return tuple(
        RouteChange(key=key, live=live.get(key), then=then.get(key))
        for key in keys
        if live.get(key) != then.get(key)
    )
