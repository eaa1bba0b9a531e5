"""Tears a gateway down: shows what would be removed from AWS and what would stay, and removes it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from apigw_ws.aws import domains, removal
from apigw_ws.aws.domain_spec import DomainSpec, DomainState
from apigw_ws.aws.spec import DOMAIN_TAG, OWNER_TAG, Snapshot
from apigw_ws.exceptions import NotConfirmed, OwnershipConflict, PlanChanged
from apigw_ws.models import ApiGateway, AuditEvent, Run, Step
from apigw_ws.services import audit, endpoints, provisioning, runs, sessions
from apigw_ws.services.provisioning import Plan

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal(Plan):
    """What is removed from AWS, in this order, and what stays."""

    #: A sentence for each thing that stays: log groups, and domains that also lead elsewhere.
    staying: tuple[str, ...]


def preview(gateway: ApiGateway) -> Removal:
    """Return what ``run`` would remove now; all of it stays in AWS if only the record is deleted.

    Raises OwnershipConflict if the API is not ours, AwsError and ConfigurationError.
    """
    snapshot = provisioning.read(gateway)
    if gateway.adopting and snapshot and OWNER_TAG not in snapshot.tags:
        raise OwnershipConflict(
            _(
                "The API %(id)s was made elsewhere and is not this gateway's yet. Apply the gateway first, "
                "or delete the record alone, which leaves AWS as it is."
            )
            % {"id": gateway.api_id}
        )
    states = _domains(gateway, snapshot)
    whose = {"uid": str(gateway.uid), "api_id": snapshot.api_id if snapshot else gateway.api_id}
    return Removal(
        operations=removal.plan(snapshot, states, **whose),
        staying=removal.remains(snapshot, states, **whose),
    )


def run(
    gateway: ApiGateway,
    *,
    confirmed_name: str,
    by: AbstractBaseUser | None = None,
    ip: str | None = None,
    seen: str | None = None,
    delete_record: bool = False,
    on_step: Callable[[Step], None] | None = None,
) -> Run:
    """Remove what is ours of the gateway from AWS, close its sessions, and return the run.

    The record is deleted, or kept to be applied again. ``confirmed_name`` is the gateway's name as
    somebody typed it; NotConfirmed is raised if it is wrong. ``seen``, ``on_step`` and other errors are as in
    ``provisioning.apply``. What was removed before an error stays removed; run it again to go on.
    """
    if confirmed_name != gateway.api_name:
        raise NotConfirmed(
            _("To tear down the gateway, type its name: “%(name)s”.") % {"name": gateway.api_name}
        )
    with (
        audit.recorded(AuditEvent.Verb.TEARDOWN, gateway, by=by, ip=ip, before=_facts(gateway)) as outcome,
        runs.running(gateway, by, Run.Kind.TEARDOWN) as run,
    ):
        outcome.run = run
        plan = preview(gateway)
        if seen is not None and seen != plan.digest:
            raise PlanChanged(_("AWS has changed since the list was shown. Look at the new one."))
        runs.planned(run, len(plan.operations))
        provisioning.execute(gateway, run, plan, on_step)
        _forget(gateway)
        outcome.after = {"record": "deleted" if delete_record else "kept"}
    if delete_record:
        gateway.delete()
    return run


def delete_record(gateway: ApiGateway, *, by: AbstractBaseUser | None = None, ip: str | None = None) -> None:
    """Delete the record with its runs; what is in AWS stays as it is. Raises RunInProgress."""
    with audit.recorded(AuditEvent.Verb.DELETE, gateway, by=by, ip=ip, before=_facts(gateway)):
        if run := runs.active(gateway):
            raise runs.in_progress(run)
        gateway.delete()


def _facts(gateway: ApiGateway) -> dict[str, Any]:
    names = ("api_id", "stage_name", "deployment_id", "domain_name")
    return {name: getattr(gateway, name) for name in names}


def _domains(gateway: ApiGateway, snapshot: Snapshot | None) -> tuple[DomainState, ...]:
    """The domains of the gateway, and the one on its record even if somebody else made it: while it leads
    to the API, AWS keeps the API."""
    if not gateway.domain_name and not (snapshot and DOMAIN_TAG in snapshot.tags):
        return ()
    named = DomainSpec(name=gateway.domain_name, certificate_arn="") if gateway.domain_name else None
    return domains.read(
        endpoints.control_client(gateway),
        partial(endpoints.dns_client, gateway),
        uid=str(gateway.uid),
        wanted=named,
    )


def _forget(gateway: ApiGateway) -> None:
    """Clear everything on the record that refers to AWS."""
    sessions.close_of_gateway(gateway, reason=gettext_noop("Gateway torn down"))
    provisioning.remember(gateway, None, ())
    gateway.retiring_secret_version = None
    gateway.save(update_fields=["retiring_secret_version"])
    gateway.deployed_snapshots.all().delete()
