"""The dispatcher on requests that botocore would never send, and on what its model cannot say."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree

import pytest

from apigw_ws.emulator.control.plane import ControlPlane
from apigw_ws.emulator.values import AwsError, HttpRequest, HttpResponse
from apigw_ws.emulator.wire.scalars import read_time
from apigw_ws.emulator.wire.service import Service, service_model
from tests.emulator.aws import refused

#: Older botocores describe CloudWatch in the query protocol alone.
speaks_json = pytest.mark.skipif(
    "json" not in service_model("cloudwatch").metadata.get("protocols", ()), reason="botocore is too old"
)
ACM_TARGET = "CertificateManager.ListCertificates"
JSON_TARGET = "GraniteServiceVersion20100801.GetMetricData"


def request(method: str, path: str, body: bytes = b"", **headers: str) -> HttpRequest:
    raw_path, _, query = path.partition("?")
    named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return HttpRequest(method=method, raw_path=raw_path, raw_query=query, headers=named, body=body)


def error_of(response: HttpResponse) -> tuple[int, str, str]:
    code = dict(response.headers)["x-amzn-ErrorType"]
    return response.status, code, json.loads(response.body)["message"]


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"{", "not valid JSON"),
        (b"[" * 100_000, "not valid JSON"),
        (b"\xff\xfe", "not valid JSON"),
        (b"[]", "Expected a JSON object"),
        (b'{"name": 5}', "Expected a string"),
        (b'{"name": "a", "disableExecuteApiEndpoint": "yes"}', "Expected a boolean"),
        (b'{"name": "a", "tags": []}', "Expected a JSON object"),
        (b"{}", "2 validation errors detected: Value null at 'protocolType' failed to satisfy"),
        (b'{"name": null, "protocolType": "WEBSOCKET"}', "Member must not be null"),
    ],
)
def test_a_body_that_is_no_input_of_the_operation_is_a_bad_request(
    plane: ControlPlane, body: bytes, says: str
) -> None:
    status, code, message = error_of(plane.handle(request("POST", "/v2/apis", body)))

    assert (status, code) == (400, "BadRequestException")
    assert says in message


def test_unknown_members_are_ignored(plane: ControlPlane) -> None:
    body = {"name": "a", "protocolType": "WEBSOCKET", "routeSelectionExpression": "x", "colour": "red"}

    answer = plane.handle(request("POST", "/v2/apis", json.dumps(body).encode()))

    assert answer.status == 201
    assert "colour" not in json.loads(answer.body)


def test_a_whole_number_is_no_boolean_and_a_boolean_no_number(plane: ControlPlane) -> None:
    for member, value in (("timeoutInMillis", True), ("timeoutInMillis", 1.5)):
        body = json.dumps({"integrationType": "MOCK", member: value}).encode()
        answer = plane.handle(request("POST", "/v2/apis/x/integrations", body))

        assert "Expected a integer" in error_of(answer)[2]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v2/nothing"),
        ("PUT", "/v2/apis/x/routes"),
        ("GET", "/v2/apis//routes"),
        ("GET", "/v2/apis/a/b/c/d/e/f"),
    ],
)
def test_a_path_of_no_operation_is_unknown(plane: ControlPlane, method: str, path: str) -> None:
    assert error_of(plane.handle(request(method, path)))[:2] == (404, "UnknownOperationException")
    assert plane.operation(request(method, path)) is None


def test_a_service_that_is_not_built_says_so(plane: ControlPlane) -> None:
    credential = "AWS4-HMAC-SHA256 Credential=A/20260101/eu-west-2/s3/aws4_request, SignedHeaders=host, "
    asked = request("GET", "/bucket", authorization=credential + "Signature=x", x_amz_date="20260101T000000Z")

    assert error_of(plane.handle(asked)) == (
        501,
        "NotImplementedException",
        "The emulator does not build the service s3.",
    )
    assert plane.operation(asked) is None


@pytest.mark.parametrize(
    ("asked", "operation"),
    [
        (request("POST", "/v2/apis/x/routes"), "apigateway:CreateRoute"),
        (request("DELETE", "/v2/apis/x/routes/y"), "apigateway:DeleteRoute"),
        (request("GET", "/v2/tags/arn%3Aaws%3Ax%2Fy"), "apigateway:GetTags"),
        (request("POST", "/2013-04-01/hostedzone/Z1/rrset/"), "route53:ChangeResourceRecordSets"),
        pytest.param(
            request("POST", "/", x_amz_target=JSON_TARGET), "monitoring:GetMetricData", marks=speaks_json
        ),
        (request("POST", "/", x_amz_target=ACM_TARGET), "acm:ListCertificates"),
        (
            request("POST", "/", b"Action=GetCallerIdentity&Version=2011-06-15"),
            "sts:GetCallerIdentity",
        ),
        (request("GET", "/?Action=ListMetrics&Version=2010-08-01"), "monitoring:ListMetrics"),
        (request("POST", "/", x_amz_target="CertificateManager.Nothing"), None),
        (request("POST", "/", b"Action=Nothing"), None),
        (request("POST", "/v2/apis", b"no gzip", content_encoding="gzip"), None),
    ],
)
def test_unsigned_requests_are_told_apart_by_their_form(
    plane: ControlPlane, asked: HttpRequest, operation: str | None
) -> None:
    assert plane.operation(asked) == operation


def test_a_zipped_body_is_read(plane: ControlPlane) -> None:
    body = {"name": "a", "protocolType": "WEBSOCKET", "routeSelectionExpression": "x"}
    zipped = gzip.compress(json.dumps(body).encode())

    good = plane.handle(request("POST", "/v2/apis", zipped, content_encoding="gzip"))
    cut = plane.handle(request("POST", "/v2/apis", zipped[:-9], content_encoding="gzip"))

    assert good.status == 201
    assert error_of(cut) == (400, "BadRequestException", "The request body is not gzip.")


def test_boto3_zips_large_bodies_of_cloudwatch(client: Callable[..., Any]) -> None:
    data = [{"MetricName": "x" * 200, "Value": 1.0}] * 100

    with refused(501, "NotImplementedException", "cloudwatch:PutMetricData"):
        client("cloudwatch").put_metric_data(Namespace="a", MetricData=data)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"<a", "not valid XML"),
        (b"<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>", "not valid XML"),
        (
            b"<a><ChangeBatch><Changes><Change><ResourceRecordSet><TTL>x</TTL></ResourceRecordSet>"
            b"</Change></Changes></ChangeBatch></a>",
            "&#39;x&#39; is not a long",
        ),
    ],
)
def test_xml_that_is_no_input_is_invalid(plane: ControlPlane, body: bytes, says: str) -> None:
    answer = plane.handle(request("POST", "/2013-04-01/hostedzone/Z1/rrset/", body))

    assert answer.status == 400
    assert b"<Code>InvalidInput</Code>" in answer.body
    assert says.replace("&#39;", "'").encode() in answer.body


def test_a_form_may_leave_gaps_and_come_in_any_order(plane: ControlPlane) -> None:
    fields = {
        "Action": "ListMetrics",
        "Version": "2010-08-01",
        "Dimensions.member.7.Name": "Stage",
        "Dimensions.member.2.Name": "ApiId",
        "Dimensions.member.x": "?",
    }

    assert plane.handle(request("POST", "/", urlencode(fields).encode())).status == 200


@speaks_json
def test_an_error_of_a_query_compatible_service_names_its_old_code() -> None:
    service = Service("cloudwatch", {})
    asked = request("POST", "/", x_amz_target=JSON_TARGET)

    answer = service.fail(asked, AwsError("InvalidParameterValue", 400, "no"))

    assert dict(answer.headers)["x-amzn-query-error"] == "InvalidParameterValue;Sender"
    assert json.loads(answer.body) == {"__type": "InvalidParameterValueException", "message": "no"}


def test_an_error_without_members_has_an_empty_body() -> None:
    service = Service("apigatewaymanagementapi", {})

    answer = service.fail(request("GET", "/@connections/x"), AwsError("GoneException", 410))

    assert (answer.status, answer.body) == (410, b"")
    assert ("x-amzn-ErrorType", "GoneException") in answer.headers


def test_an_error_keeps_its_further_members() -> None:
    service = Service("apigatewayv2", {})
    error = AwsError("NotFoundException", 404, "gone", ResourceType="Route")

    answer = service.fail(request("GET", "/v2/apis"), error)

    assert json.loads(answer.body) == {"message": "gone", "resourceType": "Route"}


def test_every_answer_has_a_request_id_of_its_own(plane: ControlPlane) -> None:
    answers = [plane.handle(request("GET", path)) for path in ("/v2/apis", "/v2/apis/x", "/v2/x")]

    assert len({dict(answer.headers)["x-amzn-RequestId"] for answer in answers}) == 3


def test_a_failure_of_the_emulator_is_a_500_in_the_form_of_the_service(
    plane: ControlPlane, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_: dict[str, Any]) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setitem(plane.services["apigateway"].operations, "GetApis", broken)  # type: ignore[arg-type]

    assert error_of(plane.handle(request("GET", "/v2/apis")))[:2] == (500, "InternalFailure")
    assert "a bug" in caplog.text


GOOD = (
    request("POST", "/v2/apis", b'{"name": "a", "protocolType": "WEBSOCKET", "tags": {"a": "b"}}'),
    request("GET", "/v2/apis?maxResults=5&nextToken=MA=="),
    request("DELETE", "/v2/tags/arn%3Aaws%3Aapigateway?tagKeys=a&tagKeys=b"),
    request(
        "POST",
        "/2013-04-01/hostedzone/Z1/rrset/",
        b"<R><ChangeBatch><Changes><Change><Action>CREATE</Action><ResourceRecordSet><Name>a.example.com"
        b"</Name><Type>A</Type><TTL>60</TTL></ResourceRecordSet></Change></Changes></ChangeBatch></R>",
    ),
    request("GET", "/2013-04-01/hostedzone?maxitems=5&marker=x"),
    request("POST", "/", b'{"MaxItems": 5, "NextToken": "1"}', x_amz_target=ACM_TARGET),
    request(
        "POST",
        "/",
        b'{"StartTime": 1e9, "EndTime": 1.1e9, "MaxDatapoints": 1, "MetricDataQueries": '
        b'[{"Id": "a", "Expression": "1 + 2"}]}',
        x_amz_target=JSON_TARGET,
    ),
    request(
        "POST",
        "/",
        b"Action=GetMetricData&Version=2010-08-01&StartTime=2020-01-01T00:00:00Z&EndTime=2021-01-01T00:00:00Z"
        b"&MetricDataQueries.member.1.Id=a&MetricDataQueries.member.1.Expression=1%2B2",
    ),
    request("POST", "/", b"Action=PutMetricData&Version=2010-08-01&MetricData.member.1.Values.member.1=5"),
)
BITS = (
    b"", b"\x00", b"\xff", b"%00", b"%ff", b"..", b"/", b"{", b"}", b"[", b"]", b'"', b"<", b"&", b"=",
    b"null", b"true", b"NaN", b"1e999", b"-1", b"99999999999999999999", b"\\ud800", b"&#0;", b"e", b"1",
)  # fmt: skip


def mangled(chance: random.Random, text: bytes) -> bytes:
    """The text with a few random cuts and insertions."""
    for _ in range(chance.randrange(3)):
        start = chance.randrange(len(text) + 1)
        text = text[:start] + chance.choice(BITS) + text[start + chance.choice((0, 0, 1, 5)) :]
    return text


@pytest.mark.parametrize("seed", range(3))
def test_no_garbage_makes_the_emulator_fail(plane: ControlPlane, seed: int) -> None:
    chance = random.Random(seed)
    statuses = set()
    for _ in range(800):
        good = chance.choice(GOOD)
        answer = plane.handle(
            replace(
                good,
                raw_path=mangled(chance, good.raw_path.encode()).decode("latin-1"),
                raw_query=mangled(chance, good.raw_query.encode()).decode("latin-1"),
                body=mangled(chance, mangled(chance, good.body)),
            )
        )
        statuses.add(answer.status)
        assert answer.status != 500, good
        if dict(answer.headers).get("Content-Type") == "text/xml":
            ElementTree.fromstring(answer.body)
    assert {200, 400, 404, 501} <= statuses


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1970-01-02T00:00:00Z", 86_400),
        ("1970-01-01T01:00:00+01:00", 0),
        ("1970-01-01T00:00:00", 0),
        ("Fri, 02 Jan 1970 00:00:00 GMT", 86_400),
        ("12.5", 12.5),
    ],
)
def test_times_are_read_in_every_form(text: str, seconds: float) -> None:
    assert read_time(text).timestamp() == seconds
