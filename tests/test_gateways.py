"""What a gateway's record may say, before AWS is asked."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError

from apigw_ws.models import ApiGateway, ApiGatewayAdditionalRoute


def errors(record: ApiGateway | ApiGatewayAdditionalRoute, **options: Any) -> dict[str, list[str]]:
    try:
        record.full_clean(validate_unique=False, validate_constraints=False, **options)
    except ValidationError as error:
        return error.message_dict
    return {}


def gateway(**fields: Any) -> ApiGateway:
    return ApiGateway(**{"api_name": "chat", "target_base_endpoint": "http://web:8000/ws/", **fields})


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"tags": {"cost center": "7/8", "team": ""}},
        {"route_key": "chat"},
        {"stage_name": "a-1_b"},
        {"endpoint_url": "http://127.0.0.1:8790"},
        {"throttling_rate_limit": 1.5, "throttling_burst_limit": 1},
        {"integration_timeout": 50},
        {"access_log_destination_arn": "arn:aws:logs:eu-west-1:123456789012:log-group:chat:*"},
        {"stage_variables": {"colour": "red", "url": "https://example.com/?a=b"}},
    ],
)
def test_what_aws_takes_is_taken(fields: dict[str, Any]) -> None:
    assert errors(gateway(**fields)) == {}


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("tags", ["team"], 'Write tags as {"name": "value"}.'),
        ("tags", {"team": 1}, 'Write tags as {"name": "value"}.'),
        ("tags", {"aws:team": "1"}, "The tag “aws:team” is reserved."),
        ("tags", {"apigw-ws:uid": "1"}, "The tag “apigw-ws:uid” is reserved."),
        ("tags", {"a,b": "1"}, "The tag “a,b” has a character that AWS does not allow, or is too long."),
        ("tags", {"a": "x" * 257}, "The tag “a” has a character that AWS does not allow, or is too long."),
        ("route_key", "$connect", "Use “$default”, or a key without spaces that does not begin with “$”."),
        ("stage_name", "$default", "Use 1 to 128 letters, digits, hyphens or underscores."),
        ("target_base_endpoint", "ftp://example.com/", "Enter a URL that begins with http:// or https://."),
        ("target_base_endpoint", "http://[::1/", "Enter a URL that begins with http:// or https://."),
        ("endpoint_url", "localhost:8790", "Enter a URL that begins with http:// or https://."),
        ("endpoint_url", "http://local host/", "Enter a URL that begins with http:// or https://."),
        ("integration_timeout", 49, "Ensure this value is greater than or equal to 50."),
        ("integration_timeout", 29_001, "Ensure this value is less than or equal to 29000."),
        ("access_log_format", "$context.status", "The format must contain $context.requestId."),
        ("access_log_format", "$context.requestId\n$context.status", "The format must be a single line."),
        ("stage_variables", {"a": 1}, 'Write stage variables as {"name": "value"}.'),
        ("stage_variables", {f"a{n}": "1" for n in range(101)}, "A stage has 100 variables at most."),
        (
            "stage_variables",
            {"a": "b c"},
            "The stage variable “a” is empty, too long, or has a character AWS does not allow.",
        ),
        (
            "access_log_destination_arn",
            "chat",
            "Enter the ARN of a CloudWatch log group or of a Firehose stream: arn:aws:logs:…:log-group:…",
        ),
    ],
)
def test_what_aws_would_refuse_is_refused_with_the_remedy(field: str, value: Any, said: str) -> None:
    assert errors(gateway(**{field: value}))[field] == [said]


@pytest.mark.parametrize("empty", [[], None, ""])
def test_what_is_empty_is_no_tags_and_no_variables(empty: Any) -> None:
    made = gateway(tags=empty, stage_variables=empty)

    assert errors(made) == {}
    assert (made.tags, made.stage_variables) == ({}, {})


def test_a_route_cannot_have_the_key_of_the_default_route() -> None:
    route = ApiGatewayAdditionalRoute(
        api_gateway=gateway(pk=1, route_key="chat"),
        name="chat",
        route_key="chat",
        integration_url="https://example.com/ws/chat",
    )

    assert errors(route, exclude=["api_gateway"]) == {
        "route_key": ["This is the key of the gateway's default route."]
    }
    route.api_gateway.route_key = "$default"
    assert errors(route, exclude=["api_gateway"]) == {}


def test_a_route_of_a_gateway_that_is_not_saved_yet_is_judged_alone() -> None:
    route = ApiGatewayAdditionalRoute(name="chat", route_key="chat", integration_url="https://example.com/")

    assert errors(route, exclude=["api_gateway"]) == {}


def test_records_are_called_what_people_call_them() -> None:
    assert str(gateway()) == "chat"
    assert str(ApiGatewayAdditionalRoute(route_key="join")) == "join"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        (
            {"throttling_rate_limit": 10.0},
            {"throttling_burst_limit": "Set the rate and the burst, or neither."},
        ),
        (
            {"throttling_burst_limit": 1},
            {"throttling_burst_limit": "Set the rate and the burst, or neither."},
        ),
        (
            {"access_log_format": "$context.requestId"},
            {"access_log_destination_arn": "Enter where lines of this format go."},
        ),
        (
            {"disable_execute_api_endpoint": True},
            {"disable_execute_api_endpoint": "Without a custom domain nobody could connect."},
        ),
    ],
)
def test_settings_that_need_each_other_are_asked_for(fields: dict[str, Any], said: dict[str, str]) -> None:
    assert errors(gateway(**fields)) == {field: [sentence] for field, sentence in said.items()}
