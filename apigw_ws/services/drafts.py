"""Gateways that are thought of, but not saved yet."""

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

#: What appears on AWS's bill (https://aws.amazon.com/api-gateway/pricing/#WebSocket_APIs).
COSTS: Final[Mapping[type[Operation], Promise]] = {
    CreateApi: _("AWS bills each message, and each minute of a connection.")
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A gateway and its routes, neither of which is in the database."""

    gateway: ApiGateway
    routes: Collection[ApiGatewayAdditionalRoute] = ()


def plan(draft: Draft) -> Plan:
    """All that is done in AWS for a gateway that is new. Does not call AWS. Raises ConfigurationError.

    An API is found by the gateway's uid, which a draft has made up: AWS cannot have anything of it yet, nor,
    unless it is somebody else's and refused later, of its domain.
    """
    spec = spec_for(draft.gateway, draft.routes)
    domains = (DomainState(name=spec.domain.name),) if spec.domain else None
    return Plan(operations=planner.plan(spec, None, domains))


def cost(operation: Operation) -> str:
    """What the operation adds to AWS's bill, in a sentence; empty for nothing."""
    return str(COSTS[type(operation)]) if type(operation) in COSTS else ""


def save(draft: Draft) -> None:
    """Save the gateway and its routes, or neither. Raises IntegrityError if the name is taken meanwhile."""
    with transactions.atomic():
        draft.gateway.save(force_insert=True)
        for route in draft.routes:
            route.api_gateway = draft.gateway
        ApiGatewayAdditionalRoute.objects.bulk_create(draft.routes)
