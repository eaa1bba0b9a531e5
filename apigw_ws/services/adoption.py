"""Adopts an API that was made elsewhere: shows what would be recorded, and records it.

AWS is only read. The first ``provisioning.apply`` afterwards makes the API this gateway's.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from django.db import IntegrityError
from django.utils.translation import gettext as _

from apigw_ws.aws import catalogue, planner
from apigw_ws.aws.catalogue import Inventory
from apigw_ws.aws.client import client
from apigw_ws.aws.operations import Operation
from apigw_ws.aws.spec import DOMAIN_TAG, StageState, digest
from apigw_ws.exceptions import (
    ApigwWsError,
    ConfigurationError,
    NotProvisioned,
    OwnershipConflict,
    PlanChanged,
)
from apigw_ws.models import ApiGateway, AuditEvent
from apigw_ws.services import (
    audit,
    candidates,
    differences,
    domain_differences,  # noqa: F401  (it registers itself, as route_differences does)
    drafts,
    endpoints,
    foreign,
    leftovers,
    route_differences,  # noqa: F401
)
from apigw_ws.services.candidates import Candidate
from apigw_ws.services.differences import Difference, There
from apigw_ws.services.drafts import Draft
from apigw_ws.services.provisioning import Plan
from apigw_ws.services.recorded import Value, values
from apigw_ws.services.specs import spec_for

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser

#: Attempts for each call, with pauses: an account with many domains comes close to its rate limit.
ATTEMPTS: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """An operation of the first apply, described without secrets."""

    sentence: str
    #: Whether clients lose something that works now, or their events go to another URL.
    destructive: bool
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """An API in AWS, and the chosen one of its stages."""

    inventory: Inventory
    #: None if the API has none.
    stage: StageState | None
    region: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What would be recorded of an API, what the first apply would change in AWS, and what it would not."""

    candidate: Candidate
    draft: Draft
    stage_name: str
    #: The API's stages, to choose from.
    stages: tuple[str, ...]
    values: tuple[Value, ...]
    changes: tuple[Change, ...]
    #: A sentence for each thing that is left alone.
    left: tuple[str, ...]
    #: Routes whose events Django refuses until the first apply, because they do not name their connection.
    nameless: tuple[str, ...]
    #: Sentences that say why it cannot be adopted as it is; none if it can.
    refusals: tuple[str, ...]
    #: Why the changes are unknown.
    unplanned: ConfigurationError | None = None

    @property
    def digest(self) -> str:
        """Identifies what was shown, so that ``adopt`` records that and nothing else."""
        shown = [value.value for value in self.values]
        return digest([shown, [change.sentence for change in self.changes], str(self.draft.gateway.uid)])


def preview(place: ApiGateway, api_id: str, *, stage_name: str = "", name: str = "") -> Preview:
    """Return what adopting the API with this stage would record and change; see ``look`` and ``weigh``."""
    return weigh(place, look(place, api_id, stage_name), name)


def look(place: ApiGateway, api_id: str, stage_name: str = "") -> Found:
    """Read the API in the account and region of ``place``, an unsaved gateway; the database is not read.

    Without ``stage_name`` the stage is the one that a custom domain leads to, else the first that is
    deployed. Raises NotProvisioned if there is no such stage, AwsError (404: no such API) and
    ConfigurationError.
    """
    # First with the caller's own time limit, so that an unreachable AWS is noticed soon.
    item = catalogue.described(endpoints.control_client(place), api_id)
    control = client("apigatewayv2", replace(endpoints.config_for(place), attempts=ATTEMPTS))
    inventory = catalogue.inventory(control, partial(endpoints.dns_client, place), item)
    stage = _stage(inventory, stage_name)
    served = replace(inventory, snapshot=catalogue.served(control, inventory.snapshot, stage))
    return Found(inventory=served, stage=stage, region=control.meta.region_name)


def weigh(place: ApiGateway, found: Found, name: str = "") -> Preview:
    """Return what adopting it would record and change; does not call AWS.

    Without ``name`` the gateway gets the API's. Raises OwnershipConflict if the API's tag names
    nobody.
    """
    inventory, stage = found.inventory, found.stage
    (candidate,) = candidates.of([inventory.api])
    draft = foreign.draft(place, found.region, inventory, stage, name)
    refusals = () if candidate.gateway else _refusals(inventory, draft)
    made = Preview(
        candidate=candidate,
        draft=draft,
        stage_name=draft.gateway.stage_name,
        stages=tuple(each.name for each in inventory.snapshot.stages),
        values=tuple(values(draft, inventory)),
        changes=(),
        left=tuple(leftovers.left_alone(inventory, stage, draft)),
        nameless=leftovers.nameless(inventory, draft),
        refusals=refusals,
    )
    return made if candidate.gateway or refusals else _planned(made, inventory)


