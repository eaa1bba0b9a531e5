from __future__ import annotations

from typing import Any

import pytest

from apigw_ws.emulator.context import Client, Event, described
from apigw_ws.emulator.integration import EGRESS, Handshake, call_of
from apigw_ws.emulator.mapping import mapped, missing, values
from apigw_ws.emulator.options import Options

CLIENT = Client(
    connection_id="abcdefghijkC-_0=",
    api_id="api1234567",
    stage_name="prod",
    domain_name="127.0.0.1:8790",
    source_ip="192.0.2.7",
    user_agent="wscat",
    connected_at=1_700_000_000_123,
)
HANDSHAKE = Handshake(
    headers=(
        ("host", "127.0.0.1:8790"),
        ("upgrade", "websocket"),
        ("connection", "Upgrade"),
        ("user-agent", "Mozilla/5.0"),
        ("cookie", "sessionid=1"),
        ("x-tag", "a"),
        ("x-tag", "b"),
        ("x-forwarded-for", "198.51.100.1"),
        ("x-amzn-apigateway-api-id", "a lie"),
    ),
    raw_query="channel=a%20b&channel=c&flag",
    source_ip="192.0.2.7",
)


def connect_event() -> Event:
    return Event(
        context=described(CLIENT, "CONNECT", "$connect", now=1_700_000_000.5),
        stage_variables={"host": "backend.example", "empty": ""},
        headers=HANDSHAKE.headers,
        query=HANDSHAKE.pairs(),
    )


def message_event(body: Any = None) -> Event:
    return Event(context=described(CLIENT, "MESSAGE", "$default", now=1_700_000_000.5), body=body)


def call(
    event: Event, handshake: Handshake | None = None, options: Options | None = None, **integration: Any
):
    return call_of(
        {"IntegrationType": "HTTP_PROXY", "IntegrationUri": "http://backend/ws", **integration},
        event,
        options or Options(),
        now=1_700_000_000.5,
        handshake=handshake,
    )


def headers(found: Any) -> dict[str, str]:
    return {name.lower(): value for name, value in found.headers}


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("'text'", ["text"]),
        ("'it''s'", ["it''s"]),
        ("context.connectionId", ["abcdefghijkC-_0="]),
        ("context.apiId", ["api1234567"]),
        ("context.stage", ["prod"]),
        ("context.eventType", ["CONNECT"]),
        ("context.routeKey", ["$connect"]),
        ("context.domainName", ["127.0.0.1:8790"]),
        ("context.connectedAt", ["1700000000123"]),
        ("context.requestTime", ["14/Nov/2023:22:13:20 +0000"]),
        ("context.requestTimeEpoch", ["1700000000500"]),
        ("context.identity.sourceIp", ["192.0.2.7"]),
        ("context.identity.userAgent", ["wscat"]),
        ("context.messageDirection", ["IN"]),
        ("context.messageId", []),
        ("context.disconnectStatusCode", []),
        ("context.authorizer.principalId", []),
        ("stageVariables.host", ["backend.example"]),
        ("stageVariables.none", []),
        ("route.request.header.X-Tag", ["b"]),
        ("route.request.multivalueheader.x-tag", ["a", "b"]),
        ("route.request.querystring.channel", ["c"]),
        ("route.request.multivaluequerystring.channel", ["a b", "c"]),
        ("route.request.querystring.flag", [""]),
        ("route.request.querystring.none", []),
        ("route.request.body.action", []),
        ("nonsense", []),
    ],
)
def test_each_source_of_a_mapping_gives_its_value(expression: str, expected: list[str]) -> None:
    found = mapped({"integration.request.header.X": expression}, connect_event()).headers

    assert [value for _, value in found] == [
        item for sub in expected for item in ([sub] if isinstance(sub, str) else sub)
    ]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("route.request.body.a", "1"),
        ("route.request.body.text", "x y"),
        ("route.request.body.list", '["p",2]'),
        ("route.request.body.object", '{"k":true}'),
        ("route.request.body.lines", "one two"),
        ("route.request.body.broken", "?"),
    ],
)
def test_a_value_of_the_body_becomes_one_line_of_text(expression: str, expected: str) -> None:
    body = {
        "a": 1,
        "text": "x y",
        "list": ["p", 2],
        "object": {"k": True},
        "lines": "one\r\ntwo",
        "broken": "\ud800",
    }

    assert values(expression, message_event(body)) == [expected]


def test_a_message_has_an_id_and_a_disconnect_has_its_code() -> None:
    gone = described(CLIENT, "DISCONNECT", "$disconnect", now=0, disconnect=(1001, "Going away"))

    assert len(message_event().context["messageId"]) == 16
    assert (gone["disconnectStatusCode"], gone["disconnectReason"]) == ("1001", "Going away")


def test_a_client_without_user_agent_has_none_in_its_context() -> None:
    silent = Client(**{**{f: getattr(CLIENT, f) for f in CLIENT.__slots__}, "user_agent": ""})

    assert "identity.userAgent" not in described(silent, "CONNECT", "$connect", now=0)


