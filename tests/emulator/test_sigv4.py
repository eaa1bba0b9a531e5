"""Signatures of the real botocore, on requests as they arrive."""

from __future__ import annotations

import contextlib
import random
import re
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from apigw_ws.emulator.sigv4 import Verifier, signature_of
from apigw_ws.emulator.values import AwsError, HttpRequest
from tests.emulator.aws import make_api

KEYS = {"AKIAKEY": "sec/ret+key"}
PATHS = (
    "/",
    "",
    "/prod",
    "/prod/",
    "/v2/apis",
    "/v2/tags/arn%3Aaws%3Aapigateway%3Aeu-west-2%3A%3A%2Fapis%2Fabc",
    "/_aws/execute-api/abc/prod/@connections/e_d2EewNLPECIGw%3D",
    "/prod/%40connections/a%2Fb%2B%3D~%20c",
    "/prod/@connections/abc=",
    "/2013-04-01/hostedzone/Z1/rrset?maxitems=2&name=a.example.com.&type=A",
    "/v2/tags/x?tagKeys=b&tagKeys=a&tagKeys=a%20b&empty=&z",
)


def signed(
    url: str = "http://127.0.0.1:8790/v2/apis",
    method: str = "POST",
    body: bytes = b'{"name": "x"}',
    signer: type[SigV4Auth] = SigV4Auth,
    service: str = "apigateway",
    secret: str = KEYS["AKIAKEY"],
    key: str = "AKIAKEY",
    headers: dict[str, str] | None = None,
    **options: Any,
) -> HttpRequest:
    """A request signed by botocore, as the server reads it from the socket."""
    request = AWSRequest(method=method, url=url, data=body, headers=headers or {"Content-Type": "text/plain"})
    signer(Credentials(key, secret), service, "eu-west-2", **options).add_auth(request)
    prepared = request.prepare()
    parts = urlsplit(prepared.url)
    sent = {"Host": parts.netloc, **prepared.headers}
    return HttpRequest(
        method=method,
        raw_path=parts.path or "/",
        raw_query=parts.query,
        headers=tuple((name.lower(), _text(value)) for name, value in sent.items()),
        body=body,
    )


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


def changed(request: HttpRequest, header: str, old: str, new: str) -> HttpRequest:
    pairs = ((n, v.replace(old, new) if n == header else v) for n, v in request.headers)
    return replace(request, headers=tuple(pairs))


def refusal(request: HttpRequest, now: float | None = None) -> AwsError:
    with pytest.raises(AwsError) as caught:
        Verifier(KEYS, lambda: now or time.time()).verify(request)
    assert caught.value.status == 403
    return caught.value


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("signer", [SigV4Auth, SigV4QueryAuth])
def test_what_botocore_signed_is_accepted_and_its_scope_read(path: str, signer: type[SigV4Auth]) -> None:
    body = b"" if signer is SigV4QueryAuth else b"hello"
    request = signed(f"http://127.0.0.1:8790{path}", signer=signer, service="execute-api", body=body)

    scope = Verifier(KEYS, time.time).verify(request)

    assert (scope.access_key, scope.service, scope.region) == ("AKIAKEY", "execute-api", "eu-west-2")


@pytest.mark.parametrize(
    "change",
    [
        lambda r: replace(r, body=r.body + b" "),
        lambda r: replace(r, method="PUT"),
        lambda r: replace(r, raw_path="/v2/apis/abc"),
        lambda r: replace(r, raw_query="a=1"),
        lambda r: changed(r, "host", "127.0.0.1", "localhost"),
        lambda r: changed(r, "authorization", "eu-west-2", "us-east-1"),
        lambda r: changed(r, "authorization", "apigateway", "acm"),
    ],
)
def test_a_request_that_was_changed_on_the_way_is_refused(
    change: Callable[[HttpRequest], HttpRequest],
) -> None:
    error = refusal(change(signed()))

    assert error.code == "InvalidSignatureException"
    assert "The request signature we calculated does not match the signature you provided" in str(error)
    assert "The Canonical String for this request should have been" in str(error)


def test_a_wrong_secret_is_refused() -> None:
    assert refusal(signed(secret="other")).code == "InvalidSignatureException"


def test_an_unknown_key_is_refused() -> None:
    error = refusal(signed(key="AKIAOTHER"))

    assert error.code == "UnrecognizedClientException"
    assert str(error) == "The security token included in the request is invalid."


