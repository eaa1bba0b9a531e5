"""The way from nothing to a served stage, through the real boto3."""

from __future__ import annotations

from typing import Any

from apigw_ws.emulator.control.plane import ControlPlane

URL = "http://127.0.0.1:8000/ws/default"


def test_a_gateway_is_made_and_served(api: Any, plane: ControlPlane) -> None:
    made = api.create_api(
        Name="chat", ProtocolType="WEBSOCKET", RouteSelectionExpression="$request.body.action"
    )
    api_id = made["ApiId"]
    integration = api.create_integration(
        ApiId=api_id, IntegrationType="HTTP_PROXY", IntegrationMethod="POST", IntegrationUri=URL
    )
    target = f"integrations/{integration['IntegrationId']}"
    route = api.create_route(ApiId=api_id, RouteKey="$default", Target=target)
    api.create_route_response(ApiId=api_id, RouteId=route["RouteId"], RouteResponseKey="$default")
    api.create_stage(ApiId=api_id, StageName="prod")
    assert plane.deployed(api_id, "prod") is None

    api.create_deployment(ApiId=api_id, StageName="prod")

    served = plane.deployed(api_id, "prod")
    assert f"ws://127.0.0.1:8790/_aws/execute-api/{api_id}" == made["ApiEndpoint"]
    assert served is not None and list(served.routes) == ["$default"]
    assert served.routes["$default"].two_way
    assert served.routes["$default"].integration["IntegrationUri"] == URL
