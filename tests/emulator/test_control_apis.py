"""APIs, their tags, and what all resources have in common, through the real boto3."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from apigw_ws.emulator.control.plane import ControlPlane
from apigw_ws.emulator.values import AwsError
from tests.emulator.aws import make_api, make_integration, make_route, refused, status_of

REGION = "eu-west-2"


def test_a_new_api_is_described_as_aws_does(api: Any) -> None:
    made = api.create_api(
        Name="chat",
        ProtocolType="WEBSOCKET",
        RouteSelectionExpression="$request.body.action",
        Description="Talk",
        Tags={"team": "core"},
    )

    assert re.fullmatch(r"[a-z0-9]{10}", made["ApiId"])
    assert f"ws://127.0.0.1:8790/_aws/execute-api/{made['ApiId']}" == made["ApiEndpoint"]
    assert made["ApiKeySelectionExpression"] == "$request.header.x-api-key"
    assert made["DisableExecuteApiEndpoint"] is False
    assert made["Tags"] == {"team": "core"}
    assert made["CreatedDate"].timestamp() == 1_790_000_000
    got = api.get_api(ApiId=made["ApiId"])
    assert {k: v for k, v in made.items() if k != "ResponseMetadata"} == {
        k: v for k, v in got.items() if k != "ResponseMetadata"
    }


def test_post_answers_201_get_and_patch_200_delete_204(api: Any) -> None:
    made = api.create_api(Name="a", ProtocolType="WEBSOCKET", RouteSelectionExpression="$request.body.a")
    api_id = made["ApiId"]

    assert status_of(made) == 201
    assert status_of(api.get_api(ApiId=api_id)) == 200
    assert status_of(api.update_api(ApiId=api_id, Name="b")) == 200
    assert status_of(api.delete_api(ApiId=api_id)) == 204


def test_quick_create_fields_are_accepted_and_make_no_route(api: Any) -> None:
    api_id = make_api(api, RouteKey="$default", Target="http://127.0.0.1:8000/ws/")

    assert api.get_routes(ApiId=api_id)["Items"] == []
    assert "Target" not in api.get_api(ApiId=api_id)
    make_route(api, api_id, "$default")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"ProtocolType": "MQTT"}, "Invalid protocol specified. Must be one of [HTTP, WEBSOCKET]"),
        ({"RouteSelectionExpression": ""}, "Route selection expression is required"),
        ({"ApiKeySelectionExpression": "$request.body.key"}, "Invalid API key selection expression"),
        ({"CorsConfiguration": {"AllowOrigins": ["*"]}}, "CORS"),
        ({"Name": ""}, "length greater than or equal to 1"),
        ({"Name": "x" * 129}, "length less than or equal to 128"),
        ({"Description": "x" * 1025}, "length less than or equal to 1024"),
    ],
)
def test_a_wrong_api_is_refused(api: Any, changes: dict[str, Any], says: str) -> None:
    with refused(400, "BadRequestException", says):
        make_api(api, **changes)
    assert api.get_apis()["Items"] == []


def test_http_apis_and_their_operations_are_not_built_and_say_so(api: Any) -> None:
    with refused(501, "NotImplementedException", "HTTP APIs"):
        make_api(api, ProtocolType="HTTP")
    with refused(501, "NotImplementedException", "apigatewayv2:CreateVpcLink"):
        api.create_vpc_link(Name="x", SubnetIds=["s"])


def test_an_update_changes_what_it_names_and_an_empty_text_takes_away(api: Any) -> None:
    api_id = make_api(api, Description="Talk", Version="1")

    api.update_api(ApiId=api_id, Name="other", Description="", ApiKeySelectionExpression="")

    got = api.get_api(ApiId=api_id)
    assert (got["Name"], got["Version"]) == ("other", "1")
    assert "Description" not in got
    assert got["ApiKeySelectionExpression"] == "$request.header.x-api-key"


@pytest.mark.parametrize(
    ("method", "ids"),
    [
        ("get_api", {}),
        ("update_api", {}),
        ("delete_api", {}),
        ("get_routes", {}),
        ("get_route", {"RouteId": "r"}),
        ("delete_stage", {"StageName": "prod"}),
        ("create_deployment", {}),
        ("create_deployment", {"StageName": "prod"}),
    ],
)
def test_an_unknown_api_is_404(api: Any, method: str, ids: dict[str, str]) -> None:
    with refused(404, "NotFoundException", "Invalid API identifier specified nope"):
        getattr(api, method)(ApiId="nope", **ids)


def test_lists_come_in_pages(api: Any) -> None:
    ids = [make_api(api, Name=f"api {number}") for number in range(5)]

    pages = list(api.get_paginator("get_apis").paginate(PaginationConfig={"PageSize": 2}))

    assert [len(page["Items"]) for page in pages] == [2, 2, 1]
    assert ids == [item["ApiId"] for page in pages for item in page["Items"]]


@pytest.mark.parametrize(
    "wrong", [{"MaxResults": "0"}, {"MaxResults": "many"}, {"NextToken": "?"}, {"NextToken": "LTE="}]
)
def test_a_wrong_page_is_refused(api: Any, wrong: dict[str, str]) -> None:
    with refused(400, "BadRequestException"):
        api.get_apis(**wrong)


def test_deleting_an_api_deletes_everything_in_it(api: Any, plane: ControlPlane) -> None:
    api_id, other = make_api(api), make_api(api)
    for each in (api_id, other):
        route = make_route(api, each)
        api.create_route_response(ApiId=each, RouteId=route, RouteResponseKey="$default")
        api.create_stage(ApiId=each, StageName="prod")
        api.create_deployment(ApiId=each, StageName="prod")
    removed: list[tuple[str, str | None]] = []
    plane.on_removed.append(lambda *what: removed.append(what))

    api.delete_api(ApiId=api_id)

    tables = plane.world.tables
    kinds = ("Api", "Route", "RouteResponse", "Integration", "Stage", "Deployment", "Snapshot")
    assert [1] * len(kinds) == [len(tables.under(kind)) for kind in kinds]
    assert [(api_id, None)] == removed
    assert plane.deployed(api_id, "prod") is None
    assert plane.deployed(other, "prod") is not None
    assert [other] == plane.stages_named("prod")


def test_an_api_has_at_most_300_integrations(api: Any, plane: ControlPlane) -> None:
    api_id = make_api(api)
    for number in range(300):
        plane.world.tables.put("Integration", (api_id, f"i{number}"), {"IntegrationId": f"i{number}"})

    with refused(429, "TooManyRequestsException", "Maximum number of Integrations for this API"):
        make_integration(api, api_id)


def test_tags_of_apis_stages_and_domains_can_be_changed(api: Any) -> None:
    api_id = make_api(api, Tags={"a": "1"})
    api.create_stage(ApiId=api_id, StageName="prod")
    arn = f"arn:aws:apigateway:{REGION}::/apis/{api_id}"

    assert status_of(api.tag_resource(ResourceArn=arn, Tags={"b": "2"})) == 201
    assert status_of(api.untag_resource(ResourceArn=arn, TagKeys=["a", "x"])) == 204
    api.tag_resource(ResourceArn=f"{arn}/stages/prod", Tags={"s": "3"})

    assert api.get_tags(ResourceArn=arn)["Tags"] == {"b": "2"}
    assert api.get_api(ApiId=api_id)["Tags"] == {"b": "2"}
    assert api.get_stage(ApiId=api_id, StageName="prod")["Tags"] == {"s": "3"}


def test_tags_of_unknown_things_and_too_many_tags_are_refused(api: Any) -> None:
    arn = f"arn:aws:apigateway:{REGION}::/apis/{make_api(api)}"

    for unknown in ("nonsense", arn + "/routes/x", arn[:-1], arn.replace(REGION, "us-east-1")):
        with refused(404, "NotFoundException", "Invalid resource identifier"):
            api.get_tags(ResourceArn=unknown)
    for tags, says in (
        ({str(number): "" for number in range(51)}, "50"),
        ({"aws:x": "1"}, "reserved"),
        ({"": "1"}, "1 to 128"),
        ({"a": "x" * 257}, "up to 256"),
    ):
        with refused(400, "BadRequestException", says):
            api.tag_resource(ResourceArn=arn, Tags=tags)
        with refused(400, "BadRequestException", says):
            make_api(api, Tags=tags)


def test_of_many_creations_of_one_route_at_a_time_one_succeeds(api: Any) -> None:
    api_id = make_api(api)

    def create(_: int) -> int:
        try:
            return status_of(api.create_route(ApiId=api_id, RouteKey="chat"))
        except api.exceptions.ConflictException:
            return 409

    with ThreadPoolExecutor(8) as pool:
        statuses = sorted(pool.map(create, range(24)))

    assert statuses == [201] + [409] * 23
    assert len(api.get_routes(ApiId=api_id)["Items"]) == 1


def test_every_operation_of_websocket_apis_is_built_and_the_others_say_that_they_are_not(
    plane: ControlPlane,
) -> None:
    service = plane.services["apigateway"]
    others = re.compile(".*(VpcLink|Portal|Product|RoutingRule|Import|Reimport|Export|Cors).*")

    missing = set(service.model.operation_names) - set(service.operations)

    assert len(service.operations) == 63
    assert [name for name in sorted(missing) if not others.fullmatch(name)] == []
    for name in missing:
        with pytest.raises(AwsError, match=f"does not build apigatewayv2:{name}") as caught:
            service.call(service.model.operation_model(name), {})
        assert caught.value.status == 501
