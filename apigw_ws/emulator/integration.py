"""The HTTP request that an integration makes of an event. Pure: nothing is sent here.

The headers are those of the "HTTP_PROXY" integration: a client's own on ``$connect``, none of them later.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl, quote, unquote_plus, urlencode, urlsplit

from apigw_ws.emulator import ids, mapping
from apigw_ws.emulator.context import Event, Pairs
from apigw_ws.emulator.mapping import Mapped
from apigw_ws.emulator.options import Options

#: Of one hop only, or set anew by the gateway.
_NOT_PASSED: Final = mapping.RESERVED | {
    "connection",
    "expect",
    "host",
    "keep-alive",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "upgrade",
    "x-forwarded-for",
    "x-forwarded-port",
    "x-forwarded-proto",
    "x-real-ip",
}
#: Where a load balancer in front of the backend would see the gateway's calls come from (RFC 5737).
EGRESS: Final = "203.0.113.1"
_DEFAULT_TIMEOUT: Final = 29_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request to a backend. ``timeout`` is in seconds."""

    method: str
    url: str
    headers: Pairs
    body: bytes
    timeout: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Handshake:
    """What a client sent to be connected, as received. Header names are in lower case."""

    headers: Pairs
    raw_query: str
    source_ip: str

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers if key == name), "")

    def pairs(self) -> Pairs:
        return tuple(parse_qsl(self.raw_query, keep_blank_values=True))


def call_of(
    integration: Mapping[str, Any],
    event: Event,
    options: Options,
    *,
    now: float,
    body: bytes = b"",
    handshake: Handshake | None = None,
) -> Call:
    """The request for ``event``; ``handshake`` is given on ``$connect`` and passed through.

    Raises ValueError if the integration has no URL that can be called.
    """
    parameters = mapping.mapped(integration.get("RequestParameters") or {}, event)
    kind = integration["IntegrationType"]
    passed = handshake if kind == "HTTP_PROXY" else None
    return Call(
        method=integration.get("IntegrationMethod") or "POST",
        url=_url(integration.get("IntegrationUri") or "", event, parameters, passed),
        headers=_headers(kind, event, parameters, passed, options, now=now, has_body=bool(body)),
        body=body,
        timeout=(integration.get("TimeoutInMillis") or _DEFAULT_TIMEOUT) / 1000,
    )


def _url(uri: str, event: Event, parameters: Mapped, handshake: Handshake | None) -> str:
    uri = mapping.with_stage_variables(uri, event.stage_variables)
    for name in _placeholders(uri):
        uri = uri.replace(f"{{{name}}}", quote(parameters.path.get(name, ""), safe=""))
    parts = urlsplit(uri)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{uri!r} is not an HTTP URL")
    taken = {name for name, _ in parameters.query}
    queries = [parts.query, _without(handshake.raw_query if handshake else "", taken)]
    queries.append(urlencode(parameters.query))
    return parts._replace(path=parts.path or "/", query="&".join(filter(None, queries))).geturl()


def _placeholders(uri: str) -> list[str]:
    return [part.partition("}")[0] for part in uri.split("{")[1:] if "}" in part]


def _without(raw_query: str, names: set[str]) -> str:
    """``raw_query`` as it is, but for the parameters that a mapping sets."""
    pieces = raw_query.split("&")
    return "&".join(piece for piece in pieces if unquote_plus(piece.partition("=")[0]) not in names)


def _headers(
    kind: str,
    event: Event,
    parameters: Mapped,
    handshake: Handshake | None,
    options: Options,
    *,
    now: float,
    has_body: bool,
) -> Pairs:
    pairs = [*_passed(handshake), *_forwarded(handshake, options), *_own(kind, options, has_body=has_body)]
    if "user-agent" not in dict(pairs):
        pairs.append(("User-Agent", f"AmazonAPIGateway_{event.context['apiId']}"))
    mapped_names = {name.lower() for name, _ in parameters.headers}
    return (
        *(pair for pair in pairs if pair[0].lower() not in mapped_names),
        *parameters.headers,
        ("X-Amzn-Trace-Id", ids.trace_id(now)),
        ("x-amzn-apigateway-api-id", event.context["apiId"]),
    )


def _passed(handshake: Handshake | None) -> list[tuple[str, str]]:
    return [pair for pair in handshake.headers if pair[0] not in _NOT_PASSED] if handshake else []


def _own(kind: str, options: Options, *, has_body: bool) -> list[tuple[str, str]]:
    """An "HTTP" integration says that it is JSON; of a proxied message AWS documents nothing."""
    if kind == "HTTP":
        return [("Accept", "application/json"), ("Content-Type", "application/json")]
    proxied = options.message_content_type
    return [("Content-Type", proxied)] if has_body and proxied else []


def _forwarded(handshake: Handshake | None, options: Options) -> list[tuple[str, str]]:
    """``X-Forwarded-*``: the client's on ``$connect``; a front proxy adds the gateway's address to each."""
    hops = (
        [hop for hop in (handshake.header("x-forwarded-for"), handshake.source_ip) if hop]
        if handshake
        else []
    )
    if options.front_proxy:
        hops.append(EGRESS)
    if not hops:
        return []
    pairs = [
        ("X-Forwarded-For", ", ".join(hops)),
        ("X-Forwarded-Proto", "https"),
        ("X-Forwarded-Port", "443"),
    ]
    return [*pairs, ("X-Real-Ip", EGRESS)] if options.front_proxy else pairs
