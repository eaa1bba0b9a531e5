"""Where AWS and a gateway's record differ, and taking AWS's side.

To keep ours, apply the plan: every difference is one that the plan would undo.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import models, transaction
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
)
from apigw_ws.services.differences import Difference, Take, There
from apigw_ws.services.specs import spec_for

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser


def compare(gateway: ApiGateway) -> list[Difference]:
    """Every difference, in the order in which ``apply`` would undo it; none when there is nothing to apply.

    Raises AwsError, OwnershipConflict and ConfigurationError.
    """
    snapshot, domains = provisioning.look(gateway)
    additional = frozenset(route.route_key for route in gateway.additional_routes.all())
    there = There(gateway=gateway, snapshot=snapshot, additional=additional, domains=domains or ())
    return [
        difference
        for operation in planner.plan(spec_for(gateway), snapshot, domains)
        for difference in differences.of(operation, there)
    ]


def take_aws(
    gateway: ApiGateway, key: str, *, by: AbstractBaseUser | None = None, ip: str | None = None
) -> Difference:
    """Write AWS's value of the difference ``key`` on the record, and return what the difference was.

    AWS is only read. Raises PlanChanged where there is no such difference (any more), ApigwWsError where
    AWS's value cannot stand on the record, and as ``compare`` does.
    """
    difference = next((found for found in compare(gateway) if found.key == key), None)
    if difference is None:
        raise PlanChanged(_("AWS and the record do not differ in %(key)s.") % {"key": key})
    before, after = {key: difference.record}, {key: difference.aws}
    with audit.recorded(AuditEvent.Verb.TAKE_AWS, gateway, by=by, ip=ip, before=before) as outcome:
        if difference.take is None:
            raise ApigwWsError(
                _("AWS's %(key)s cannot be taken, because it follows from other fields. Apply the plan.")
                % {"key": key}
            )
        with transaction.atomic():
            _write(gateway, difference.take)
        outcome.after = after
    return difference


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
