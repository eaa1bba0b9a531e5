"""Reads what AWS holds of a gateway into a snapshot."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from django.utils.translation import gettext as _

from apigw_ws.aws.errors import translated
from apigw_ws.aws.spec import (
    DEPLOYMENT_MARK,
    LIFECYCLE,
    OWNER_TAG,
    VARIABLES_TAG,
    ApiSpec,
    IntegrationState,
    RouteState,
    Snapshot,
    StageState,
)
from apigw_ws.exceptions import AwsError, OwnershipConflict

Answer = Mapping[str, Any]


def read(
    client: Any, *, uid: str, stage_name: str, api_id: str = "", adopting: bool = False
) -> Snapshot | None:
    """What AWS holds of the gateway ``uid``, or None when it has no API.

    The API is found by our tag; a correct ``api_id`` only saves listing them all. While a gateway is
    ``adopting``, the API ``api_id`` counts as its own without the tag, too.
    Raises OwnershipConflict if ``api_id`` is somebody else's API, or several APIs have the tag.
    """
    with translated():
        api = _find(client, uid, api_id, {uid, None} if adopting else {uid})
        return snapshot(client, api, stage_name) if api else None


def _find(client: Any, uid: str, api_id: str, owners: Collection[str | None]) -> Answer | None:
    cached = _found(client.get_api, ApiId=api_id) if api_id else None
    if cached and cached.get("Tags", {}).get(OWNER_TAG) in owners:
        return cached
    tagged = [api for api in _pages(client, "get_apis") if api.get("Tags", {}).get(OWNER_TAG) == uid]
    if len(tagged) > 1:
        raise OwnershipConflict(
            _("Several APIs carry the tag %(tag)s: %(ids)s. In AWS, delete or untag all but one.")
            % {"tag": f"{OWNER_TAG}={uid}", "ids": ", ".join(api["ApiId"] for api in tagged)}
        )
    if cached and not tagged:
        raise OwnershipConflict(
            _(
                "The API %(id)s exists in AWS but was not made for this gateway. "
                "Clear the gateway's API ID to make a new API, or tag that one with %(tag)s."
            )
            % {"id": api_id, "tag": f"{OWNER_TAG}={uid}"}
        )
    return tagged[0] if tagged else None


def snapshot(client: Any, api: Answer, stage_name: str) -> Snapshot:
    """Return the snapshot of an API that GetApi described, whoever owns it. Raises botocore's own errors."""
    api_id = api["ApiId"]
    integrations = {
        item["IntegrationId"]: _integration(item) for item in _pages(client, "get_integrations", ApiId=api_id)
    }
    stages = tuple(_stage(item) for item in _pages(client, "get_stages", ApiId=api_id))
    deployment_id = next((stage.deployment_id for stage in stages if stage.name == stage_name), "")
    return Snapshot(
        api_id=api_id,
        endpoint=api["ApiEndpoint"],
        api=ApiSpec(
            name=api["Name"],
            description=api.get("Description", ""),
            route_selection_expression=api.get("RouteSelectionExpression", ""),
            api_key_selection_expression=api.get("ApiKeySelectionExpression", ""),
            disable_execute_api_endpoint=api.get("DisableExecuteApiEndpoint", False),
        ),
        tags=api.get("Tags", {}),
        routes=tuple(
            _route(client, api_id, item, integrations) for item in _pages(client, "get_routes", ApiId=api_id)
        ),
        integrations=tuple(integrations.values()),
        stages=stages,
        live_digest=live_digest(client, api_id, deployment_id),
    )


def _integration(item: Answer) -> IntegrationState:
    return IntegrationState(
        id=item["IntegrationId"],
        url=item.get("IntegrationUri", ""),
        method=item.get("IntegrationMethod", ""),
        timeout=item.get("TimeoutInMillis", 0),
        parameters=item.get("RequestParameters", {}),
        description=item.get("Description", ""),
        kind=item["IntegrationType"],
        connection=item.get("ConnectionType", "INTERNET"),
    )


def _route(
    client: Any, api_id: str, item: Answer, integrations: Mapping[str, IntegrationState]
) -> RouteState:
    one_way = item["RouteKey"] in LIFECYCLE
    route = {"ApiId": api_id, "RouteId": item["RouteId"]}
    responses = [] if one_way else _pages(client, "get_route_responses", **route)
    return RouteState(
        id=item["RouteId"],
        key=item["RouteKey"],
        integration=integrations.get(item.get("Target", "").removeprefix("integrations/")),
        declared=frozenset(item.get("RequestParameters", {})),
        response_expression=item.get("RouteResponseSelectionExpression", ""),
        response_ids=tuple(response["RouteResponseId"] for response in responses),
    )


def _stage(item: Answer) -> StageState:
    settings, access_log = item.get("DefaultRouteSettings", {}), item.get("AccessLogSettings", {})
    return StageState(
        throttling_rate_limit=settings.get("ThrottlingRateLimit", 0),
        throttling_burst_limit=settings.get("ThrottlingBurstLimit", 0),
        detailed_metrics=settings.get("DetailedMetricsEnabled", False),
        logging_level=settings.get("LoggingLevel", "OFF"),
        data_trace=settings.get("DataTraceEnabled", False),
        access_log_destination_arn=access_log.get("DestinationArn", ""),
        access_log_format=access_log.get("Format", ""),
        variables=item.get("StageVariables", {}),
        ledger=item.get("Tags", {}).get(VARIABLES_TAG, ""),
        name=item["StageName"],
        description=item.get("Description", ""),
        auto_deploy=item.get("AutoDeploy", False),
        deployment_id=item.get("DeploymentId", ""),
        owner=item.get("Tags", {}).get(OWNER_TAG, ""),
    )


def live_digest(client: Any, api_id: str, deployment_id: str) -> str:
    """The digest that we wrote on a deployment; empty if it is none of ours."""
    if not deployment_id:
        return ""
    deployment = _found(client.get_deployment, ApiId=api_id, DeploymentId=deployment_id) or {}
    description: str = deployment.get("Description", "")
    ours = description.startswith(DEPLOYMENT_MARK) and deployment.get("DeploymentStatus") == "DEPLOYED"
    return description.removeprefix(DEPLOYMENT_MARK) if ours else ""


def _pages(client: Any, operation: str, **parameters: str) -> list[Answer]:
    return [item for page in client.get_paginator(operation).paginate(**parameters) for item in page["Items"]]


def _found(call: Any, **parameters: str) -> Answer | None:
    """The answer of ``call``, or None when there is no such thing."""
    try:
        with translated():
            answer: Answer = call(**parameters)
    except AwsError as error:
        if error.status != 404:
            raise
        return None
    return answer
