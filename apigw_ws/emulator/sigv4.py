"""AWS Signature Version 4, checked on requests as they were received.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

from __future__ import annotations

import hashlib
import hmac
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final
from urllib.parse import parse_qsl, quote, unquote

from apigw_ws.emulator.values import AwsError, HttpRequest

ALGORITHM = "AWS4-HMAC-SHA256"
#: How far a signed request's clock may be off, in seconds. AWS allows five minutes.
MAX_SKEW = 300
#: Seconds for which a presigned URL can be good: up to 604800.
_WEEK = re.compile(r"[0-9]{1,6}")
#: One for all regions; the name of one region is in their signatures all the same.
_GLOBAL: Final = frozenset({"route53", "sts"})
_PARTS = re.compile(r"(Credential|SignedHeaders|Signature)=([^,\s]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Who signed, and for which service and region."""

    access_key: str
    date: str
    region: str
    service: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """Everything a request says about its own signature."""

    scope: Scope
    signed_headers: tuple[str, ...]
    value: str
    time: str
    #: Seconds from `time` for which a presigned URL is good; None for a signed header.
    expires: int | None = None


def signature_of(request: HttpRequest) -> Signature | None:
    """The signature in the Authorization header or in the query string; None if there is none.

    Raises:
        AwsError: there is one, but it lacks a part.
    """
    header = request.header("authorization")
    query = dict(parse_qsl(request.raw_query, keep_blank_values=True))
    if header.startswith(ALGORITHM):
        parts = dict(_PARTS.findall(header))
        return _signature(parts, request.header("x-amz-date"), None)
    if query.get("X-Amz-Algorithm") == ALGORITHM:
        parts = {
            name: query.get(f"X-Amz-{name}", "") for name in ("Credential", "SignedHeaders", "Signature")
        }
        expires = query.get("X-Amz-Expires", "")
        return _signature(parts, query.get("X-Amz-Date", ""), int(expires) if _WEEK.fullmatch(expires) else 0)
    return None


def _signature(parts: Mapping[str, str], moment: str, expires: int | None) -> Signature:
    missing = [name for name in ("Credential", "Signature", "SignedHeaders") if not parts.get(name)]
    credential = parts.get("Credential", "").split("/")
    if missing or not moment or len(credential) < 5 or credential[-1] != "aws4_request":
        needs = "Authorization header requires 'Credential', 'Signature', 'SignedHeaders' and 'X-Amz-Date'."
        raise AwsError("IncompleteSignatureException", 403, needs)
    *key, date, region, service, _ = credential
    return Signature(
        scope=Scope(access_key="/".join(key), date=date, region=region, service=service),
        signed_headers=tuple(parts["SignedHeaders"].lower().split(";")),
        value=parts["Signature"],
        time=moment,
        expires=expires,
    )


def token_of(request: HttpRequest) -> str:
    """The session token of temporary credentials; empty if there is none."""
    name = "X-Amz-Security-Token"
    return request.header(name) or dict(parse_qsl(request.raw_query)).get(name, "")