def test_an_unsigned_request_is_refused() -> None:
    error = refusal(HttpRequest(method="GET", raw_path="/v2/apis", headers=(("host", "x"),)))

    assert error.code == "MissingAuthenticationTokenException"
    assert str(error) == "Missing Authentication Token"


@pytest.mark.parametrize(
    ("header", "old", "new"),
    [
        ("authorization", "Credential=", "Nobody="),
        ("authorization", "Signature=", "Scrawl="),
        ("authorization", "SignedHeaders=", "Headers="),
        ("authorization", "/aws4_request", ""),
        ("x-amz-date", "T", " "),
    ],
)
def test_a_signature_that_lacks_a_part_is_refused(header: str, old: str, new: str) -> None:
    assert refusal(changed(signed(), header, old, new)).code == "IncompleteSignatureException"


@pytest.mark.parametrize(("seconds", "says"), [(310, "Signature expired"), (-310, "not yet current")])
def test_a_clock_that_is_more_than_five_minutes_off_is_refused(seconds: int, says: str) -> None:
    error = refusal(signed(), now=time.time() + seconds)

    assert error.code == "InvalidSignatureException"
    assert says in str(error)
    Verifier(KEYS, lambda: time.time() + seconds * 0.9).verify(signed())


def test_a_presigned_url_is_good_for_as_long_as_it_says() -> None:
    request = signed(signer=SigV4QueryAuth, method="GET", body=b"", expires=1000)

    Verifier(KEYS, lambda: time.time() + 900).verify(request)

    later = time.time() + 1100
    assert "Signature expired" in str(refusal(request, now=later))


def test_a_date_that_is_not_the_days_of_the_scope_is_refused() -> None:
    request = signed()
    day = request.header("x-amz-date")[:8]

    assert refusal(changed(request, "authorization", day, "20200101")).code == "InvalidSignatureException"


def test_a_body_that_was_left_out_of_the_signature_may_be_anything() -> None:
    request = signed(headers={"X-Amz-Content-SHA256": "UNSIGNED-PAYLOAD"})

    Verifier(KEYS, time.time).verify(replace(request, body=b"something else"))


def test_clients_that_encode_the_path_once_are_accepted() -> None:
    """awscurl signs `/%40connections/abc%3D` for an execute-api path that boto3 would encode twice."""

    class Once(SigV4Auth):  # type: ignore[misc]
        def _normalize_url_path(self, path: str) -> str:
            return path.replace("@", "%40")

    request = signed("http://127.0.0.1:8790/prod/@connections/abc%3D", signer=Once, service="execute-api")

    assert Verifier(KEYS, time.time).verify(request).service == "execute-api"


@pytest.mark.parametrize("signer", [SigV4Auth, SigV4QueryAuth])
def test_a_mangled_signature_is_refused_whatever_it_says(signer: type[SigV4Auth]) -> None:
    chance = random.Random(1)
    good = signed(signer=signer, body=b"")

    def mangled(text: str) -> str:
        place = chance.randrange(len(text) + 1)
        bit = chance.choice(["", "=", ",", "/", " ", ";", "&", "é", "%00", "9" * 5000])
        return text[:place] + bit + text[place + chance.randrange(9) :]

    for _ in range(500):
        headers = tuple((name, mangled(value) if name != "host" else value) for name, value in good.headers)
        with contextlib.suppress(AwsError):
            Verifier(KEYS, time.time).verify(
                replace(good, headers=headers, raw_query=mangled(good.raw_query))
            )


def test_a_request_without_a_signature_has_none() -> None:
    assert signature_of(HttpRequest(method="GET", raw_path="/")) is None


def test_boto3_gets_the_refusals_as_errors_of_aws(api: Any, client: Callable[..., Any]) -> None:
    make_api(api)
    for service, call in (
        ("apigatewayv2", lambda c: c.get_apis()),
        ("sts", lambda c: c.get_caller_identity()),
        ("acm", lambda c: c.list_certificates()),
        ("route53", lambda c: c.list_hosted_zones()),
        ("cloudwatch", lambda c: c.list_metrics()),
    ):
        for changes, code in (
            ({"aws_secret_access_key": "wrong"}, "InvalidSignatureException"),
            ({"aws_access_key_id": "wrong"}, "UnrecognizedClientException"),
        ):
            with pytest.raises(ClientError) as caught:
                call(client(service, **changes))
            answer = caught.value.response
            assert code == answer["Error"]["Code"]
            assert answer["ResponseMetadata"]["HTTPStatusCode"] == 403
            assert re.search("signature|token", answer["Error"]["Message"])
