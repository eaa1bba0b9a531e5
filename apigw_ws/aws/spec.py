"""Values: what a gateway needs in AWS, and what is there."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Final

from apigw_ws.aws.domain_spec import DomainSpec

#: The tag on the API (and on its stages) that says whose it is; its value is the gateway's uid.
OWNER_TAG: Final = "apigw-ws:uid"
#: The tag that lists the keys of the tags we set, so that we remove those and no others.
LEDGER_TAG: Final = "apigw-ws:tags"
LEDGER_SEPARATOR: Final = " / "
#: The tag on the API that names its custom domain, so that we know whether to look for one.
DOMAIN_TAG: Final = "apigw-ws:domain"
#: The tag on a stage that lists the stage variables we set, for the same reason.
VARIABLES_TAG: Final = "apigw-ws:variables"
#: How the Description of an integration of ours begins.
MARK: Final = "Managed by apigw-ws"
#: How the Description of a deployment of ours begins; the digest of what it made live follows.
DEPLOYMENT_MARK: Final = "apigw-ws digest "
#: Stage fields that apply to all its routes -> AWS's names for them.
ROUTE_SETTINGS: Final = {
    "throttling_rate_limit": "ThrottlingRateLimit",
    "throttling_burst_limit": "ThrottlingBurstLimit",
    "detailed_metrics": "DetailedMetricsEnabled",
    "logging_level": "LoggingLevel",
    "data_trace": "DataTraceEnabled",
}
CONNECT: Final = "$connect"
DISCONNECT: Final = "$disconnect"
#: Routes whose answer reaches no client.
LIFECYCLE: Final = frozenset({CONNECT, DISCONNECT})


@dataclass(frozen=True, slots=True, kw_only=True)
class IntegrationSpec:
    """The HTTP call that API Gateway makes for a route."""

    url: str
    #: Parameter mappings, ``integration.request.header.X`` -> expression; one of them is the secret.
    parameters: Mapping[str, str] = field(default_factory=dict, repr=False)
    method: str = "POST"
    #: Milliseconds; AWS takes 50 to 29,000.
    timeout: int = 29_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteSpec:
    key: str
    integration: IntegrationSpec
    #: Whether the integration's answer goes back to the client.
    two_way: bool = False

    @property
    def declared(self) -> frozenset[str]:
        """The request parameters that the mappings read; the route has to declare them."""
        return frozenset(
            value for value in self.integration.parameters.values() if value.startswith("route.request.")
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiSpec:
    """The API's own fields."""

    name: str
    description: str = ""
    route_selection_expression: str = "$request.body.action"
    api_key_selection_expression: str = "$request.header.x-api-key"
    #: Clients reach the API only through a custom domain.
    disable_execute_api_endpoint: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StageSpec:
    """A stage. A setting that is None or empty is not managed: AWS's value stays as it is."""

    name: str
    description: str = ""
    #: Messages per second, and burst, of each route.
    throttling_rate_limit: float | None = None
    throttling_burst_limit: int | None = None
    detailed_metrics: bool | None = None
    #: "OFF", "ERROR" or "INFO".
    logging_level: str = ""
    data_trace: bool | None = None
    access_log_destination_arn: str = ""
    access_log_format: str = ""
    #: Others on the same stage are left alone.
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewaySpec:
    """Everything we want in AWS for one gateway."""

    uid: str
    api: ApiSpec
    routes: tuple[RouteSpec, ...]
    stage: StageSpec
    tags: Mapping[str, str] = field(default_factory=dict)
    domain: DomainSpec | None = None
    #: Whether routes, stage and domain that were made elsewhere are taken over instead of being conflicts.
    adopts: bool = False

    @property
    def all_tags(self) -> dict[str, str]:
        """The operator's tags and ours. A ledger beyond AWS's 256 characters loses its last keys."""
        ledger = _ledger(self.tags)
        return {
            **self.tags,
            OWNER_TAG: self.uid,
            **({LEDGER_TAG: ledger} if ledger else {}),
            **({DOMAIN_TAG: self.domain.name} if self.domain else {}),
        }

    @property
    def stage_tags(self) -> dict[str, str]:
        ledger = _ledger(self.stage.variables)
        return {OWNER_TAG: self.uid, **({VARIABLES_TAG: ledger} if ledger else {})}

    @property
    def digest(self) -> str:
        """Identifies what a deployment makes live, which shows whether a stage lags behind its routes."""
        return digest(
            {
                "routes": [asdict(route) for route in sorted(self.routes, key=lambda route: route.key)],
                "route_selection_expression": self.api.route_selection_expression,
                "api_key_selection_expression": self.api.api_key_selection_expression,
                # Only if set, so that deployments made before this field existed keep their digest.
                **({"no_endpoint": True} if self.api.disable_execute_api_endpoint else {}),
            }
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class IntegrationState:
    id: str
    url: str = ""
    method: str = ""
    timeout: int = 0
    parameters: Mapping[str, str] = field(default_factory=dict, repr=False)
    description: str = ""
    #: `IntegrationType`, and `ConnectionType`: "VPC_LINK" for what is private.
    kind: str = "HTTP_PROXY"
    connection: str = "INTERNET"

    @property
    def adoptable(self) -> bool:
        """Whether it does what ours do and can become one of ours."""
        return (self.kind, self.connection) == ("HTTP_PROXY", "INTERNET")

    @property
    def managed(self) -> bool:
        return self.description.startswith(f"{MARK}: ")


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteState:
    id: str
    key: str
    integration: IntegrationState | None = None
    declared: frozenset[str] = frozenset()
    #: `RouteResponseSelectionExpression`: `$default` or empty.
    response_expression: str = ""
    response_ids: tuple[str, ...] = ()

    @property
    def target(self) -> str:
        """The ID of its integration; empty if it calls nothing."""
        return self.integration.id if self.integration else ""

    @property
    def managed(self) -> bool:
        """Whether the route is ours: it calls an integration that we made for this very key."""
        return self.integration is not None and self.integration.description == mark(self.key)


@dataclass(frozen=True, slots=True, kw_only=True)
class StageState(StageSpec):
    """A stage as it is; limits of 0 are those of the account."""

    auto_deploy: bool = False
    deployment_id: str = ""
    #: The uid in the stage's owner tag.
    owner: str = ""
    #: The names of the variables that we set, as the stage's tag lists them.
    ledger: str = ""

    @property
    def our_variables(self) -> frozenset[str]:
        return frozenset(self.ledger.split(LEDGER_SEPARATOR))


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What AWS holds of one gateway."""

    api_id: str
    endpoint: str
    api: ApiSpec
    tags: Mapping[str, str]
    routes: tuple[RouteState, ...] = ()
    integrations: tuple[IntegrationState, ...] = ()
    stages: tuple[StageState, ...] = ()
    #: The digest of the deployment that the wanted stage points at; empty when it is none of ours.
    live_digest: str = ""

    def stage(self, name: str) -> StageState | None:
        return next((stage for stage in self.stages if stage.name == name), None)

    def route(self, key: str) -> RouteState | None:
        return next((route for route in self.routes if route.key == key), None)


def mark(route_key: str) -> str:
    """The Description of the integration that we make for a route."""
    return f"{MARK}: {route_key}"


def _ledger(names: Iterable[str]) -> str:
    return LEDGER_SEPARATOR.join(sorted(names))[:256]


def digest(value: object) -> str:
    """A short name for ``value``. It reveals no secret: ours are derived, so they cannot be guessed."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:32]
