"""Lists the deployments of an API, and points its stage at one of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from apigw_ws.aws.calls import Calls
from apigw_ws.aws.errors import translated
from apigw_ws.aws.executor import perform
from apigw_ws.aws.operations import Operation
from apigw_ws.aws.spec import DEPLOYMENT_MARK


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentState:
    """A deployment as AWS lists it. AWS does not say what it holds."""

    id: str
    created_on: datetime
    description: str
    #: "PENDING", "FAILED" or "DEPLOYED".
    status: str

    @property
    def digest(self) -> str:
        """The digest of the spec that we deployed; empty if it was deployed elsewhere."""
        ours = self.description.startswith(DEPLOYMENT_MARK)
        return self.description.removeprefix(DEPLOYMENT_MARK) if ours else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PointStage(Operation):
    """Points the stage at another deployment. It serves that at once; connections stay open."""

    destructive = True

    stage_name: str
    deployment_id: str
    #: The deployment that is live until then.
    replaces: str
    #: In ISO 8601 and UTC: the worker's clock may not be that of whoever was shown the plan.
    created_on: str
    #: AWS moves such a stage by itself, so automatic deployment has to be switched off first.
    auto_deploy: bool

    def describe(self) -> str:
        created_on = timezone.localtime(datetime.fromisoformat(self.created_on))
        return _("Point the stage “%(name)s” at the deployment %(id)s of %(when)s.") % {
            "name": self.stage_name,
            "id": self.deployment_id,
            "when": date_format(created_on, "Y-m-d H:i"),
        }


def deployments(client: Any, api_id: str) -> list[DeploymentState]:
    """The API's deployments, in AWS's order. Raises AwsError."""
    with translated():
        pages = client.get_paginator("get_deployments").paginate(ApiId=api_id)
        return [_state(item) for page in pages for item in page["Items"]]


def deployment(client: Any, api_id: str, deployment_id: str) -> DeploymentState:
    """One deployment. Raises AwsError, with status 404 where there is none."""
    with translated():
        return _state(client.get_deployment(ApiId=api_id, DeploymentId=deployment_id))


def _state(item: dict[str, Any]) -> DeploymentState:
    return DeploymentState(
        id=item["DeploymentId"],
        created_on=item["CreatedDate"],
        description=item.get("Description", ""),
        status=item.get("DeploymentStatus", ""),
    )


@perform.register
def point_stage(operation: PointStage, calls: Calls) -> None:
    if operation.auto_deploy:
        calls.on_api("update_stage", StageName=operation.stage_name, AutoDeploy=False)
    calls.on_api("update_stage", StageName=operation.stage_name, DeploymentId=operation.deployment_id)
