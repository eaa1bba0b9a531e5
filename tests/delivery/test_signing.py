"""Our signatures against those of botocore, byte for byte."""

from __future__ import annotations

import calendar
import io
import time
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.credentials import ReadOnlyCredentials
from hypothesis import example, given, settings
from hypothesis import strategies as st

from apigw_ws.delivery import Answer, Endpoint
from apigw_ws.delivery.signing import Signer

URLS = [
    "https://a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com/prod",
    "https://a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com/prod/",
    "https://ws.example.com",
    "https://WS.Example.com:443/v1",
    "https://ws.example.com:8443/a-b_c~d",
    "https://vpce-1.execute-api.eu-west-1.vpce.amazonaws.com/my%20stage",
    "http://127.0.0.1:8790/_aws/execute-api/a1b2c3d4e5/test",
    "http://[::1]:8080/x/./y",
]
KEYS = ("AKIATESTTESTTESTTEST", "wJalr/XUtnFEMI+K7MDENG")
TOKEN = "IQoJb3JpZ2luX2VjE//+==" * 20


class Nothing(io.BytesIO):
    def stream(self, **_options: Any) -> Any:
        return iter(())


def sent_by_boto3(url: str, token: str | None, connection_id: str, payload: bytes) -> Any:
    """The request that boto3 would send."""
    client = clients.get((url, token)) or boto3.client(
        "apigatewaymanagementapi",
        endpoint_url=url,
        region_name="eu-west-1",
        aws_access_key_id=KEYS[0],
        aws_secret_access_key=KEYS[1],
        aws_session_token=token,
    )
    clients[url, token] = client
    requests: list[Any] = []

    def keep(request: Any, **_event: Any) -> AWSResponse:
        requests.append(request)
        return AWSResponse(request.url, 200, {}, Nothing())

    client.meta.events.register("before-send", keep, unique_id="keep")
    try:
        client.post_to_connection(ConnectionId=connection_id, Data=payload)
    finally:
        client.meta.events.unregister("before-send", unique_id="keep")
    return requests[0]


clients: dict[tuple[str, str | None], Any] = {}


@settings(max_examples=150, deadline=None)
@given(
    url=st.sampled_from(URLS),
    token=st.sampled_from([None, TOKEN]),
    connection_id=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20),
    payload=st.binary(max_size=40),
)
@example(url=URLS[0], token=None, connection_id="L0SM9cOFvHcCIhw=", payload=b"{}")
@example(url=URLS[0], token=TOKEN, connection_id="a-_b=", payload=b"")
@example(
    url=URLS[2], token=None, connection_id=" !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~é€😀%3D\x00\n", payload=b"\xff"
)
def test_url_and_headers_are_those_of_boto3(
    url: str, token: str | None, connection_id: str, payload: bytes
) -> None:
    if connection_id in (".", ".."):
        return
    theirs = sent_by_boto3(url, token, connection_id, payload)
    moment = calendar.timegm(time.strptime(header(theirs, "X-Amz-Date"), "%Y%m%dT%H%M%SZ"))

    our_url, headers = signer(url, payload, token, moment)(connection_id)

    ours = dict(line.split(": ", 1) if ": " in line else line.split(":", 1) for line in headers)
    assert ours["Authorization"] == header(theirs, "Authorization")
    assert ours["x-amz-date"] == header(theirs, "X-Amz-Date")
    assert ours.get("x-amz-security-token") == (token and header(theirs, "X-Amz-Security-Token"))
    assert our_url == theirs.url


def header(request: Any, name: str) -> str:
    value = request.headers[name]
    return value.decode() if isinstance(value, bytes) else str(value)


def signer(url: str, payload: bytes, token: str | None, moment: float) -> Signer:
    return Signer(
        Endpoint(
            url=url,
            region="eu-west-1",
            credentials=lambda: ReadOnlyCredentials(*KEYS, token),
            post=lambda connection_id, payload: Answer(0),
        ),
        payload,
        clock=lambda: moment,
    )


def test_credentials_are_asked_for_again_each_second_and_the_day_changes() -> None:
    moments, asked = iter([86_399.2, 86_399.9, 86_400.1, 86_400.2, 86_401.0]), []
    given = iter([("A", None), ("A", None), ("B", "token")])

    def credentials() -> ReadOnlyCredentials:
        key, token = next(given)
        asked.append(key)
        return ReadOnlyCredentials(key, "secret", token)

    endpoint = Endpoint(url=URLS[2], region="r", credentials=credentials, post=lambda *_: Answer(0))
    sign = Signer(endpoint, b"", clock=lambda: next(moments))

    headers = [sign("x=")[1] for _ in range(5)]

    assert asked == ["A", "A", "B"]
    assert [lines[0].split("Credential=")[1].split(",")[0] for lines in headers] == [
        *["A/19700101/r/execute-api/aws4_request"] * 2,
        *["A/19700102/r/execute-api/aws4_request"] * 2,
        "B/19700102/r/execute-api/aws4_request",
    ]
    assert headers[0] == headers[1]
    assert headers[4][2] == "x-amz-security-token:token"


def test_half_a_surrogate_signs_as_a_question_mark() -> None:
    assert signer(URLS[2], b"", None, 0)("\ud83d")[0].endswith("/%3F")


@pytest.mark.parametrize("url", URLS)
def test_no_secret_is_in_what_is_signed(url: str) -> None:
    url_and_headers = signer(url, b"", TOKEN, 0)("x=")

    assert KEYS[1] not in str(url_and_headers)
