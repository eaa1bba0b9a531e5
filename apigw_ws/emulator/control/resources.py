"""The kinds of things in a WebSocket API, as data: where they live, what AWS fills in, what rules them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from apigw_ws.emulator.control.rules import (
    apis,
    authorizers,
    deployments,
    domains,
    integrations,
    models,
    routes,
    stages,
)
from apigw_ws.emulator.control.tables import Path, Record
from apigw_ws.emulator.control.world import World

#: (world, path, record as it would be, record as it was) -> None, or raises AwsError.
Rule = Callable[[World, Path, Record, Record | None], None]
#: (world, path, record) -> None, or raises AwsError because something still needs the record.
RemovalRule = Callable[[World, Path, Record], None]


def _nothing(*_: Any) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One kind of thing: the operations Create, Get, Update, Delete and list follow from this."""

    kind: str
    rule: Rule
    removal: RemovalRule = _nothing
    parents: tuple[str, ...] = ("ApiId",)
    #: 0: the client names it, and the name is its id.
    id_length: int = 7
    id_member: str = ""
    #: What AWS says of one that does not exist.
    unknown: str = "Invalid {kind} identifier specified {name}"
    #: Filled in before the rule runs; values are copied.
    defaults: Mapping[str, Any] = field(default_factory=dict)
    #: Members whose keys an update adds; an empty value removes one.
    merged: tuple[str, ...] = ()
    #: Input members that AWS takes for other kinds of APIs, and that change nothing here.
    ignored: tuple[str, ...] = ()
    limit: int = 0
    dated: bool = False
    #: A change below an API counts for its stages with AutoDeploy.
    deployable: bool = False

    @property
    def id(self) -> str:
        return self.id_member or f"{self.kind}Id"

    @property
    def plural(self) -> str:
        return f"{self.kind}s"

    def missing(self, name: str) -> str:
        return self.unknown.format(kind=self.kind, name=name)


RESOURCES = (
    Resource(
        kind="Api",
        parents=(),
        id_length=10,
        unknown="Invalid API identifier specified {name}",
        rule=apis.rule,
        removal=apis.removal,
        defaults={
            "ApiKeySelectionExpression": "$request.header.x-api-key",
            "DisableExecuteApiEndpoint": False,
            "IpAddressType": "ipv4",
            "Tags": {},
        },
        ignored=("RouteKey", "Target", "CredentialsArn"),
        limit=600,
        dated=True,
        deployable=True,
    ),
    Resource(
        kind="Integration",
        rule=integrations.rule,
        removal=integrations.removal,
        defaults={
            "ConnectionType": "INTERNET",
            "PassthroughBehavior": "WHEN_NO_MATCH",
            "PayloadFormatVersion": "1.0",
            "TimeoutInMillis": 29_000,
        },
        merged=("RequestParameters",),
        limit=300,
        deployable=True,
    ),
    Resource(
        kind="IntegrationResponse",
        parents=("ApiId", "IntegrationId"),
        rule=integrations.response_rule,
        deployable=True,
    ),
    Resource(
        kind="Route",
        rule=routes.rule,
        defaults={"ApiKeyRequired": False, "AuthorizationType": "NONE"},
        limit=300,
        deployable=True,
    ),
    Resource(
        kind="RouteResponse",
        parents=("ApiId", "RouteId"),
        rule=routes.response_rule,
        deployable=True,
    ),
    Resource(
        kind="Deployment",
        id_length=6,
        rule=deployments.rule,
        removal=deployments.removal,
        defaults={"AutoDeployed": False, "DeploymentStatus": "DEPLOYED"},
        ignored=("StageName",),
        dated=True,
    ),
    Resource(
        kind="Stage",
        id_length=0,
        id_member="StageName",
        unknown="Invalid stage identifier specified",
        rule=stages.rule,
        removal=stages.removal,
        defaults={
            "DefaultRouteSettings": {
                "DataTraceEnabled": False,
                "DetailedMetricsEnabled": False,
                "LoggingLevel": "OFF",
            },
            "RouteSettings": {},
            "StageVariables": {},
            "Tags": {},
        },
        merged=("StageVariables", "RouteSettings", "DefaultRouteSettings"),
        limit=10,
        dated=True,
    ),
    Resource(
        kind="Authorizer",
        rule=authorizers.rule,
        removal=authorizers.removal,
        limit=10,
        deployable=True,
    ),
    Resource(
        kind="Model",
        rule=models.rule,
        defaults={"ContentType": "application/json"},
        deployable=True,
    ),
    Resource(
        kind="DomainName",
        parents=(),
        id_length=0,
        id_member="DomainName",
        unknown="The domain name resource specified in the request was not found.",
        rule=domains.rule,
        removal=domains.removal,
        defaults={
            "ApiMappingSelectionExpression": "$request.basepath",
            "RoutingMode": "API_MAPPING_ONLY",
            "Tags": {},
        },
        limit=120,
    ),
    Resource(
        kind="ApiMapping",
        parents=("DomainName",),
        id_length=6,
        unknown="The api mapping resource specified in the request was not found.",
        rule=domains.mapping_rule,
    ),
)

BY_KIND = {resource.kind: resource for resource in RESOURCES}
#: Which kind a parent's id member names.
PARENT_KIND = {resource.id: resource.kind for resource in RESOURCES}
