"""Deployments and stages, and what the data plane is told of them, through the real boto3."""

from __future__ import annotations

from typing import Any

import pytest

from apigw_ws.emulator.control.plane import ControlPlane
from apigw_ws.emulator.metrics import Metrics
from tests.emulator.aws import make_api, make_integration, make_route, refused
from tests.emulator.conftest import Clock

NO_ROUTES = "At least one route is required before deploying the Api"


@pytest.fixture
def api_id(api: Any) -> str:
    return make_api(api)


def deploy(api: Any, api_id: str, stage: str = "prod") -> str:
    made: str = api.create_deployment(ApiId=api_id, StageName=stage)["DeploymentId"]
    return made


class TestDeployments:
    def test_one_is_a_snapshot_so_an_edit_does_nothing_until_the_next(
        self, api: Any, api_id: str, plane: ControlPlane
    ) -> None:
        route = make_route(api, api_id, "chat")
        api.create_stage(ApiId=api_id, StageName="prod")
        first = deploy(api, api_id)

        api.update_route(ApiId=api_id, RouteId=route, RouteKey="talk")
        api.create_route_response(ApiId=api_id, RouteId=route, RouteResponseKey="$default")
        api.update_api(ApiId=api_id, RouteSelectionExpression="$request.body.kind")
        before = plane.deployed(api_id, "prod")
        second = deploy(api, api_id)
        after = plane.deployed(api_id, "prod")

        assert first != second
        assert before is not None and after is not None
        assert (list(before.routes), list(after.routes)) == (["chat"], ["talk"])
        assert before.api["RouteSelectionExpression"] == "$request.body.action"
        assert after.api["RouteSelectionExpression"] == "$request.body.kind"
        assert (before.routes["chat"].two_way, after.routes["talk"].two_way) == (False, True)

    def test_a_deleted_route_is_served_until_the_next(
        self, api: Any, api_id: str, plane: ControlPlane
    ) -> None:
        route = make_route(api, api_id, "chat")
        make_route(api, api_id, "$default")
        api.create_stage(ApiId=api_id, StageName="prod")
        deploy(api, api_id)

        api.delete_route(ApiId=api_id, RouteId=route)

        served = plane.deployed(api_id, "prod")
        assert served is not None and {"chat", "$default"} == set(served.routes)

    def test_a_stage_can_be_moved_back(self, api: Any, api_id: str, plane: ControlPlane) -> None:
        make_route(api, api_id, "chat")
        api.create_stage(ApiId=api_id, StageName="prod")
        first = deploy(api, api_id)
        make_route(api, api_id, "talk")
        deploy(api, api_id)

        api.update_stage(ApiId=api_id, StageName="prod", DeploymentId=first)

        served = plane.deployed(api_id, "prod")
        assert served is not None and list(served.routes) == ["chat"]

    def test_one_needs_a_route(self, api: Any, api_id: str) -> None:
        with refused(400, "BadRequestException", NO_ROUTES):
            api.create_deployment(ApiId=api_id)
        assert api.get_deployments(ApiId=api_id)["Items"] == []

    def test_one_for_a_stage_needs_the_stage(self, api: Any, api_id: str) -> None:
        make_route(api, api_id)

        with refused(404, "NotFoundException", "Invalid stage identifier specified"):
            deploy(api, api_id)
        assert api.get_deployments(ApiId=api_id)["Items"] == []

    def test_one_without_a_stage_leaves_stages_as_they_are(
        self, api: Any, api_id: str, plane: ControlPlane
    ) -> None:
        make_route(api, api_id)
        api.create_stage(ApiId=api_id, StageName="prod")

        made = api.create_deployment(ApiId=api_id, Description="first")

        assert (
            made["DeploymentStatus"],
            made["AutoDeployed"],
            made["Description"],
        ) == ("DEPLOYED", False, "first")
        assert "DeploymentId" not in api.get_stage(ApiId=api_id, StageName="prod")
        assert plane.deployed(api_id, "prod") is None

    def test_one_that_a_stage_serves_cannot_be_deleted(self, api: Any, api_id: str) -> None:
        make_route(api, api_id)
        api.create_stage(ApiId=api_id, StageName="prod")
        first = deploy(api, api_id)

        with refused(400, "BadRequestException", "Active stages pointing to this deployment"):
            api.delete_deployment(ApiId=api_id, DeploymentId=first)

        deploy(api, api_id)
        api.update_deployment(ApiId=api_id, DeploymentId=first, Description="old")
        assert api.get_deployment(ApiId=api_id, DeploymentId=first)["Description"] == "old"
        api.delete_deployment(ApiId=api_id, DeploymentId=first)