def test_a_required_parameter_that_the_handshake_lacks_is_named() -> None:
    declared = {
        "route.request.querystring.channel": {"Required": True},
        "route.request.querystring.token": {"Required": True},
        "route.request.header.x-other": {"Required": False},
    }

    assert missing(declared, connect_event()) == ["route.request.querystring.token"]


def test_a_connect_passes_the_client_s_headers_and_query_string() -> None:
    found = call(connect_event(), HANDSHAKE)

    assert found.url == "http://backend/ws?channel=a%20b&channel=c&flag"
    assert ("cookie", "sessionid=1") in found.headers
    assert [value for name, value in found.headers if name == "x-tag"] == ["a", "b"]
    assert headers(found)["user-agent"] == "Mozilla/5.0"
    assert headers(found)["x-forwarded-for"] == "198.51.100.1, 192.0.2.7"
    assert headers(found)["x-forwarded-proto"] == "https"
    assert headers(found)["x-forwarded-port"] == "443"
    assert headers(found)["x-amzn-apigateway-api-id"] == "api1234567"
    assert headers(found)["x-amzn-trace-id"].startswith("Root=1-6553f100-")
    assert not {"host", "connection", "upgrade", "x-real-ip"} & set(headers(found))


def test_a_message_has_only_the_gateway_s_headers() -> None:
    assert set(headers(call(message_event()))) == {
        "user-agent",
        "x-amzn-trace-id",
        "x-amzn-apigateway-api-id",
    }
    assert headers(call(message_event()))["user-agent"] == "AmazonAPIGateway_api1234567"


def test_a_connect_of_a_client_without_user_agent_has_the_gateway_s() -> None:
    silent = Handshake(headers=(), raw_query="", source_ip="192.0.2.7")

    assert headers(call(connect_event(), silent))["user-agent"] == "AmazonAPIGateway_api1234567"


def test_an_integration_that_is_no_proxy_gets_nothing_of_the_handshake() -> None:
    found = call(connect_event(), HANDSHAKE, IntegrationType="HTTP")

    assert found.url == "http://backend/ws"
    assert "cookie" not in headers(found)


def test_behind_a_front_proxy_every_call_is_forwarded() -> None:
    options = Options(front_proxy=True)

    assert headers(call(connect_event(), HANDSHAKE, options))["x-forwarded-for"] == (
        f"198.51.100.1, 192.0.2.7, {EGRESS}"
    )
    assert headers(call(message_event(), options=options))["x-forwarded-for"] == EGRESS
    assert headers(call(message_event(), options=options))["x-real-ip"] == EGRESS


def test_a_message_can_be_given_a_content_type() -> None:
    found = call_of(
        {"IntegrationType": "HTTP_PROXY", "IntegrationUri": "http://backend"},
        message_event(),
        Options(message_content_type="application/json"),
        now=0,
        body=b"{}",
    )

    assert headers(found)["content-type"] == "application/json"
    assert found.url == "http://backend/"


def test_mappings_replace_what_is_passed_but_not_what_the_gateway_says_of_itself() -> None:
    parameters = {
        "integration.request.header.Cookie": "'mine'",
        "integration.request.header.Content-Length": "'7'",
        "integration.request.header.X-Amzn-Apigateway-Api-Id": "'lie'",
        "integration.request.querystring.channel": "'x&y'",
        "integration.request.body.x": "'unknown place'",
    }
    found = call(connect_event(), HANDSHAKE, RequestParameters=parameters)

    assert headers(found)["cookie"] == "mine"
    assert ("Cookie", "mine") in found.headers
    assert "content-length" not in headers(found)
    assert headers(found)["x-amzn-apigateway-api-id"] == "api1234567"
    assert found.url == "http://backend/ws?flag&channel=x%26y"


def test_the_url_takes_stage_variables_and_path_parameters() -> None:
    found = call(
        connect_event(),
        IntegrationUri="http://${stageVariables.host}/a/{which}/{none}${stageVariables.unset}?k=1",
        RequestParameters={"integration.request.path.which": "'x/y z'"},
        IntegrationMethod="PUT",
        TimeoutInMillis=1500,
    )

    assert (found.method, found.url, found.timeout) == ("PUT", "http://backend.example/a/x%2Fy%20z/?k=1", 1.5)


@pytest.mark.parametrize("uri", ["", "ftp://x/", "http://", "arn:aws:lambda:us-east-1:1:function:f"])
def test_an_integration_without_a_url_cannot_be_called(uri: str) -> None:
    with pytest.raises(ValueError, match="is not an HTTP URL"):
        call(connect_event(), IntegrationUri=uri)


def test_no_header_of_a_client_is_doubled() -> None:
    names = [name.lower() for name, _ in call(connect_event(), HANDSHAKE).headers]

    assert sorted(name for name in names if names.count(name) > 1) == ["x-tag", "x-tag"]


def test_an_http_integration_says_that_it_sends_json() -> None:
    found = headers(call(message_event(), IntegrationType="HTTP"))

    assert (found["content-type"], found["accept"]) == ("application/json", "application/json")
