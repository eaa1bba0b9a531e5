"""Request parameters: what an integration adds to the backend's request.

https://docs.aws.amazon.com/apigateway/latest/developerguide/websocket-api-data-mapping.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from apigw_ws.emulator.context import Event, Pairs

_TARGET = re.compile(r"integration\.request\.(header|querystring|path)\.(.+)", re.DOTALL)
_STAGE_VARIABLE = re.compile(r"\$\{stageVariables\.([^}]+)\}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")

#: Headers that a mapping cannot set.
RESERVED: Final = frozenset(
    {"content-length", "transfer-encoding", "x-amzn-trace-id", "x-amzn-apigateway-api-id"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapped:
    """The parameters of one request. Headers keep the spelling of the mapping's key."""

    headers: Pairs
    query: Pairs
    path: Mapping[str, str]


def mapped(parameters: Mapping[str, str], event: Event) -> Mapped:
    """What ``RequestParameters`` make of ``event``. A value that is not there is left out."""
    found: dict[str, list[tuple[str, str]]] = {"header": [], "querystring": [], "path": []}
    for target, expression in parameters.items():
        if match := _TARGET.fullmatch(target):
            found[match[1]] += [(match[2], value) for value in values(expression, event)]
    return Mapped(
        headers=tuple(pair for pair in found["header"] if pair[0].lower() not in RESERVED),
        query=tuple(found["querystring"]),
        path=dict(found["path"]),
    )


def values(expression: str, event: Event) -> list[str]:
    """The values of one mapping expression as they go into the request: nothing that could end a line."""
    if len(expression) > 1 and expression[0] == expression[-1] == "'":
        return [expression[1:-1]]
    return [_text(value) for value in event.values(expression.removeprefix("route."))]


def with_stage_variables(uri: str, variables: Mapping[str, str]) -> str:
    """``uri`` with ``${stageVariables.name}`` replaced; one that is not set becomes nothing."""
    return _STAGE_VARIABLE.sub(lambda match: variables.get(match[1], ""), uri)


def missing(declared: Mapping[str, Any], event: Event) -> list[str]:
    """The route's required request parameters that the handshake does not have."""
    return [
        name
        for name, constraint in declared.items()
        if constraint.get("Required") and not event.values(name.removeprefix("route."))
    ]


def _text(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
    return _CONTROL.sub(" ", text.encode("utf-8", "replace").decode())
