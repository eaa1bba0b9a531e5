from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apigw_ws.emulator import jsonpath
from apigw_ws.emulator.context import Event, parsed
from apigw_ws.emulator.selection import evaluate, route_key

ORDER = {
    "service": "chat",
    "action": "join",
    "deep": {"er": {"name": "x"}},
    "list": ["item1", "item2"],
    "people": [{"name": "Ada", "age": 36}, {"name": "Bob", "age": 7}],
    "with space": 1,
    "x-y": "dash",
    "yes": True,
    "nothing": None,
    "half": 0.5,
}


def event(body: object) -> Event:
    return Event(
        context={"stage": "prod", "connectionId": "abc="}, stage_variables={"which": "action"}, body=body
    )


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("$request.body.action", "join"),
        ("${request.body.action}", "join"),
        ("${request.body.service}/${request.body.action}", "chat/join"),
        ("$request.body.service/$request.body.action", "chat/join"),
        ("${request.body.action}-${request.body.nope}", "join-"),
        ("$request.body.deep.er.name", "x"),
        ("$request.body.deep.er", "{name=x}"),
        ("$request.body.list", "[item1, item2]"),
        ("$request.body.list[0]", "item1"),
        ("$request.body.list[-1]", "item2"),
        ("$request.body.list[9]", ""),
        ("$request.body.list[0:1]", "[item1]"),
        ("$request.body.people[*].name", "[Ada, Bob]"),
        ("$request.body..age", "[36, 7]"),
        ("$request.body.people[1]['name']", "Bob"),
        ('${request.body["with space"]}', "1"),
        ("$request.body['deep']['er'].name", "x"),
        ("$request.body.x-y", "dash"),
        ("$request.body.yes", "true"),
        ("$request.body.half", "0.5"),
        ("$request.body.nothing", ""),
        ("$request.body.service.further", ""),
        ("$request.body.[", "["),
        ("${request.body.(what?)}", ""),
        ("$context.stage", "prod"),
        ("$stageVariables.which", "action"),
        ("$nobody.knows", ""),
        ("\\$default", "$default"),
        ("\\$request.body.action", "$request.body.action"),
        ("static", "static"),
        ("100$", "100$"),
        ("", ""),
    ],
)
def test_an_expression_evaluates_as_aws_documents(expression: str, expected: str) -> None:
    assert evaluate(expression, event(ORDER)) == expected


def test_a_result_is_not_evaluated_again() -> None:
    assert evaluate("$request.body.action", event({"action": "${context.stage}"})) == "${context.stage}"


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ('{"action": "join"}', "join"),
        ('{"action": "JOIN"}', "$default"),
        ('{"action": "leave"}', "$default"),
        ('{"action": 7}', "7"),
        ('{"action": ["join"]}', "$default"),
        ('{"action": "$connect"}', "$default"),
        ('{"action": "$disconnect"}', "$default"),
        ('{"action": "$default"}', "$default"),
        ('{"action": null}', "$default"),
        ("{}", "$default"),
        ("not json", "$default"),
        ("NaN", "$default"),
        ('"join"', "$default"),
        ('["join"]', "$default"),
        ("", "$default"),
        ('{"a":' * 100_000, "$default"),
        ("9" * 5_000, "$default"),
    ],
)
def test_a_message_takes_the_route_that_its_body_names(message: str, expected: str) -> None:
    routes = {"join", "7", "$connect", "$disconnect", "$default"}

    assert route_key("$request.body.action", event(parsed(message)), routes) == expected


@pytest.mark.parametrize("message", ["not json", "", '"join"', "[1]", "null"])
@pytest.mark.parametrize("expression", ["join", "${request.body.service}/${request.body.action}"])
def test_a_message_that_is_no_object_takes_the_default_route_whatever_the_expression(
    expression: str, message: str
) -> None:
    assert route_key(expression, event(parsed(message)), {"join", "/"}) == "$default"


@pytest.mark.parametrize("depth", [600, 900])
def test_a_value_nested_hundreds_deep_names_no_route(depth: int) -> None:
    message = f'{{"action": {"[" * depth}{"]" * depth}}}'

    assert route_key("$request.body.action", event(parsed(message)), {"join"}) == "$default"


def test_the_handshake_can_be_asked_by_an_expression() -> None:
    handshake = Event(context={}, headers=(("x-api-key", "k1"),), query=(("v", "1"), ("v", "2")))

    assert evaluate("$request.header.x-api-key", handshake) == "k1"
    assert evaluate("$request.querystring.v", handshake) == "2"
    assert evaluate("${request.multivaluequerystring.v}", handshake) == "12"
    assert evaluate("${request.cookies.v}", handshake) == ""


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(body=json_values, expression=st.text(alphabet="${}\\.[]*'\"abrequst-:0123 ", max_size=40))
def test_no_expression_and_no_body_raise(body: object, expression: str) -> None:
    assert isinstance(evaluate(expression, event(json.loads(json.dumps(body)))), str)


@given(st.dictionaries(st.from_regex(r"[a-z]{1,5}", fullmatch=True), st.integers(), min_size=1))
def test_a_member_is_found_by_each_spelling_of_its_path(document: dict[str, int]) -> None:
    name, value = next(iter(document.items()))

    assert jsonpath.find(document, f".{name}") == value
    assert jsonpath.find(document, f"['{name}']") == value
    assert jsonpath.find(document, f'["{name}"]') == value
    assert jsonpath.find(document, "..nothing-of-it") is jsonpath.MISSING
