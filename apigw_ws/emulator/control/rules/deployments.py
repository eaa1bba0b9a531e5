"""Deployments: when one can be made, and when one may go."""

from __future__ import annotations

from apigw_ws.emulator.control.tables import Path, Record
from apigw_ws.emulator.control.world import World, bad_request

NO_ROUTES = "At least one route is required before deploying the Api"


def rule(world: World, path: Path, deployment: Record, before: Record | None) -> None:
    if before is None and not world.tables.under("Route", path[0]):
        raise bad_request(NO_ROUTES)


def removal(world: World, path: Path, deployment: Record) -> None:
    stages = world.tables.under("Stage", path[0])
    if any(stage.get("DeploymentId") == deployment["DeploymentId"] for stage in stages):
        raise bad_request("Active stages pointing to this deployment must be moved or deleted")
