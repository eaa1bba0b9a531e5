"""What forms accept, AWS takes; and what they refuse is told with what would be right."""

from __future__ import annotations

import time
from string import ascii_letters, digits
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from apigw_ws.emulator import selection
from apigw_ws.emulator.context import Event
from apigw_ws.models import ApiGateway, ApiGatewayAdditionalRoute
from apigw_ws.models.validators import route_selection_validator
from tests.emulator.serving import Served

CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/a"


def errors(row: ApiGateway | ApiGatewayAdditionalRoute, *names: str) -> list[str]:
    """What is said of these fields of the record."""
    try:
        row.full_clean(exclude={field.name for field in row._meta.fields} - set(names))
    except ValidationError as error:
        return error.messages
    return []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("region", "eu-central-1"),
        ("region", "us-gov-west-1"),
        ("region", "eusc-de-east-1"),
        ("hosted_zone_id", "Z0123456789ABCDEFGHIJ"),
        ("hosted_zone_id", "/hostedzone/Z1"),
        ("api_key_selection_expression", "$context.authorizer.usageIdentifierKey"),
        ("route_selection_expression", "$request.body.action"),
        ("route_selection_expression", "${request.body.action}"),
        ("route_selection_expression", "${request.body.service}/${request.body.action}"),
        ("route_selection_expression", "$request.body['the-action']"),
        ("route_selection_expression", "$request.body.items[0].name"),
        ("route_selection_expression", r"\$${stageVariables.prefix}-$request.body.a-b"),
        ("tags", {f"tag-{number}": "" for number in range(47)}),
    ],
)
def test_what_aws_takes_is_taken(field: str, value: Any) -> None:
    assert errors(ApiGateway(**{field: value}), field) == []


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("region", "Frankfurt", "such as eu-central-1"),
        ("region", "eu-central-1a", "such as eu-central-1"),
        ("hosted_zone_id", "example.com", "such as Z0123456789ABCDEFGHIJ"),
        ("api_key_selection_expression", "$request.body.key", "is not a valid choice"),
        ("route_selection_expression", "action", "$request.body.action"),
        ("route_selection_expression", "request.body.action", "$request.body.action"),
        ("route_selection_expression", "$request.body", "$request.body.action"),
        ("route_selection_expression", "$request.body.", "$request.body.action"),
        ("route_selection_expression", "${request.body.action", "$request.body.action"),
        ("route_selection_expression", "$request.header.action", "$request.body.action"),
        ("route_selection_expression", "$request.body.a $request.body.b", "$request.body.action"),
        ("route_selection_expression", r"\$request.body.action", "$request.body.action"),
        ("route_selection_expression", "$context.connectionId", "$request.body.action"),
        ("tags", {f"tag-{number}": "" for number in range(48)}, "47 tags at most"),
    ],
)
def test_what_aws_refuses_is_refused_with_what_is_right(field: str, value: Any, said: str) -> None:
    (sentence,) = errors(ApiGateway(**{field: value}), field)

    assert said in sentence


def test_an_expression_is_judged_at_once_however_it_is_written() -> None:
    started = time.perf_counter()

    with pytest.raises(ValidationError):
        route_selection_validator("$request.body.aaaaa" * 13 + " ")

    assert time.perf_counter() - started < 0.1


def test_a_certificate_is_of_the_gateways_region_as_far_as_that_is_known(settings: Any) -> None:
    settings.APIGW_WS = {}
    domain = {"domain_name": "ws.example.com", "certificate_arn": CERTIFICATE}

    assert errors(ApiGateway(**domain), "certificate_arn") == []
    assert errors(ApiGateway(**domain, region="us-east-1"), "certificate_arn") == []
    (sentence,) = errors(ApiGateway(**domain, region="eu-west-1"), "certificate_arn")
    assert "Choose one of the gateway's region, eu-west-1." in sentence
    settings.APIGW_WS = {"REGION": "eu-west-1"}
    assert errors(ApiGateway(**domain), "certificate_arn") == [sentence]


@pytest.mark.django_db
def test_the_default_route_cannot_take_the_key_of_another() -> None:
    made = ApiGateway.objects.create(api_name="chat", target_base_endpoint="https://www.example.com/ws/")
    made.additional_routes.create(name="a", route_key="join", integration_url="https://www.example.com/a")
    made.route_key = "join"

    assert "An additional route has the key" in errors(made, "route_key")[0]


NAMES = st.text(ascii_letters + digits + "_-", min_size=1, max_size=8)
ANYTHING = st.text(ascii_letters + digits + "$_-.:/?#&=,~ é💬{}[]()'\"\\", max_size=12)
PATHS = st.lists(NAMES, min_size=1, max_size=3)
EXPRESSIONS = st.lists(
    st.one_of(
        PATHS.map(lambda path: f"${{request.body.{'.'.join(path)}}}"),
        PATHS.map(lambda path: f"$request.body.{'.'.join(path)}"),
        ANYTHING,
    ),
    min_size=1,
    max_size=4,
).map("".join)


@settings(deadline=None)
@given(expression=EXPRESSIONS)
def test_no_variable_of_an_expression_that_is_accepted_is_taken_for_text(expression: str) -> None:
    row = ApiGateway(route_selection_expression=expression)
    assume("\\" not in expression and not errors(row, "route_selection_expression"))

    assert "$" not in selection.evaluate(expression, Event(context={}, body={}))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    expression=EXPRESSIONS,
    stage=st.one_of(NAMES, ANYTHING),
    variables=st.dictionaries(st.one_of(NAMES, ANYTHING), ANYTHING, max_size=2),
    tags=st.dictionaries(ANYTHING, ANYTHING, max_size=2),
    key=ANYTHING,
)
def test_what_a_form_accepts_aws_accepts(
    aws: Served, expression: str, stage: str, variables: dict[str, str], tags: dict[str, str], key: str
) -> None:
    values = {
        "route_selection_expression": expression,
        "stage_name": stage,
        "stage_variables": variables,
        "tags": tags,
    }
    kept = {name: value for name, value in values.items() if not errors(ApiGateway(**{name: value}), name)}
    client = aws.client("apigatewayv2")
    api_id = client.create_api(
        Name="valid",
        ProtocolType="WEBSOCKET",
        RouteSelectionExpression=kept.get("route_selection_expression", "$request.body.action"),
        Tags=kept.get("tags", {}),
    )["ApiId"]
    client.create_stage(
        ApiId=api_id,
        StageName=kept.get("stage_name", "live"),
        StageVariables=kept.get("stage_variables", {}),
    )
    if not errors(ApiGatewayAdditionalRoute(route_key=key), "route_key"):
        client.create_route(ApiId=api_id, RouteKey=key)
    client.delete_api(ApiId=api_id)
