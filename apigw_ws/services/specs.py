"""Turns a gateway's record into the spec of what should be in AWS."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from typing import Final

from django.utils.translation import gettext as _

from apigw_ws import headers
from apigw_ws.aws.domain_spec import DomainSpec
from apigw_ws.aws.spec import (
    CONNECT,
    DISCONNECT,
    LIFECYCLE,
    ApiSpec,
    GatewaySpec,
    IntegrationSpec,
    RouteSpec,
    StageSpec,
)
from apigw_ws.exceptions import ConfigurationError
from apigw_ws.models import ApiGateway, ApiGatewayAdditionalRoute
from apigw_ws.services import secrets

#: What people look for in a log: who, which route, with what result, how long, and why not.
ACCESS_LOG_FORMAT: Final = json.dumps(
    {
        "requestId": "$context.requestId",
        "time": "$context.requestTime",
        "connectionId": "$context.connectionId",
        "eventType": "$context.eventType",
        "routeKey": "$context.routeKey",
        "status": "$context.status",
        "latency": "$context.integrationLatency",
        "error": "$context.error.message",
    },
    separators=(",", ":"),
)


def spec_for(
    gateway: ApiGateway, additional: Iterable[ApiGatewayAdditionalRoute] | None = None
) -> GatewaySpec:
    """Return the API, routes, stage and domain that the gateway wants.

    ``additional`` are unsaved routes, instead of the stored ones.

    Raises ConfigurationError without a target URL, for half a domain, or if two routes have the same key.
    """
    if not gateway.target_base_endpoint:
        raise ConfigurationError(
            _("The gateway “%(gateway)s” has no target base URL. Enter where your WebSocketView is.")
            % {"gateway": gateway}
        )
    return GatewaySpec(
        uid=str(gateway.uid),
        api=ApiSpec(
            name=gateway.api_name,
            description=gateway.api_description,
            route_selection_expression=gateway.route_selection_expression,
            api_key_selection_expression=gateway.api_key_selection_expression,
            disable_execute_api_endpoint=gateway.disable_execute_api_endpoint,
        ),
        routes=_routes(gateway, gateway.additional_routes.all() if additional is None else additional),
        stage=_stage(gateway),
        tags={str(key): str(value) for key, value in gateway.tags.items()},
        domain=_domain(gateway),
        adopts=gateway.adopting,
    )


def check_domain(gateway: ApiGateway) -> None:
    """Raise ConfigurationError if the gateway has no custom domain, or no certificate for it."""
    if not (gateway.domain_name and gateway.certificate_arn):
        raise ConfigurationError(
            _(
                "The gateway “%(gateway)s” needs a custom domain and a certificate that covers it. "
                "Enter both, or clear the domain to remove it from AWS."
            )
            % {"gateway": gateway}
        )


def _domain(gateway: ApiGateway) -> DomainSpec | None:
    """None without a certificate: such a domain was set up elsewhere."""
    if gateway.domain_name and gateway.custom_domain_created:
        check_domain(gateway)
    if not (gateway.domain_name and gateway.certificate_arn):
        return None
    return DomainSpec(
        name=gateway.domain_name,
        certificate_arn=gateway.certificate_arn,
        zone_id=gateway.hosted_zone_id.removeprefix("/hostedzone/"),
    )


def _stage(gateway: ApiGateway) -> StageSpec:
    destination = gateway.access_log_destination_arn
    return StageSpec(
        name=gateway.stage_name,
        description=gateway.stage_description,
        throttling_rate_limit=gateway.throttling_rate_limit,
        throttling_burst_limit=gateway.throttling_burst_limit,
        detailed_metrics=gateway.detailed_metrics,
        logging_level=gateway.logging_level,
        data_trace=gateway.data_trace,
        # CloudWatch shows a log group's ARN with a suffix that API Gateway drops.
        access_log_destination_arn=destination.removesuffix(":*"),
        access_log_format=(gateway.access_log_format or ACCESS_LOG_FORMAT) if destination else "",
        variables={str(name): str(value) for name, value in gateway.stage_variables.items()},
    )


def _routes(gateway: ApiGateway, additional: Iterable[ApiGatewayAdditionalRoute]) -> tuple[RouteSpec, ...]:
    base = gateway.target_base_endpoint.rstrip("/") + "/"
    routes = (
        _route(gateway, CONNECT, f"{base}connect"),
        _route(gateway, gateway.route_key, f"{base}default", two_way=gateway.two_way),
        _route(gateway, DISCONNECT, f"{base}disconnect"),
        *(
            _route(
                gateway,
                route.route_key,
                route.integration_url,
                two_way=route.two_way,
                timeout=route.integration_timeout,
            )
            for route in additional
            if route.enabled
        ),
    )
    key, count = Counter(route.key for route in routes).most_common(1)[0]
    if count > 1:
        raise ConfigurationError(
            _("The gateway “%(gateway)s” has %(count)d routes with the key “%(key)s”. Give each its own.")
            % {"gateway": gateway, "count": count, "key": key}
        )
    return routes


def _route(
    gateway: ApiGateway, key: str, url: str, *, two_way: bool = False, timeout: int | None = None
) -> RouteSpec:
    mapped = {**headers.FROM_CONTEXT, **(headers.ON_DISCONNECT if key == DISCONNECT else {})}
    if secret := secrets.derive(gateway):
        mapped[headers.SECRET] = f"'{secret}'"
    if two_way:
        mapped[headers.TWO_WAY] = "'1'"
    if key not in LIFECYCLE:
        mapped["Content-Type"] = "'application/json'"
    parameters = {f"integration.request.header.{name}": value for name, value in mapped.items()}
    integration = IntegrationSpec(
        url=url, parameters=parameters, timeout=timeout or gateway.integration_timeout
    )
    return RouteSpec(key=key, integration=integration, two_way=two_way)
