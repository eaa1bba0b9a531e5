"""Stages: names, settings, and what still needs them."""

from __future__ import annotations

import re

from apigw_ws.emulator.control.tables import Path, Record
from apigw_ws.emulator.control.world import World, bad_request, conflict, not_found

#: What one account may do (the quotas page); a stage cannot have more.
ACCOUNT_RATE, ACCOUNT_BURST = 10_000, 5_000
_VARIABLE_NAME = re.compile(r"[A-Za-z0-9_]{1,64}")
_VARIABLE_VALUE = re.compile(r"[A-Za-z0-9\-._~:/?#&=,]{1,512}")


def rule(world: World, path: Path, stage: Record, before: Record | None) -> None:
    if not re.fullmatch(r"[a-zA-Z0-9_-]+", stage["StageName"]):
        raise bad_request("Stage name only allows a-zA-Z0-9_-")
    if before is None and world.tables.get("Stage", *path) is not None:
        raise conflict("Stage already exists")
    _check_deployment(world, path, stage, before)
    _check_variables(stage["StageVariables"])
    _check_route_settings(world, path[0], stage)
    _check_access_log(stage.get("AccessLogSettings", {}))
    stage["LastUpdatedDate"] = world.now()


def _check_deployment(world: World, path: Path, stage: Record, before: Record | None) -> None:
    wanted = stage.get("DeploymentId")
    if wanted is None or (before is not None and wanted == before.get("DeploymentId")):
        return
    if world.tables.get("Deployment", path[0], wanted) is None:
        raise not_found(f"Invalid Deployment identifier specified {wanted}")
    if before is not None and stage.get("AutoDeploy"):
        raise bad_request("DeploymentId cannot be changed for a stage with AutoDeploy enabled")


def _check_variables(variables: dict[str, str]) -> None:
    if len(variables) > 100:
        raise bad_request("A stage can have at most 100 stage variables")
    for name, value in variables.items():
        if not _VARIABLE_NAME.fullmatch(name):
            raise bad_request(f"Stage variable names may only have alphanumeric characters and _: {name}")
        if not _VARIABLE_VALUE.fullmatch(value):
            raise bad_request(
                "Stage variable values may only have alphanumeric characters and -._~:/?#&=,: " + value
            )


def _check_route_settings(world: World, api_id: str, stage: Record) -> None:
    keys = {route["RouteKey"] for route in world.tables.under("Route", api_id)}
    for key in stage["RouteSettings"]:
        if key not in keys:
            raise not_found(f"Unable to find Route by key {key} within the provided RouteSettings")
    for settings in (stage["DefaultRouteSettings"], *stage["RouteSettings"].values()):
        rate, burst = settings.get("ThrottlingRateLimit", 0), settings.get("ThrottlingBurstLimit", 0)
        if not (0 <= rate <= ACCOUNT_RATE and 0 <= burst <= ACCOUNT_BURST):
            raise bad_request(
                "Throttling limits must be between 0 and the account's: "
                f"rate {ACCOUNT_RATE}, burst {ACCOUNT_BURST}"
            )


def _check_access_log(settings: Record) -> None:
    style = settings.get("Format", "").removesuffix("\n")
    if not settings:
        return
    if not settings.get("DestinationArn", "").startswith("arn:"):
        raise bad_request("AccessLogSettings needs the ARN of a CloudWatch log group or a Firehose stream")
    if "\n" in style:
        raise bad_request("Access Log format must be single line, a new line is allowed only at its end")
    if "$context.requestId" not in style and "$context.extendedRequestId" not in style:
        raise bad_request("Access Log format must contain $context.requestId or $context.extendedRequestId")


def removal(world: World, path: Path, stage: Record) -> None:
    used = world.tables.items("ApiMapping")
    domains = {where[0] for where, m in used if (m["ApiId"], m["Stage"]) == (path[0], path[1])}
    if domains:
        raise bad_request(
            f"Deleting stage {path[1]} failed. Please remove all base path mappings related to the stage "
            f"in your domains: {', '.join(sorted(domains))}"
        )
