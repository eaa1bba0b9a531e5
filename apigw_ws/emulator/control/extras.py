"""The operations of API Gateway that are not create, get, list, update or delete."""

from __future__ import annotations

import re
from collections.abc import Callable

from apigw_ws.emulator.control.crud import Crud
from apigw_ws.emulator.control.deployments import Deployments
from apigw_ws.emulator.control.resources import BY_KIND, Resource
from apigw_ws.emulator.control.rules import models
from apigw_ws.emulator.control.rules.tags import check as check_tags
from apigw_ws.emulator.control.tables import Path, Record
from apigw_ws.emulator.control.world import Values, bad_request, not_found

#: The kinds that have tags, by what follows the ARN's prefix.
_TAGGED = (
    (re.compile(r"/apis/([^/]+)"), "Api"),
    (re.compile(r"/apis/([^/]+)/stages/([^/]+)"), "Stage"),
    (re.compile(r"/domainnames/([^/]+)"), "DomainName"),
)


class Extras:
    def __init__(self, crud: Crud, deployments: Deployments) -> None:
        self.crud = crud
        self.deployments = deployments
        self.world = crud.world

    def operations(self) -> dict[str, Callable[[Values], Values | None]]:
        return {
            "CreateDeployment": self.create_deployment,
            "DeleteAccessLogSettings": self.delete_access_log_settings,
            "DeleteRouteRequestParameter": self.delete_route_request_parameter,
            "DeleteRouteSettings": self.delete_route_settings,
            "GetModelTemplate": self.get_model_template,
            "GetTags": self.get_tags,
            "ResetAuthorizersCache": self.reset_authorizers_cache,
            "TagResource": self.tag_resource,
            "UntagResource": self.untag_resource,
        }

    def create_deployment(self, asked: Values) -> Values:
        """A snapshot of the API, and the stage, if one is named, serves it."""
        stage = self.crud.find(BY_KIND["Stage"], asked)[1] if "StageName" in asked else None
        if stage is not None and stage.get("AutoDeploy"):
            raise bad_request("DeploymentId cannot be changed for a stage with AutoDeploy enabled")
        made = self.crud.create(BY_KIND["Deployment"], asked)
        self.deployments.snapshot(asked["ApiId"], made["DeploymentId"])
        if stage is not None:
            self.deployments.point(asked["ApiId"], stage, made["DeploymentId"])
        return made

    def delete_access_log_settings(self, asked: Values) -> None:
        path, before = self.crud.find(BY_KIND["Stage"], asked)
        without = {name: value for name, value in before.items() if name != "AccessLogSettings"}
        self.crud.write(BY_KIND["Stage"], path, without, before)

    def delete_route_settings(self, asked: Values) -> None:
        missing = f"Unable to find Route by key {asked['RouteKey']} within the provided RouteSettings"
        self._drop(BY_KIND["Stage"], asked, "RouteSettings", asked["RouteKey"], missing)

    def delete_route_request_parameter(self, asked: Values) -> None:
        key = asked["RequestParameterKey"]
        missing = f"Invalid request parameter specified {key}"
        self._drop(BY_KIND["Route"], asked, "RequestParameters", key, missing)

    def _drop(self, resource: Resource, asked: Values, member: str, key: str, missing: str) -> None:
        """Take one key out of a member that is a map; 404 with `missing` where it is not in it."""
        path, before = self.crud.find(resource, asked)
        if key not in before.get(member, {}):
            raise not_found(missing)
        rest = {name: value for name, value in before[member].items() if name != key}
        self.crud.write(resource, path, before | {member: rest}, before)

    def reset_authorizers_cache(self, asked: Values) -> None:
        """WebSocket APIs keep no results of authorizers, so there is nothing to forget."""
        self.crud.find(BY_KIND["Stage"], asked)

    def get_model_template(self, asked: Values) -> Values:
        return {"Value": models.template(self.crud.find(BY_KIND["Model"], asked)[1])}

    def get_tags(self, asked: Values) -> Values:
        return {"Tags": self._tagged(asked)[2].get("Tags", {})}

    def tag_resource(self, asked: Values) -> Values:
        kind, path, record = self._tagged(asked)
        tags = record.get("Tags", {}) | asked.get("Tags", {})
        check_tags(tags)
        self.world.tables.put(kind, path, record | {"Tags": tags})
        return {}

    def untag_resource(self, asked: Values) -> None:
        kind, path, record = self._tagged(asked)
        tags = {key: value for key, value in record.get("Tags", {}).items() if key not in asked["TagKeys"]}
        self.world.tables.put(kind, path, record | {"Tags": tags})

    def _tagged(self, asked: Values) -> tuple[str, Path, Record]:
        arn = asked["ResourceArn"]
        prefix = f"arn:aws:apigateway:{self.world.region}::"
        for pattern, kind in _TAGGED:
            found = pattern.fullmatch(arn.removeprefix(prefix)) if arn.startswith(prefix) else None
            record = found and self.world.tables.get(kind, *found.groups())
            if found and record:
                return kind, found.groups(), record
        raise not_found(f"Invalid resource identifier specified {arn}")
