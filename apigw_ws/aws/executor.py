"""Performs operations in AWS, one after the other. Nothing is decided here."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import singledispatch
from typing import Final

from django.utils.translation import gettext as _

from apigw_ws.aws.calls import (
    DEFAULT,
    STAGE_MEMBERS,
    Calls,
    api_fields,
    integration_fields,
    route_fields,
    stage_fields,
)
from apigw_ws.aws.domain_calls import PERFORMERS
from apigw_ws.aws.errors import translated
from apigw_ws.aws.operations import (
    CreateApi,
    CreateRoute,
    CreateStage,
    Deploy,
    DisableReplies,
    EnableReplies,
    Operation,
    RemoveIntegration,
    RemoveRoute,
    RemoveStage,
    RemoveTags,
    SetTags,
    UpdateApi,
    UpdateRoute,
    UpdateStage,
)
from apigw_ws.aws.spec import DEPLOYMENT_MARK
from apigw_ws.exceptions import AwsError

#: How often, a second apart, a PENDING deployment is polled; AWS usually answers DEPLOYED at once.
DEPLOYMENT_PATIENCE: Final = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """An operation that succeeded, with AWS's request IDs."""

    operation: Operation
    request_ids: tuple[str, ...]


def run(operations: Iterable[Operation], calls: Calls) -> Iterator[Done]:
    """Perform the operations, yielding each as it succeeds; stop at the first that fails.

    Raises AwsError. What was done by then stays; a new plan continues from there.
    """
    for operation in operations:
        calls.request_ids = []
        with translated():  # for what is read in the answers
            perform(operation, calls)
        yield Done(operation=operation, request_ids=tuple(calls.request_ids))


@singledispatch
def perform(operation: Operation, calls: Calls) -> None:
    """Do one operation. Raises AwsError."""
    raise NotImplementedError(type(operation).__name__)


for performer in PERFORMERS:
    perform.register(performer)


@perform.register
def create_api(operation: CreateApi, calls: Calls) -> None:
    answer = calls.call(
        "create_api", ProtocolType="WEBSOCKET", Tags=operation.tags, **api_fields(operation.api)
    )
    calls.api_id, calls.endpoint = answer["ApiId"], answer["ApiEndpoint"]


@perform.register
def update_api(operation: UpdateApi, calls: Calls) -> None:
    calls.on_api("update_api", **api_fields(operation.api))


@perform.register
def set_tags(operation: SetTags, calls: Calls) -> None:
    calls.tag(calls.arn, operation.tags)


@perform.register
def remove_tags(operation: RemoveTags, calls: Calls) -> None:
    calls.tag(calls.arn, {}, operation.keys)


@perform.register
def create_route(operation: CreateRoute, calls: Calls) -> None:
    route = operation.route
    fields = route_fields(route, calls.create_integration(route))
    if route.two_way:
        fields["RouteResponseSelectionExpression"] = DEFAULT
    answer = calls.on_api("create_route", RouteKey=route.key, **fields)
    if route.two_way:
        calls.on_api("create_route_response", RouteId=answer["RouteId"], RouteResponseKey=DEFAULT)


@perform.register
def update_route(operation: UpdateRoute, calls: Calls) -> None:
    route, integration_id = operation.route, operation.integration_id
    if integration_id:
        fields = integration_fields(route)
        # AWS merges the parameters: one that is left out stays, one that is empty goes.
        fields["RequestParameters"] |= dict.fromkeys(operation.dropped, "")
        calls.on_api("update_integration", IntegrationId=integration_id, **fields)
    target = integration_id or calls.create_integration(route)
    if route.declared or not integration_id:
        calls.on_api("update_route", RouteId=operation.route_id, **route_fields(route, target))


@perform.register
def enable_replies(operation: EnableReplies, calls: Calls) -> None:
    # AWS replies where a route response exists and the route's expression selects it.
    if not operation.has_response:
        calls.on_api("create_route_response", RouteId=operation.route_id, RouteResponseKey=DEFAULT)
    calls.on_api("update_route", RouteId=operation.route_id, RouteResponseSelectionExpression=DEFAULT)


@perform.register
def disable_replies(operation: DisableReplies, calls: Calls) -> None:
    for response_id in operation.response_ids:
        calls.delete("delete_route_response", RouteId=operation.route_id, RouteResponseId=response_id)
    calls.on_api("update_route", RouteId=operation.route_id, RouteResponseSelectionExpression="")


@perform.register
def remove_route(operation: RemoveRoute, calls: Calls) -> None:
    calls.delete("delete_route", RouteId=operation.route_id)
    if operation.integration_id:
        calls.delete("delete_integration", IntegrationId=operation.integration_id)


@perform.register
def remove_integration(operation: RemoveIntegration, calls: Calls) -> None:
    calls.delete("delete_integration", IntegrationId=operation.integration_id)


@perform.register
def create_stage(operation: CreateStage, calls: Calls) -> None:
    stage = operation.stage
    fields = stage_fields(stage, {})
    if not stage.access_log_destination_arn:
        del fields["AccessLogSettings"]
    calls.on_api("create_stage", StageName=stage.name, Tags=operation.tags, **fields)


@perform.register
def update_stage(operation: UpdateStage, calls: Calls) -> None:
    stage = operation.stage
    changed = {STAGE_MEMBERS[name] for name in operation.changes if name in STAGE_MEMBERS}
    fields = stage_fields(stage, operation.kept, operation.dropped)
    if changed:
        calls.on_api("update_stage", StageName=stage.name, **{name: fields[name] for name in changed})
    # Last, so that a run that is cut off claims no variable it did not set, and gives up none it still has.
    calls.tag(f"{calls.arn}/stages/{stage.name}", operation.tags, operation.dropped_tags)


@perform.register
def deploy(operation: Deploy, calls: Calls) -> None:
    answer = calls.on_api(
        "create_deployment",
        StageName=operation.stage_name,
        Description=DEPLOYMENT_MARK + operation.digest,
    )
    patience = DEPLOYMENT_PATIENCE
    while answer["DeploymentStatus"] == "PENDING" and patience:
        time.sleep(1)
        patience -= 1
        answer = calls.on_api("get_deployment", DeploymentId=answer["DeploymentId"])
    if answer["DeploymentStatus"] != "DEPLOYED":
        raise AwsError(
            _("AWS did not finish the deployment: %(said)s. Apply again.")
            % {"said": answer.get("DeploymentStatusMessage") or answer["DeploymentStatus"]},
            code=answer["DeploymentStatus"],
            operation="CreateDeployment",
            request_id=calls.request_ids[-1],
        )


@perform.register
def remove_stage(operation: RemoveStage, calls: Calls) -> None:
    calls.delete("delete_stage", StageName=operation.name)
