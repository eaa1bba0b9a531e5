"""Deployments as snapshots: what a stage serves is what the API was when it was deployed."""

from __future__ import annotations

from apigw_ws.emulator.control.resources import Resource
from apigw_ws.emulator.control.rules.deployments import NO_ROUTES
from apigw_ws.emulator.control.tables import Path, Record, Tables
from apigw_ws.emulator.control.world import World, new_id
from apigw_ws.emulator.values import DeployedRoute, DeployedStage

#: Automatic deployments that no stage points at are dropped beyond these, oldest first.
AUTOMATIC_KEPT = 10


class Deployments:
    """Makes snapshots, moves stages to them, and says what a stage serves."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.tables: Tables = world.tables

    def snapshot(self, api_id: str, deployment_id: str) -> None:
        """Keep the API's routes and integrations as they are now."""
        routes = self.tables.under("Route", api_id)
        integrations = self.tables.under("Integration", api_id)
        kept = {
            "Api": self.tables.get("Api", api_id),
            "Routes": routes,
            "Integrations": {f"integrations/{i['IntegrationId']}": i for i in integrations},
            "TwoWay": [path[1] for path, _ in self.tables.items("RouteResponse", api_id)],
        }
        self.tables.put("Snapshot", (api_id, deployment_id, "snapshot"), kept)

    def after(self, resource: Resource, path: Path, before: Record | None) -> None:
        """Stages with AutoDeploy follow a change of their API, or start when AutoDeploy is switched on."""
        if resource.kind == "Stage":
            stage = self.tables.get("Stage", *path)
            if stage and stage.get("AutoDeploy") and not (before or {}).get("AutoDeploy"):
                self._deploy_automatically(path[0], [stage])
        elif resource.deployable:
            stages = [stage for stage in self.tables.under("Stage", path[0]) if stage.get("AutoDeploy")]
            if stages:
                self._deploy_automatically(path[0], stages)

    def point(self, api_id: str, stage: Record, deployment_id: str) -> None:
        stage |= {"DeploymentId": deployment_id, "LastUpdatedDate": self.world.now()}
        self.tables.put("Stage", (api_id, stage["StageName"]), stage)

    def _deploy_automatically(self, api_id: str, stages: list[Record]) -> None:
        made = self._made(api_id) if self.tables.under("Route", api_id) else None
        for stage in stages:
            if made is None:
                stage["LastDeploymentStatusMessage"] = f"Deployment attempt failed: {NO_ROUTES}."
            else:
                said = f"Successfully deployed stage with deployment ID '{made}'"
                self.point(api_id, stage | {"LastDeploymentStatusMessage": said}, made)
        self._forget_old(api_id)

    def _made(self, api_id: str) -> str:
        name = new_id(6)
        record = {
            "AutoDeployed": True,
            "CreatedDate": self.world.now(),
            "DeploymentId": name,
            "DeploymentStatus": "DEPLOYED",
            "Description": "Automatic deployment triggered by changes to the Api configuration",
        }
        self.tables.put("Deployment", (api_id, name), record)
        self.snapshot(api_id, name)
        return name

    def _forget_old(self, api_id: str) -> None:
        used = {stage.get("DeploymentId") for stage in self.tables.under("Stage", api_id)}
        made = [d["DeploymentId"] for d in self.tables.under("Deployment", api_id) if d["AutoDeployed"]]
        for name in [name for name in made if name not in used][:-AUTOMATIC_KEPT]:
            self.tables.remove("Deployment", api_id, name)

    def deployed(self, api_id: str, stage_name: str) -> DeployedStage | None:
        """What the stage serves, with its settings of now; None if it serves nothing."""
        stage = self.tables.get("Stage", api_id, stage_name)
        kept = stage and self.tables.get("Snapshot", api_id, stage.get("DeploymentId", ""), "snapshot")
        if not stage or not kept:
            return None
        routes = {
            route["RouteKey"]: DeployedRoute(
                key=route["RouteKey"],
                route=route,
                integration=kept["Integrations"].get(route.get("Target")),
                two_way=route["RouteId"] in kept["TwoWay"],
            )
            for route in kept["Routes"]
        }
        return DeployedStage(
            api_id=api_id, stage_name=stage_name, api=kept["Api"], stage=stage, routes=routes
        )