class TestStages:
    def test_a_new_one_has_the_defaults_of_aws(self, api: Any, api_id: str) -> None:
        made = api.create_stage(ApiId=api_id, StageName="prod")

        assert made["DefaultRouteSettings"] == {
            "DataTraceEnabled": False,
            "DetailedMetricsEnabled": False,
            "LoggingLevel": "OFF",
        }
        assert (made["RouteSettings"], made["StageVariables"], made["Tags"]) == ({}, {}, {})
        assert made["CreatedDate"] == made["LastUpdatedDate"]

    def test_settings_of_a_stage_need_no_deployment(
        self, api: Any, api_id: str, plane: ControlPlane, clock: Clock
    ) -> None:
        make_route(api, api_id, "chat")
        api.create_stage(ApiId=api_id, StageName="prod", StageVariables={"a": "1", "b": "2"})
        deploy(api, api_id)
        clock.seconds += 60

        api.update_stage(
            ApiId=api_id,
            StageName="prod",
            StageVariables={"a": "", "c": "3"},
            DefaultRouteSettings={"ThrottlingRateLimit": 5.0, "ThrottlingBurstLimit": 10},
            RouteSettings={"chat": {"ThrottlingRateLimit": 1.0}},
        )

        served = plane.deployed(api_id, "prod")
        assert served is not None
        assert served.stage["StageVariables"] == {"b": "2", "c": "3"}
        assert served.stage["DefaultRouteSettings"]["ThrottlingRateLimit"] == 5.0
        assert served.stage["DefaultRouteSettings"]["LoggingLevel"] == "OFF"
        assert served.stage["RouteSettings"] == {"chat": {"ThrottlingRateLimit": 1.0}}
        got = api.get_stage(ApiId=api_id, StageName="prod")
        assert (got["LastUpdatedDate"] - got["CreatedDate"]).total_seconds() == 60

    def test_route_settings_and_access_logs_can_be_deleted(self, api: Any, api_id: str) -> None:
        make_route(api, api_id, "$default")
        log = {
            "DestinationArn": "arn:aws:logs:eu-west-2:1:log-group:x",
            "Format": "$context.requestId\n",
        }
        api.create_stage(
            ApiId=api_id,
            StageName="prod",
            AccessLogSettings=log,
            RouteSettings={"$default": {"DetailedMetricsEnabled": True}},
        )
        ids = {"ApiId": api_id, "StageName": "prod"}

        api.delete_route_settings(**ids, RouteKey="$default")
        api.delete_access_log_settings(**ids)
        api.reset_authorizers_cache(**ids)

        got = api.get_stage(**ids)
        assert got["RouteSettings"] == {}
        assert "AccessLogSettings" not in got
        with refused(404, "NotFoundException", "$default"):
            api.delete_route_settings(**ids, RouteKey="$default")

    @pytest.mark.parametrize(
        ("changes", "status", "says"),
        [
            ({"StageName": "$default"}, 400, "Stage name only allows"),
            ({"StageName": "a b"}, 400, "Stage name only allows"),
            ({"DeploymentId": "nope"}, 404, "nope"),
            ({"StageVariables": {"a-b": "1"}}, 400, "a-b"),
            ({"StageVariables": {"a": "a b"}}, 400, "a b"),
            ({"StageVariables": {f"a{n}": "1" for n in range(101)}}, 400, "100"),
            ({"RouteSettings": {"nope": {}}}, 404, "Unable to find Route by key nope"),
            ({"DefaultRouteSettings": {"ThrottlingRateLimit": 10_001.0}}, 400, "rate 10000"),
            ({"DefaultRouteSettings": {"ThrottlingBurstLimit": -1}}, 400, "burst 5000"),
            ({"DefaultRouteSettings": {"LoggingLevel": "LOUD"}}, 400, "enum value set"),
            ({"AccessLogSettings": {"Format": "$context.requestId"}}, 400, "ARN"),
            ({"AccessLogSettings": {"DestinationArn": "arn:x", "Format": "x"}}, 400, "$context.requestId"),
            (
                {"AccessLogSettings": {"DestinationArn": "arn:x", "Format": "$context.requestId\nx"}},
                400,
                "single line",
            ),
        ],
    )
    def test_a_wrong_one_is_refused(
        self, api: Any, api_id: str, changes: dict[str, Any], status: int, says: str
    ) -> None:
        code = "NotFoundException" if status == 404 else "BadRequestException"
        with refused(status, code, says):
            api.create_stage(**{"ApiId": api_id, "StageName": "prod", **changes})
        assert api.get_stages(ApiId=api_id)["Items"] == []

    def test_a_name_can_exist_once_in_an_api(self, api: Any, api_id: str) -> None:
        api.create_stage(ApiId=api_id, StageName="prod")

        with refused(409, "ConflictException", "Stage already exists"):
            api.create_stage(ApiId=api_id, StageName="prod")
        api.create_stage(ApiId=make_api(api), StageName="prod")

    def test_a_deleted_one_is_told_to_the_data_plane(
        self, api: Any, api_id: str, plane: ControlPlane
    ) -> None:
        make_route(api, api_id)
        api.create_stage(ApiId=api_id, StageName="prod")
        deploy(api, api_id)
        assert plane.deployed(api_id, "prod") is not None
        removed: list[tuple[str, str | None]] = []
        plane.on_removed.append(lambda *what: removed.append(what))

        api.delete_stage(ApiId=api_id, StageName="prod")

        assert [(api_id, "prod")] == removed
        assert plane.deployed(api_id, "prod") is None


