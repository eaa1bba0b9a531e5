"""Specs and snapshots, for tests that decide without AWS."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

from hypothesis import strategies as st

from apigw_ws.aws.spec import (
    VARIABLES_TAG,
    ApiSpec,
    GatewaySpec,
    IntegrationSpec,
    IntegrationState,
    RouteSpec,
    RouteState,
    Snapshot,
    StageSpec,
    StageState,
    mark,
)

SECRET = "'never-shown'"
LOG_GROUP = "arn:aws:logs:us-east-1:123456789012:log-group:chat"
HEADER = "integration.request.header."


def route(
    key: str, *, url: str = "https://example.com/ws/", two_way: bool = False, **headers: str
) -> RouteSpec:
    parameters = {f"{HEADER}Secret": SECRET, **{HEADER + name: value for name, value in headers.items()}}
    return RouteSpec(key=key, integration=IntegrationSpec(url=url, parameters=parameters), two_way=two_way)


def gateway(*routes: RouteSpec, **fields: object) -> GatewaySpec:
    spec = GatewaySpec(
        uid="11111111-2222-3333-4444-555555555555",
        api=ApiSpec(name="chat"),
        routes=routes or (route("$connect"), route("$default", two_way=True), route("$disconnect")),
        stage=StageSpec(name="production"),
    )
    return replace(spec, **fields)  # type: ignore[arg-type]


def applied(spec: GatewaySpec) -> Snapshot:
    """What AWS holds after ``spec`` was applied to an empty account."""
    routes = tuple(_route_state(number, route) for number, route in enumerate(spec.routes))
    return Snapshot(
        api_id="abcde12345",
        endpoint="wss://abcde12345.execute-api.eu-central-1.amazonaws.com",
        api=spec.api,
        tags=spec.all_tags,
        routes=routes,
        integrations=tuple(route.integration for route in routes if route.integration),
        stages=(stage_state(spec),),
        live_digest=spec.digest,
    )


def stage_state(spec: GatewaySpec) -> StageState:
    """The stage after ``spec`` was applied, with AWS's defaults for what it leaves open."""
    defaults: dict[str, Any] = {
        "throttling_rate_limit": 0,
        "throttling_burst_limit": 0,
        "detailed_metrics": False,
        "logging_level": "OFF",
        "data_trace": False,
    }
    wanted = {field.name: getattr(spec.stage, field.name) for field in fields(StageSpec)}
    given = {name: value for name, value in wanted.items() if value not in (None, "")}
    return StageState(
        **(defaults | given),
        deployment_id="dep1",
        owner=spec.uid,
        ledger=spec.stage_tags.get(VARIABLES_TAG, ""),
    )


def _route_state(number: int, route: RouteSpec) -> RouteState:
    return RouteState(
        id=f"route{number}",
        key=route.key,
        integration=IntegrationState(
            id=f"integration{number}",
            url=route.integration.url,
            method=route.integration.method,
            timeout=route.integration.timeout,
            parameters=route.integration.parameters,
            description=mark(route.key),
        ),
        declared=route.declared,
        response_expression="$default" if route.two_way else "",
        response_ids=(f"response{number}",) if route.two_way else (),
    )


names = st.text("abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=8)
urls = names.map(lambda name: f"https://{name}.example.com/ws/")
headers = st.dictionaries(
    names.map(str.title),
    st.sampled_from(["context.connectionId", "context.stage", "'1'", "route.request.header.Origin"]),
    max_size=3,
)
routes = st.dictionaries(names, st.tuples(urls, st.booleans(), headers), max_size=4).map(
    lambda wanted: tuple(
        route(key, url=url, two_way=two_way, **mapped) for key, (url, two_way, mapped) in wanted.items()
    )
)
switches = st.sampled_from([None, False, True])
logs = {"access_log_destination_arn": LOG_GROUP, "access_log_format": "$context.requestId"}
stages = st.builds(
    lambda limits, log, **others: StageSpec(**limits, **log, **others),
    st.sampled_from([{}, {"throttling_rate_limit": 10.5, "throttling_burst_limit": 20}]),
    st.sampled_from([{}, logs, {**logs, "access_log_format": "$context.requestId $context.status"}]),
    name=st.sampled_from(["production", "test"]),
    description=st.sampled_from(["", "live"]),
    detailed_metrics=switches,
    logging_level=st.sampled_from(["", "OFF", "ERROR", "INFO"]),
    data_trace=switches,
    variables=st.dictionaries(names, names, max_size=3),
)
apis = st.builds(ApiSpec, name=names, disable_execute_api_endpoint=st.booleans())
specs = st.builds(
    lambda extra, api, stage, tags: gateway(*gateway().routes, *extra, api=api, stage=stage, tags=tags),
    routes,
    apis,
    stages,
    st.dictionaries(names, names, max_size=3),
)
