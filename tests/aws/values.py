"""Specs and snapshots, for tests that decide without AWS."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from apigw_ws.aws.spec import (
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
        stages=(
            StageState(
                name=spec.stage.name,
                description=spec.stage.description,
                deployment_id="dep1",
                owner=spec.uid,
            ),
        ),
        live_digest=spec.digest,
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
specs = st.builds(
    lambda extra, name, stage, tags: gateway(
        *gateway().routes, *extra, api=ApiSpec(name=name), stage=StageSpec(name=stage), tags=tags
    ),
    routes,
    names,
    st.sampled_from(["production", "test"]),
    st.dictionaries(names, names, max_size=3),
)