class TestAutoDeploy:
    def test_every_change_is_served_at_once(self, api: Any, api_id: str, plane: ControlPlane) -> None:
        api.create_stage(ApiId=api_id, StageName="prod", AutoDeploy=True)
        route = make_route(api, api_id, "chat")
        api.update_route(ApiId=api_id, RouteId=route, RouteKey="talk")

        served = plane.deployed(api_id, "prod")
        stage = api.get_stage(ApiId=api_id, StageName="prod")
        deployment = api.get_deployment(ApiId=api_id, DeploymentId=stage["DeploymentId"])

        assert served is not None and list(served.routes) == ["talk"]
        assert deployment["AutoDeployed"] is True
        assert f"deployment ID '{stage['DeploymentId']}'" in stage["LastDeploymentStatusMessage"]

    def test_without_routes_the_stage_says_why_it_serves_nothing(self, api: Any, api_id: str) -> None:
        stage = api.create_stage(ApiId=api_id, StageName="prod", AutoDeploy=True)

        assert f"Deployment attempt failed: {NO_ROUTES}." == stage["LastDeploymentStatusMessage"]
        assert "DeploymentId" not in stage

    def test_switching_it_on_deploys(self, api: Any, api_id: str, plane: ControlPlane) -> None:
        make_route(api, api_id)
        api.create_stage(ApiId=api_id, StageName="prod")

        stage = api.update_stage(ApiId=api_id, StageName="prod", AutoDeploy=True)

        assert stage["DeploymentId"]
        assert plane.deployed(api_id, "prod") is not None

    def test_such_a_stage_cannot_be_moved_by_hand(self, api: Any, api_id: str) -> None:
        make_route(api, api_id)
        by_hand = api.create_deployment(ApiId=api_id)["DeploymentId"]
        api.create_stage(ApiId=api_id, StageName="prod", AutoDeploy=True)

        with refused(400, "BadRequestException", "AutoDeploy"):
            api.update_stage(ApiId=api_id, StageName="prod", DeploymentId=by_hand)
        with refused(400, "BadRequestException", "AutoDeploy"):
            deploy(api, api_id)

    def test_old_automatic_deployments_do_not_pile_up(self, api: Any, api_id: str) -> None:
        by_hand_route = make_route(api, api_id)
        by_hand = api.create_deployment(ApiId=api_id)["DeploymentId"]
        api.create_stage(ApiId=api_id, StageName="prod", AutoDeploy=True)

        for number in range(15):
            api.update_route(ApiId=api_id, RouteId=by_hand_route, RouteKey=f"r{number}")

        kept = api.get_deployments(ApiId=api_id)["Items"]
        assert len(kept) == 12
        assert by_hand in [deployment["DeploymentId"] for deployment in kept]


def test_the_metrics_of_a_route_are_kept_where_the_stage_asks_for_detail(
    api: Any, api_id: str, plane: ControlPlane, metrics: Metrics
) -> None:
    for key in ("loud", "quiet"):
        make_route(api, api_id, key)
    settings = {"loud": {"DetailedMetricsEnabled": True}}
    api.create_stage(ApiId=api_id, StageName="prod", RouteSettings=settings)
    deploy(api, api_id)

    for key in ("loud", "quiet"):
        metrics.count(api_id, "prod", key, "MessageCount")
        metrics.count(api_id, "gone", key, "MessageCount")

    assert {(api_id,), (api_id, "prod"), (api_id, "gone"), (api_id, "prod", "loud")} == {
        dimensions for dimensions, _ in metrics.names()
    }


def test_a_route_without_an_integration_is_served_as_such(api: Any, api_id: str, plane: ControlPlane) -> None:
    api.create_route(ApiId=api_id, RouteKey="$default")
    make_integration(api, api_id)
    api.create_stage(ApiId=api_id, StageName="prod")
    deploy(api, api_id)

    served = plane.deployed(api_id, "prod")

    assert served is not None and served.routes["$default"].integration is None
