"""Compares AWS with a gateway's record, and takes AWS's side of a difference or keeps ours.

Keeping ours means applying the plan: every difference is one that the plan would remove.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _

from apigw_ws.aws import planner
from apigw_ws.exceptions import ApigwWsError, PlanChanged
from apigw_ws.models import ApiGateway, ApiGatewayAdditionalRoute, AuditEvent
from apigw_ws.services import (
    audit,
    differences,
    domain_differences,  # noqa: F401  (it registers itself, as the next but one does)
    provisioning,
    route_differences,  # noqa: F401
    transactions,
)
from apigw_ws.services.differences import Difference, Take, There
from apigw_ws.services.provisioning import Held, Plan
from apigw_ws.services.specs import spec_for

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The result of taking AWS's side of some differences and keeping ours of the others."""

    #: What is written on the record.
    taken: list[Difference]
    #: What applying would do afterwards.
    plan: Plan


def compare(gateway: ApiGateway) -> list[Difference]:
    """Return the differences, in the order in which ``apply`` would remove them.

    Raises AwsError, OwnershipConflict and ConfigurationError.
    """
    return _between(gateway, provisioning.look(gateway))


def decide(gateway: ApiGateway, held: Held, keys: Sequence[str]) -> Decision:
    """Return what taking AWS's side of ``keys`` would result in; nothing is written.

    Raises as ``take_aws``.
    """
    with transactions.atomic():
        taking = ApiGateway.objects.get(pk=gateway.pk)
        taken = _take(taking, held, keys)
        plan = Plan(operations=planner.plan(spec_for(taking), *held))
        transactions.roll_back()
    return Decision(taken=taken, plan=plan)


def take_aws(
    gateway: ApiGateway,
    *keys: str,
    seen: Mapping[str, str] | None = None,
    by: AbstractBaseUser | None = None,
    ip: str | None = None,
) -> list[Difference]:
    """Write AWS's values of all these differences to the record, or none; return the differences.

    AWS is only read. Raises PlanChanged if there is no such difference (any longer) or AWS's value is not
    the one of ``seen``, ApigwWsError if AWS's value cannot stand on the record, and as ``compare`` does.
    """
    held = provisioning.look(gateway)
    found = {each.key: each for each in _between(gateway, held)}
    if seen is not None and any(key in found and not _same(found[key].aws, seen.get(key)) for key in keys):
        raise PlanChanged(_("Nothing was done: AWS has changed since. Look again."))
    before = {key: found[key].record for key in keys if key in found}
    with audit.recorded(AuditEvent.Verb.TAKE_AWS, gateway, by=by, ip=ip, before=before) as outcome:
        with transactions.atomic():
            taken = _take(gateway, held, keys)
        outcome.after = {each.key: each.aws for each in taken}
    return taken


def _same(aws: str, seen: str | None) -> bool:
    """Forms normalise line endings (https://url.spec.whatwg.org/#concept-urlencoded-serializer)."""
    return seen is not None and aws.splitlines() == seen.splitlines()


def _between(gateway: ApiGateway, held: Held) -> list[Difference]:
    snapshot, domains = held
    additional = frozenset(route.route_key for route in gateway.additional_routes.all())
    there = There(gateway=gateway, snapshot=snapshot, additional=additional, domains=domains or ())
    return [
        difference
        for operation in planner.plan(spec_for(gateway), snapshot, domains)
        for difference in differences.of(operation, there)
    ]


def _take(gateway: ApiGateway, held: Held, keys: Sequence[str]) -> list[Difference]:
    """Each is looked up again: what is taken of a tag or a route depends on what was taken before."""
    taken = []
    for key in keys:
        difference = next((each for each in _between(gateway, held) if each.key == key), None)
        if difference is None:
            raise PlanChanged(_("AWS and the record do not differ in %(key)s.") % {"key": key})
        if difference.take is None:
            raise ApigwWsError(
                _("AWS's %(key)s cannot be taken, because it follows from other fields. Apply the plan.")
                % {"key": key}
            )
        _write(gateway, difference.take)
        taken.append(difference)
    return taken


def _write(gateway: ApiGateway, take: Take) -> None:
    if not take.route:
        _set(gateway, take.values)
        return
    route = gateway.additional_routes.filter(route_key=take.route).first()
    if not take.values:
        gateway.additional_routes.filter(route_key=take.route).delete()
    else:
        new = ApiGatewayAdditionalRoute(api_gateway=gateway, route_key=take.route, name=take.route[:63])
        _set(route or new, take.values)


def _set(target: models.Model, values: dict[str, Any]) -> None:
    for name, value in values.items():
        setattr(target, name, value)
    others = {field.name for field in target._meta.fields} - values.keys()
    try:
        target.full_clean(exclude=others)
    except ValidationError as error:
        raise ApigwWsError(
            _("AWS's value cannot be taken: %(said)s") % {"said": " ".join(error.messages)}
        ) from error
    target.save(update_fields=None if target._state.adding else [*values, "updated_on"])
