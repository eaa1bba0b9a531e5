"""Routes, integrations, their responses, authorizers and models, through the real boto3."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.emulator.aws import URL, make_api, make_integration, make_route, refused

LAMBDA = "arn:aws:apigateway:eu-west-2:lambda:path/2015-03-31/functions/f/invocations"


@pytest.fixture
def api_id(api: Any) -> str:
    return make_api(api)


def make_authorizer(api: Any, api_id: str, **changes: Any) -> str:
    asked = {
        "AuthorizerType": "REQUEST",
        "Name": "door",
        "IdentitySource": ["route.request.header.Auth"],
        "AuthorizerUri": LAMBDA,
        **changes,
    }
    made: str = api.create_authorizer(ApiId=api_id, **asked)["AuthorizerId"]
    return made


class TestIntegrations:
    def test_a_new_one_has_the_defaults_of_aws(self, api: Any, api_id: str) -> None:
        made = api.create_integration(
            ApiId=api_id, IntegrationType="HTTP_PROXY", IntegrationMethod="POST", IntegrationUri=URL
        )

        assert re.fullmatch(r"[a-z0-9]{7}", made["IntegrationId"])
        assert tuple(
            made[name]
            for name in ("ConnectionType", "PassthroughBehavior", "PayloadFormatVersion", "TimeoutInMillis")
        ) == ("INTERNET", "WHEN_NO_MATCH", "1.0", 29_000)
        assert "IntegrationResponseSelectionExpression" not in made

    @pytest.mark.parametrize("kind", ["HTTP", "MOCK"])
    def test_one_that_is_no_proxy_selects_its_response_by_status(
        self, api: Any, api_id: str, kind: str
    ) -> None:
        made = api.get_integration(
            ApiId=api_id, IntegrationId=make_integration(api, api_id, IntegrationType=kind)
        )

        assert made["IntegrationResponseSelectionExpression"] == "${integration.response.statuscode}"

    @pytest.mark.parametrize(
        ("changes", "says"),
        [
            ({"IntegrationType": "HTTP_MAGIC"}, "enum value set"),
            ({"IntegrationUri": "/ws/default"}, "Invalid HTTP endpoint specified for URI"),
            ({"IntegrationUri": ""}, "length greater than or equal to 1"),
            ({"IntegrationUri": "http://" + "x" * 2042}, "length less than or equal to 2048"),
            ({"TimeoutInMillis": 29_001}, "29000"),
            ({"PayloadFormatVersion": "2.0"}, "must be 1.0"),
            ({"TlsConfig": {"ServerNameToVerify": "a"}}, "TlsConfig"),
            ({"ConnectionType": "VPC_LINK"}, "ConnectionId"),
            ({"RequestParameters": {"append:header.x": "'1'"}}, "Invalid mapping expression"),
            ({"RequestParameters": {"integration.request.header.x": "$context.connectionId"}}, "$context.c"),
            ({"RequestParameters": {"integration.request.body.x": "context.connectionId"}}, "body.x"),
            ({"RequestParameters": {"integration.request.header.x": "'" + "x" * 512}}, "length less than"),
        ],
    )
    def test_a_wrong_one_is_refused(self, api: Any, api_id: str, changes: dict[str, Any], says: str) -> None:
        with refused(400, "BadRequestException", says):
            make_integration(api, api_id, **changes)

    @pytest.mark.parametrize("missing", ["IntegrationUri", "IntegrationMethod"])
    def test_what_calls_http_needs_an_address_and_a_method(self, api: Any, api_id: str, missing: str) -> None:
        asked = {"IntegrationMethod": "POST", "IntegrationUri": URL}
        del asked[missing]

        with refused(400, "BadRequestException", missing):
            api.create_integration(ApiId=api_id, IntegrationType="HTTP_PROXY", **asked)

    @pytest.mark.parametrize("timeout", [50, 29_000])
    def test_the_limits_of_the_timeout_are_allowed(self, api: Any, api_id: str, timeout: int) -> None:
        made = make_integration(api, api_id, TimeoutInMillis=timeout)

        assert timeout == api.get_integration(ApiId=api_id, IntegrationId=made)["TimeoutInMillis"]

    def test_every_source_of_a_mapping_is_accepted(self, api: Any, api_id: str) -> None:
        sources = (
            "route.request.querystring.token",
            "route.request.header.Origin",
            "route.request.multivalueheader.Cookie",
            "route.request.multivaluequerystring.a",
            "route.request.body",
            "route.request.body.user.name",
            "stageVariables.secret",
            "context.identity.sourceIp",
            "'a text, as it is'",
        )
        mapped = {f"integration.request.header.h{n}": source for n, source in enumerate(sources)}

        made = make_integration(api, api_id, RequestParameters=mapped)

        assert mapped == api.get_integration(ApiId=api_id, IntegrationId=made)["RequestParameters"]

    def test_an_address_may_come_from_a_stage_variable(self, api: Any, api_id: str) -> None:
        make_integration(api, api_id, IntegrationUri="${stageVariables.url}/ws")
        make_integration(api, api_id, IntegrationUri="https://${stageVariables.host}/ws")

    def test_an_update_merges_mappings_and_an_empty_value_removes_one(self, api: Any, api_id: str) -> None:
        a, b, c = (f"integration.request.header.{name}" for name in "abc")
        made = make_integration(api, api_id, RequestParameters={a: "'1'", b: "'2'"})

        updated = api.update_integration(
            ApiId=api_id, IntegrationId=made, RequestParameters={a: "", c: "'3'"}
        )

        assert {b: "'2'", c: "'3'"} == updated["RequestParameters"]
        assert updated["IntegrationUri"] == URL

    def test_one_that_a_route_targets_cannot_be_deleted(self, api: Any, api_id: str) -> None:
        integration = make_integration(api, api_id)
        target = f"integrations/{integration}"
        routes = [
            api.create_route(ApiId=api_id, RouteKey=key, Target=target)["RouteId"] for key in ("a", "b")
        ]

        says = f"referenced by the following Routes with Ids: [{', '.join(routes)}]"
        with refused(409, "ConflictException", "Cannot delete Integration because it is " + says):
            api.delete_integration(ApiId=api_id, IntegrationId=integration)

        for route in routes:
            api.delete_route(ApiId=api_id, RouteId=route)
        api.delete_integration(ApiId=api_id, IntegrationId=integration)
        with refused(404, "NotFoundException", f"Invalid Integration identifier specified {integration}"):
            api.delete_integration(ApiId=api_id, IntegrationId=integration)

    def test_its_responses_have_their_own_life(self, api: Any, api_id: str) -> None:
        ids = {"ApiId": api_id, "IntegrationId": make_integration(api, api_id, IntegrationType="HTTP")}
        made = api.create_integration_response(**ids, IntegrationResponseKey="/2\\d\\d/")
        ids["IntegrationResponseId"] = made["IntegrationResponseId"]

        api.update_integration_response(**ids, ResponseTemplates={"$default": "x"})
        again = {k: v for k, v in ids.items() if k != "IntegrationResponseId"}
        with refused(409, "ConflictException", "already exists"):
            api.create_integration_response(**again, IntegrationResponseKey="/2\\d\\d/")
        with refused(400, "BadRequestException", "200"):
            api.create_integration_response(**again, IntegrationResponseKey="200")

        assert api.get_integration_response(**ids)["ResponseTemplates"] == {"$default": "x"}
        assert len(api.get_integration_responses(**again)["Items"]) == 1
        api.delete_integration_response(**ids)
        assert api.get_integration_responses(**again)["Items"] == []


class TestRoutes:
    def test_a_new_one_is_open_to_all(self, api: Any, api_id: str) -> None:
        made = api.create_route(ApiId=api_id, RouteKey="$connect")

        assert (
            made["RouteKey"],
            made["AuthorizationType"],
            made["ApiKeyRequired"],
        ) == ("$connect", "NONE", False)
        assert "Target" not in made

    def test_a_key_can_exist_once(self, api: Any, api_id: str) -> None:
        make_route(api, api_id, "$connect")
        other = make_route(api, api_id, "chat")

        for again in (
            lambda: make_route(api, api_id, "$connect"),
            lambda: api.update_route(ApiId=api_id, RouteId=other, RouteKey="$connect"),
        ):
            with refused(409, "ConflictException", "Route with key $connect already exists for this API"):
                again()
        api.update_route(ApiId=api_id, RouteId=other, RouteKey="talk")
        make_route(api, api_id, "chat")

    @pytest.mark.parametrize(
        ("changes", "says"),
        [
            ({"RouteKey": "$conect"}, "not formatted properly"),
            ({"RouteKey": ""}, "not formatted properly"),
            ({"Target": "integrations/nope"}, "Invalid target"),
            ({"Target": "nope"}, "Invalid target"),
            ({"AuthorizationType": "AWS_IAM"}, "authorization is restricted to the $connect route only"),
            ({"AuthorizationType": "JWT", "RouteKey": "$connect"}, "JWT"),
            ({"AuthorizationType": "CUSTOM", "RouteKey": "$connect"}, "AuthorizerId"),
            ({"RouteResponseSelectionExpression": "$request.body.x"}, "must be $default"),
            ({"RequestParameters": {"method.request.header.a": {"Required": True}}}, "Invalid request"),
            ({"OperationName": "x" * 65}, "length less than or equal to 64"),
        ],
    )
    def test_a_wrong_one_is_refused(self, api: Any, api_id: str, changes: dict[str, Any], says: str) -> None:
        with refused(400, "BadRequestException", says):
            api.create_route(**{"ApiId": api_id, "RouteKey": "chat", **changes})

    def test_iam_may_guard_the_connect_route(self, api: Any, api_id: str) -> None:
        route = make_route(api, api_id, "$connect", AuthorizationType="AWS_IAM")

        assert api.get_route(ApiId=api_id, RouteId=route)["AuthorizationType"] == "AWS_IAM"

    def test_an_empty_expression_makes_a_route_one_way_again(self, api: Any, api_id: str) -> None:
        route = make_route(api, api_id, RouteResponseSelectionExpression="$default")

        api.update_route(ApiId=api_id, RouteId=route, RouteResponseSelectionExpression="")

        assert "RouteResponseSelectionExpression" not in api.get_route(ApiId=api_id, RouteId=route)

    def test_one_request_parameter_can_be_deleted(self, api: Any, api_id: str) -> None:
        a, b = "route.request.querystring.a", "route.request.header.b"
        route = make_route(
            api, api_id, "$connect", RequestParameters={a: {"Required": True}, b: {"Required": False}}
        )
        ids = {"ApiId": api_id, "RouteId": route}

        api.delete_route_request_parameter(**ids, RequestParameterKey=a)

        assert {b: {"Required": False}} == api.get_route(**ids)["RequestParameters"]
        with refused(404, "NotFoundException", a):
            api.delete_route_request_parameter(**ids, RequestParameterKey=a)

    def test_a_route_has_one_response_under_the_default_key(self, api: Any, api_id: str) -> None:
        ids = {"ApiId": api_id, "RouteId": make_route(api, api_id)}

        with refused(400, "BadRequestException", "must be $default"):
            api.create_route_response(**ids, RouteResponseKey="200")
        made = api.create_route_response(**ids, RouteResponseKey="$default")
        with refused(409, "ConflictException", "already exists"):
            api.create_route_response(**ids, RouteResponseKey="$default")
        which = {**ids, "RouteResponseId": made["RouteResponseId"]}
        api.update_route_response(**which, ModelSelectionExpression="default")

        assert api.get_route_response(**which)["ModelSelectionExpression"] == "default"
        api.delete_route_response(**which)
        assert api.get_route_responses(**ids)["Items"] == []

    def test_deleting_a_route_deletes_its_response_only(self, api: Any, api_id: str) -> None:
        one, two = make_route(api, api_id, "a"), make_route(api, api_id, "b")
        for route in (one, two):
            api.create_route_response(ApiId=api_id, RouteId=route, RouteResponseKey="$default")

        api.delete_route(ApiId=api_id, RouteId=one)

        with refused(404, "NotFoundException", f"Invalid Route identifier specified {one}"):
            api.get_route_responses(ApiId=api_id, RouteId=one)
        assert len(api.get_route_responses(ApiId=api_id, RouteId=two)["Items"]) == 1


class TestAuthorizers:
    def test_one_in_use_cannot_be_deleted(self, api: Any, api_id: str) -> None:
        authorizer = make_authorizer(api, api_id)
        route = make_route(api, api_id, "$connect", AuthorizationType="CUSTOM", AuthorizerId=authorizer)

        says = "Cannot delete authorizer door, is referenced in route: $connect"
        with refused(409, "ConflictException", says):
            api.delete_authorizer(ApiId=api_id, AuthorizerId=authorizer)

        api.update_route(ApiId=api_id, RouteId=route, AuthorizationType="NONE", AuthorizerId="")
        api.delete_authorizer(ApiId=api_id, AuthorizerId=authorizer)

    @pytest.mark.parametrize(
        ("changes", "says"),
        [
            ({"AuthorizerType": "JWT"}, "JWT"),
            ({"IdentitySource": ["$request.header.Auth"]}, "$request.header.Auth"),
            ({"AuthorizerPayloadFormatVersion": "2.0"}, "AuthorizerPayloadFormatVersion"),
        ],
    )
    def test_a_wrong_one_is_refused(self, api: Any, api_id: str, changes: dict[str, Any], says: str) -> None:
        with refused(400, "BadRequestException", says):
            make_authorizer(api, api_id, **changes)

    def test_one_needs_a_function_and_a_name_of_its_own(self, api: Any, api_id: str) -> None:
        make_authorizer(api, api_id)

        with refused(409, "ConflictException", "door"):
            make_authorizer(api, api_id)
        with refused(400, "BadRequestException", "AuthorizerUri"):
            api.create_authorizer(
                ApiId=api_id, AuthorizerType="REQUEST", Name="x", IdentitySource=["context.stage"]
            )


class TestModels:
    SCHEMA = '{"type": "object", "properties": {"name": {"type": "string"}, "n": {"type": "integer"}}}'

    def test_a_model_gives_a_template(self, api: Any, api_id: str) -> None:
        made = api.create_model(ApiId=api_id, Name="Message", Schema=self.SCHEMA)

        template = api.get_model_template(ApiId=api_id, ModelId=made["ModelId"])["Value"]

        assert made["ContentType"] == "application/json"
        assert '"name" : "foo",' in template and '"n" : 42' in template

    def test_a_wrong_one_is_refused(self, api: Any, api_id: str) -> None:
        api.create_model(ApiId=api_id, Name="Message", Schema=self.SCHEMA)

        for name, schema, status, code in (
            ("Message", "{}", 409, "ConflictException"),
            ("a b", "{}", 400, "BadRequestException"),
            ("Other", "{", 400, "BadRequestException"),
            ("Other", "[]", 400, "BadRequestException"),
        ):
            with refused(status, code):
                api.create_model(ApiId=api_id, Name=name, Schema=schema)
