"""Lists the WebSocket APIs in AWS, and which of them are gateways already."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from apigw_ws.aws import catalogue
from apigw_ws.aws.catalogue import ApiState
from apigw_ws.models import ApiGateway
from apigw_ws.services import endpoints


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A WebSocket API in AWS: of a gateway here, tagged by another project, or free."""

    api_id: str
    name: str
    description: str
    endpoint: str
    created_on: datetime
    #: The gateway here that it belongs to.
    gateway: ApiGateway | None
    #: The uid in its tag; empty if it has none.
    owner: str

    @property
    def state(self) -> str:
        return "recorded" if self.gateway else "other" if self.owner else "free"


def candidates(place: ApiGateway) -> list[Candidate]:
    """Return the APIs in the account and region of ``place``, an unsaved gateway. Raises as ``listed``."""
    return of(listed(place))


def listed(place: ApiGateway) -> tuple[ApiState, ...]:
    """Return the APIs as AWS lists them; the database is not read. Raises AwsError and ConfigurationError."""
    return catalogue.apis(endpoints.control_client(place))


def of(found: Collection[ApiState]) -> list[Candidate]:
    """Return each API with its gateway, if any, free ones first; one query."""
    by_api, by_uid = _recorded(found)
    order = ("free", "other", "recorded").index
    made = [
        Candidate(
            api_id=api.id,
            name=api.name,
            description=api.description,
            endpoint=api.endpoint,
            created_on=api.created_on,
            gateway=by_api.get(api.id) or by_uid.get(api.owner),
            owner=api.owner,
        )
        for api in found
    ]
    return sorted(made, key=lambda each: (order(each.state), each.name.lower(), each.api_id))


def _recorded(found: Collection[ApiState]) -> tuple[dict[str, ApiGateway], dict[str, ApiGateway]]:
    """The gateways that have one of the APIs, by API ID and by uid."""
    uids = [api.owner for api in found if _is_uid(api.owner)]
    rows = ApiGateway.objects.filter(Q(api_id__in=[api.id for api in found]) | Q(uid__in=uids))
    return {row.api_id: row for row in rows}, {str(row.uid): row for row in rows}


def _is_uid(text: str) -> bool:
    try:
        return bool(UUID(text))
    except ValueError:
        return False