def _refusals(inventory: Inventory, draft: Draft) -> tuple[str, ...]:
    return (*leftovers.in_the_way(inventory), *foreign.problems(draft.gateway))


def adopt(
    place: ApiGateway,
    api_id: str,
    *,
    stage_name: str = "",
    name: str = "",
    take_back: bool = False,
    seen: str | None = None,
    by: AbstractBaseUser | None = None,
    ip: str | None = None,
) -> ApiGateway:
    """Record the API as ``preview`` shows it, and return the gateway. AWS is only read.

    ``seen`` is the preview's digest: PlanChanged is raised if that has changed. An API that another
    project's tag is on needs ``take_back``. Raises OwnershipConflict if it is a gateway's already, or is
    not to be taken back; ApigwWsError if it cannot be adopted; and as ``preview`` does.
    """
    found = preview(place, api_id, stage_name=stage_name, name=name)
    gateway = found.draft.gateway
    with audit.recorded(AuditEvent.Verb.ADOPT, gateway, by=by, ip=ip) as outcome:
        _check(found, take_back, seen)
        try:
            drafts.save(found.draft)
        except IntegrityError as error:
            raise OwnershipConflict(
                _("Somebody else has adopted “%(name)s” at this moment, or has used its name.")
                % {"name": gateway.api_name}
            ) from error
        outcome.after = _facts(found)
    return gateway


def _check(found: Preview, take_back: bool, seen: str | None) -> None:
    candidate = found.candidate
    if candidate.gateway:
        raise OwnershipConflict(
            _("The API %(id)s is the gateway “%(gateway)s” already.")
            % {"id": candidate.api_id, "gateway": candidate.gateway}
        )
    if found.refusals:
        raise ApigwWsError(" ".join(found.refusals))
    if candidate.owner and not take_back:
        raise OwnershipConflict(
            _("The API %(id)s carries the tag of another project's gateway. Say that you take it back.")
            % {"id": candidate.api_id}
        )
    if seen is not None and seen != found.digest:
        raise PlanChanged(_("The API has changed in AWS since this was shown. Look again."))


def _facts(found: Preview) -> dict[str, Any]:
    gateway = found.draft.gateway
    names = ("api_id", "region", "stage_name", "target_base_endpoint", "domain_name")
    routes = [route.route_key for route in found.draft.routes]
    return {**{name: getattr(gateway, name) for name in names}, "routes": routes}


def _stage(found: Inventory, name: str) -> StageState | None:
    """The stage of that name; without a name, the likeliest, or None if the API has none."""
    stages = found.snapshot.stages
    if name:
        if stage := found.snapshot.stage(name):
            return stage
        there = ", ".join(stage.name for stage in stages) or _("none")
        raise NotProvisioned(
            _("The API has no stage “%(name)s”. Its stages: %(there)s.") % {"name": name, "there": there}
        )
    led = {state.root.stage for state in found.domains if state.root and state.root.api_id == found.api.id}
    return min(stages, key=lambda each: (each.name not in led, not each.deployment_id), default=None)


def _planned(made: Preview, found: Inventory) -> Preview:
    """The preview with what the first apply would do."""
    gateway, routes = made.draft.gateway, made.draft.routes
    try:
        spec = spec_for(gateway, routes)
        has_domain = spec.domain or DOMAIN_TAG in found.snapshot.tags  # as provisioning.read_domains has it
        plan = Plan(operations=planner.plan(spec, found.snapshot, found.domains if has_domain else None))
    except ConfigurationError as problem:
        return replace(made, unplanned=problem)
    keys = frozenset(route.route_key for route in routes)
    there = There(gateway=gateway, snapshot=found.snapshot, additional=keys, domains=found.domains)
    gateway.adopting = bool(plan.operations)
    return replace(made, changes=tuple(_change(operation, there) for operation in plan.operations))


def _change(operation: Operation, there: There) -> Change:
    found = tuple(differences.of(operation, there))
    moved = any(difference.key.endswith(".url") for difference in found)
    return Change(
        sentence=operation.describe(), destructive=operation.destructive or moved, differences=found
    )