class Verifier:
    """Lets through only what was signed with one of the keys, for ``region`` if there is one."""

    def __init__(
        self,
        keys: Mapping[str, str],
        now: Callable[[], float] = time.time,
        *,
        region: str = "",
        temporary: Callable[[str, str], str] | None = None,
    ) -> None:
        """``temporary`` tells the secret of an access key and session token, or raises AwsError."""
        self._keys = keys
        self._now = now
        self._region = region
        self._temporary = temporary

    def verify(self, request: HttpRequest, service: str = "") -> Scope:
        """Who signed the request, and for what; for ``service`` where that is given.

        Raises:
            AwsError: 403, with the code and the sentence that AWS answers.
        """
        signature = signature_of(request)
        if signature is None:
            raise AwsError("MissingAuthenticationTokenException", 403, "Missing Authentication Token")
        secret = self._secret(signature.scope.access_key, token_of(request))
        self._check_time(signature)
        paths = _canonical_paths(request)
        texts = (canonical_request(request, signature, path) for path in paths)
        if not any(_is_signed(secret, signature, text) for text in texts):
            shown = canonical_request(request, signature, paths[0])
            raise AwsError("InvalidSignatureException", 403, _mismatch(signature, shown))
        self._check_scope(signature.scope, service)
        return signature.scope

    def _secret(self, access_key: str, token: str) -> str:
        if token and self._temporary:
            return self._temporary(access_key, token)
        if access_key not in self._keys:
            message = "The security token included in the request is invalid."
            raise AwsError("UnrecognizedClientException", 403, message)
        return self._keys[access_key]

    def _check_scope(self, scope: Scope, service: str) -> None:
        is_here = scope.service in _GLOBAL or scope.region == self._region or not self._region
        if is_here and service in ("", scope.service):
            return
        wanted = f"correct service: '{service}'" if is_here else f"a valid region: '{self._region}'"
        raise AwsError("InvalidSignatureException", 403, f"Credential should be scoped to {wanted}.")

    def _check_time(self, signature: Signature) -> None:
        signed = _seconds(signature.time)
        age = self._now() - signed
        lifetime = MAX_SKEW if signature.expires is None else signature.expires
        if age > lifetime or age < -MAX_SKEW or not signature.time.startswith(signature.scope.date):
            edge = _stamp(signed + lifetime) if age > lifetime else _stamp(self._now() + MAX_SKEW)
            problem = (
                "expired: {0} is now earlier than {1}" if age > lifetime else "not yet current: {0}, {1}"
            )
            message = "Signature " + problem.format(signature.time, f"{_stamp(self._now())} (limit {edge})")
            raise AwsError("InvalidSignatureException", 403, message)


def _canonical_paths(request: HttpRequest) -> tuple[str, str]:
    """The path encoded once more, as boto3 does, or once, as API Gateway itself shows it (awscurl #61)."""
    path = request.raw_path or "/"
    return quote(path, safe="/~"), quote(unquote(path), safe="/~")


def canonical_request(request: HttpRequest, signature: Signature, path: str) -> str:
    """The text that was signed, with the raw query and the body as received."""
    headers = {name: " ".join(request.header(name).split()) for name in signature.signed_headers}
    hashed = "UNSIGNED-PAYLOAD" if request.header("x-amz-content-sha256") == "UNSIGNED-PAYLOAD" else ""
    return "\n".join(
        (
            request.method,
            path,
            _canonical_query(request.raw_query),
            *(f"{name}:{value}" for name, value in headers.items()),
            "",
            ";".join(signature.signed_headers),
            hashed or hashlib.sha256(request.body).hexdigest(),
        )
    )


def _canonical_query(raw_query: str) -> str:
    pairs = (item.partition("=") for item in raw_query.split("&") if item)
    return "&".join(f"{name}={value}" for name, _, value in sorted(pairs) if name != "X-Amz-Signature")


def sign(secret: str, signature: Signature, canonical: str) -> str:
    key = _signing_key(secret, signature.scope)
    return hmac.digest(key, _string_to_sign(signature, canonical).encode(), "sha256").hex()


@lru_cache(maxsize=128)
def _signing_key(secret: str, scope: Scope) -> bytes:
    """The same all day, and four digests to make."""
    key = f"AWS4{secret}".encode()
    for part in (scope.date, scope.region, scope.service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key


def _is_signed(secret: str, signature: Signature, canonical: str) -> bool:
    return hmac.compare_digest(sign(secret, signature, canonical).encode(), signature.value.encode())


def _string_to_sign(signature: Signature, canonical: str) -> str:
    scope = signature.scope
    path = f"{scope.date}/{scope.region}/{scope.service}/aws4_request"
    return "\n".join((ALGORITHM, signature.time, path, hashlib.sha256(canonical.encode()).hexdigest()))


def _mismatch(signature: Signature, canonical: str) -> str:
    """AWS shows what it signed itself, so that a client's author can compare."""
    return (
        "The request signature we calculated does not match the signature you provided. Check your AWS "
        "Secret Access Key and signing method. Consult the service documentation for details.\n\n"
        f"The Canonical String for this request should have been\n'{canonical}'\n\n"
        f"The String-to-Sign should have been\n'{_string_to_sign(signature, canonical)}'\n"
    )


def _seconds(moment: str) -> float:
    try:
        return datetime.strptime(moment, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()
    except ValueError as error:
        message = f"Date must be in ISO-8601 'basic format'. Got '{moment}'."
        raise AwsError("IncompleteSignatureException", 403, message) from error


def _stamp(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y%m%dT%H%M%SZ")
