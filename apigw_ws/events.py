"""Turns an HTTP request of API Gateway into an ``Event``. Nothing else reads the vendor's headers.

A request makes three kinds of statements, which are kept apart:

* what API Gateway always says: the connection ID and the ID of the API;
* what our integrations map (``Mapped``): on ``$connect`` API Gateway passes the client's own headers on, and
  anybody can call a public URL, so these are only *claims* until ``guards.gateway_secret`` has seen the
  secret;
* what the client says on ``$connect``: origin, query string, cookies, user agent.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, NoReturn

from django.http import HttpRequest

from apigw_ws import headers
from apigw_ws.exceptions import MAX_MESSAGE_BYTES, Refused

_CONNECTION_ID: Final = re.compile(r"[A-Za-z0-9_=-]{1,128}\Z")
#: Nesting of lists and objects. Deeper ones could be read here, but exhaust Python's stack in a handler.
_MAX_DEPTH: Final = 100


class Phase(StrEnum):
    CONNECT = "connect"
    MESSAGE = "message"
    DISCONNECT = "disconnect"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapped:
    """What our integrations map from ``context.*``; every value is empty if nothing is mapped."""

    event_type: str = ""
    route_key: str = ""
    stage: str = ""
    request_id: str = ""
    source_ip: str | None = None
    user_agent: str = ""
    connected_on: dt.datetime | None = None
    two_way: bool = False
    close_code: int | None = None
    close_reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One CONNECT, MESSAGE or DISCONNECT.

    Texts are cut to the length of their columns and can be stored as they are.
    """

    phase: Phase
    connection_id: str
    api_id: str
    secret: str = field(default="", repr=False)
    #: Not to be believed before the secret has matched; then it becomes `GuardedRequest.mapped`.
    claimed: Mapped = field(default_factory=Mapped)
    origin: str | None = None
    #: The channel that the URL names, the last of several; and all that it names, each once.
    channel: str = ""
    channels: tuple[str, ...] = ()
    token: str = field(default="", repr=False)
    user_agent: str = ""
    forwarded_for: tuple[str, ...] = ()

    def forwarded_address(self, proxies: int) -> str | None:
        """Return what the outermost of ``proxies`` appended to X-Forwarded-For, counted from the right.

        Values further left came from the client and prove nothing. None for 0, and if the header is
        shorter.
        """
        if not 0 < proxies <= len(self.forwarded_for):
            return None
        return _address(self.forwarded_for[-proxies])


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """A message: its text, and its JSON object, {} if it is not one."""

    text: str
    data: dict[str, Any]


def parse(request: HttpRequest, route: str) -> Event:
    """Return the event that came in at the URL's ``route``: "connect", "disconnect", all others are messages.

    Raises Refused (guard ``request``, 400) if there is no usable connection ID.
    """
    connection_id = request.headers.get(headers.CONNECTION_ID, "")
    if not _CONNECTION_ID.match(connection_id):
        raise Refused("request", 400, "The connection ID is missing or malformed.")
    return Event(
        phase=Phase(route) if route in (Phase.CONNECT, Phase.DISCONNECT) else Phase.MESSAGE,
        connection_id=connection_id,
        api_id=storable(request.headers.get(headers.API_ID, ""), 32),
        secret=_static(request.headers.get(headers.SECRET, "")),
        claimed=_claims(request.headers),
        origin=request.headers.get("Origin"),
        channel=request.GET.get("channel", ""),
        channels=tuple(dict.fromkeys(filter(None, request.GET.getlist("channel")))),
        token=request.GET.get("ws_token", ""),
        user_agent=storable(request.headers.get("User-Agent", ""), 512),
        forwarded_for=_list(request.headers.get("X-Forwarded-For", "")),
    )


def parse_body(raw: bytes) -> Body:
    """Return the message. ``data`` is {} if it is not UTF-8, not a JSON object or over 100 levels deep.

    Raises Refused (guard ``size``, 413) over 128 KB: API Gateway lets no such message through.
    """
    if len(raw) > MAX_MESSAGE_BYTES:
        raise Refused("size", 413, "The message is over 128 KB.", {"bytes": len(raw)})
    try:
        data = _JSON.decode(raw.decode()) if raw else {}
    except (ValueError, RecursionError):
        data = {}
    is_usable = isinstance(data, dict) and not _is_deep(raw, data)
    return Body(text=raw.decode(errors="replace"), data=data if is_usable else {})


def _is_deep(raw: bytes, data: dict[str, Any]) -> bool:
    if raw.count(b"[") + raw.count(b"{") <= _MAX_DEPTH:
        return False
    level: list[Any] = [data]
    for _ in range(_MAX_DEPTH):
        within = (one.values() if isinstance(one, dict) else one for one in level)
        level = [inner for outer in within for inner in outer if isinstance(inner, dict | list)]
    return bool(level)


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"JSON has no {name}.")


def _finite(text: str) -> float:
    """1e999 would become infinity, which JSON lacks: a handler could not send it on."""
    number = float(text)
    return number if math.isfinite(number) else _refuse(text)


#: Python's own decoder accepts NaN and Infinity, which are not JSON.
_JSON: Final = json.JSONDecoder(parse_constant=_refuse, parse_float=_finite)


def storable(text: str, length: int) -> str:
    """Return ``text`` without what databases refuse (NUL, lone surrogates), cut to ``length`` characters."""
    return text.replace("\0", "").encode(errors="replace").decode()[:length]


def _claims(values: Mapping[str, str]) -> Mapped:
    return Mapped(
        event_type=values.get(headers.EVENT_TYPE, ""),
        route_key=storable(values.get(headers.ROUTE_KEY, ""), 128),
        stage=storable(values.get(headers.STAGE, ""), 128),
        request_id=storable(values.get(headers.REQUEST_ID, ""), 128),
        source_ip=_address(values.get(headers.SOURCE_IP, "")),
        user_agent=storable(values.get(headers.USER_AGENT, ""), 512),
        connected_on=_moment(values.get(headers.CONNECTED_AT, "")),
        two_way=_static(values.get(headers.TWO_WAY, "")) == "1",
        close_code=_close_code(values.get(headers.CLOSE_CODE, "")),
        close_reason=storable(values.get(headers.CLOSE_REASON, ""), 255),
    )


def _address(text: str) -> str | None:
    """Without the scope (fe80::1%eth0), which databases do not accept."""
    try:
        return str(ipaddress.ip_address(text.partition("%")[0].strip()))
    except ValueError:
        return None


def _static(text: str) -> str:
    """A mapping writes a static value in single quotes, and AWS's guide calls them part of the value."""
    return text.strip("'")


def _list(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",")) if text else ()


def _moment(milliseconds: str) -> dt.datetime | None:
    """`context.connectedAt` is in milliseconds since 1970."""
    try:
        return dt.datetime.fromtimestamp(int(milliseconds) / 1000, tz=dt.UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _close_code(text: str) -> int | None:
    """RFC 6455, 7.4: 1000 to 4999."""
    return int(text) if re.fullmatch(r"[1-4][0-9]{3}", text, re.ASCII) else None
