"""Lists the WebSocket APIs of an account in a region, whoever made them, and reads one of them whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from apigw_ws.aws import domains as aws_domains
from apigw_ws.aws import lookups, reader
from apigw_ws.aws.domain_spec import DomainState
from apigw_ws.aws.errors import translated
from apigw_ws.aws.spec import OWNER_TAG, Snapshot, StageState
from apigw_ws.exceptions import AwsError

Answer = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiState:
    """An API as AWS lists it."""

    id: str
    name: str
    description: str
    endpoint: str
    created_on: datetime
    #: The uid in its owner tag; empty if it has none.
    owner: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Extras:
    """What an API has besides what a gateway manages."""

    authorizers: tuple[str, ...]
    models: tuple[str, ...]
    #: Route key -> its authorization, such as "CUSTOM" or "AWS_IAM", for routes that have one.
    authorized: Mapping[str, str]
    #: Keys of routes that demand an API key.
    with_api_key: tuple[str, ...]
    #: Stage -> the keys of the routes that have settings of their own on it.
    route_settings: Mapping[str, tuple[str, ...]]
    #: Why the custom domains or their DNS records are unknown.
    problem: AwsError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """An API with all that is below it, and the domains that lead to it."""

    api: ApiState
    snapshot: Snapshot
    domains: tuple[DomainState, ...]
    extras: Extras


def apis(client: Any) -> tuple[ApiState, ...]:
    """The WebSocket APIs of the client's region. Raises AwsError."""
    with translated():
        pages = client.get_paginator("get_apis").paginate()
        items = [item for page in pages for item in page["Items"]]
        return tuple(_api(item) for item in items if item["ProtocolType"] == "WEBSOCKET")


def described(client: Any, api_id: str) -> Answer:
    """The API as GetApi answers it. Raises AwsError, with status 404 where there is none."""
    with translated():
        item: Answer = client.get_api(ApiId=api_id)
    return item


def inventory(client: Any, dns: Callable[[], Any], item: Answer) -> Inventory:
    """Return all that belongs to the API ``item``. ``dns`` makes Route 53's client; Route 53 may refuse.

    Raises AwsError.
    """
    with translated():
        api_id = item["ApiId"]
        extras = _extras(client, api_id)
        snapshot = reader.snapshot(client, item, "")
    domains: tuple[DomainState, ...] = ()
    try:
        domains = aws_domains.leading_to(client, dns, api_id)
        domains = tuple(_with_record(dns, state) for state in domains)
    except AwsError as problem:
        extras = replace(extras, problem=problem)
    return Inventory(api=_api(item), snapshot=snapshot, domains=domains, extras=extras)


def served(client: Any, snapshot: Snapshot, stage: StageState | None) -> Snapshot:
    """The snapshot with what the stage serves, as ``reader.read`` gives it. Raises AwsError."""
    with translated():
        live = reader.live_digest(client, snapshot.api_id, stage.deployment_id if stage else "")
    return replace(snapshot, live_digest=live)


def _api(item: Answer) -> ApiState:
    return ApiState(
        id=item["ApiId"],
        name=item["Name"],
        description=item.get("Description", ""),
        endpoint=item["ApiEndpoint"],
        created_on=item["CreatedDate"],
        owner=item.get("Tags", {}).get(OWNER_TAG, ""),
    )


def _extras(client: Any, api_id: str) -> Extras:
    def listed(operation: str) -> list[Any]:
        pages = client.get_paginator(operation).paginate(ApiId=api_id)
        return [item for page in pages for item in page["Items"]]

    routes = listed("get_routes")
    return Extras(
        authorizers=tuple(sorted(item["Name"] for item in listed("get_authorizers"))),
        models=tuple(sorted(item["Name"] for item in listed("get_models"))),
        authorized={
            item["RouteKey"]: kind
            for item in routes
            if (kind := item.get("AuthorizationType", "NONE")) != "NONE"
        },
        with_api_key=tuple(sorted(item["RouteKey"] for item in routes if item.get("ApiKeyRequired"))),
        route_settings={
            item["StageName"]: tuple(sorted(item["RouteSettings"]))
            for item in listed("get_stages")
            if item.get("RouteSettings")
        },
    )


def _with_record(dns: Callable[[], Any], state: DomainState) -> DomainState:
    """The domain with its alias record, where a public zone of the account has one. Raises AwsError."""
    for zone in lookups.zones(dns()):
        if zone.contains(state.name):
            with translated():
                records = aws_domains.alias_in(dns(), zone.id, state.name)
            if state.target in map(aws_domains.target_of, records):
                return replace(state, records={**state.records, zone.id: state.target})
    return state
