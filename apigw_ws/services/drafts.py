"""Plans and saves gateways that are drafted but not stored yet."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apigw_ws.aws import planner
from apigw_ws.aws.domain_spec import DomainState
from apigw_ws.aws.operations import CreateApi, Operation
from apigw_ws.models import ApiGateway, ApiGatewayAdditionalRoute
from apigw_ws.services import transactions
from apigw_ws.services.provisioning import Plan
from apigw_ws.services.specs import spec_for

#: What an operation adds to AWS's bill (https://aws.amazon.com/api-gateway/pricing/#WebSocket_APIs).
COSTS: Final[Mapping[type[Operation], Promise]] = {
    CreateApi: _("AWS bills each message, and each minute of a connection.")
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An unsaved gateway with its routes."""

    gateway: ApiGateway
    routes: Collection[ApiGatewayAdditionalRoute] = ()


def plan(draft: Draft) -> Plan:
    """Return the plan for a new gateway. Does not call AWS. Raises ConfigurationError.

    APIs are found by the gateway's uid, which is new with the draft: AWS cannot have anything of it yet, nor,
    unless it is somebody else's and refused later, of its domain.
    """
    spec = spec_for(draft.gateway, draft.routes)
    domains = (DomainState(name=spec.domain.name),) if spec.domain else None
    return Plan(operations=planner.plan(spec, None, domains))


def cost(operation: Operation) -> str:
    """Return what the operation adds to AWS's bill, in a sentence; empty for nothing."""
    return str(COSTS[type(operation)]) if type(operation) in COSTS else ""


def save(draft: Draft) -> None:
    """Save the gateway and its routes, or neither. Raises IntegrityError if the name is taken meanwhile."""
    with transactions.atomic():
        draft.gateway.save(force_insert=True)
        for route in draft.routes:
            route.api_gateway = draft.gateway
        ApiGatewayAdditionalRoute.objects.bulk_create(draft.routes)
