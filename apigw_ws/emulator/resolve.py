"""Which API and stage a URL means.

===========================================  =====================================================
``/_aws/execute-api/{api}/{stage}``          always
``{api}.execute-api.{anything}`` /{stage}    by the Host header, as on AWS
``{custom domain}`` [/{mapping key}]         by the Host header, through the domain's API mappings
``/{stage}``                                 the socket if one API has that stage; @connections always
===========================================  =====================================================
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import unquote

from apigw_ws.emulator import hosts

_EXECUTE_API_HOST = re.compile(r"([a-z0-9]+)\.execute-api\.")
_BY_PATH = re.compile(r"/_aws/execute-api/([^/]+)(/.*)?")
_CONNECTION = re.compile(r"(.*)/(?:@|%40)connections(?:/([^/]*)/?)?")


class Control(Protocol):
    """What the control plane knows of addresses."""

    def stages_named(self, stage: str, /) -> Sequence[str]: ...
    def resolve_domain(self, host: str, path: str, /) -> tuple[str, str, str] | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A stage of an API; they need not exist. ``rest`` is what follows the stage in the path."""

    api_id: str
    stage_name: str
    rest: str = ""
    by_domain: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ManagedConnection:
    """A connection by its URL. ``api_id`` is empty if the URL names only the stage; the id may be too."""

    api_id: str
    stage_name: str
    connection_id: str


def stage(host: str, raw_path: str, control: Control) -> Target | None:
    """The stage that a client's URL means; None if the path is not one of a stage."""
    return addressed(host, raw_path, control) or _only_stage(raw_path, control)


def addressed(host: str, raw_path: str, control: Control) -> Target | None:
    """As ``stage``, for URLs that name the API too."""
    if match := _BY_PATH.fullmatch(raw_path):
        return _target(match[1], match[2] or "/")
    if match := _EXECUTE_API_HOST.match(hosts.name_of(host)):
        return _target(match[1], raw_path)
    found = control.resolve_domain(host, raw_path)
    if found:
        return Target(api_id=found[0], stage_name=found[1], rest=found[2], by_domain=True)
    return None


def connection(host: str, raw_path: str, control: Control) -> ManagedConnection | None:
    """The connection that a management URL means; None if the path is none of @connections."""
    if not (match := _CONNECTION.fullmatch(raw_path)):
        return None
    target = addressed(host, match[1] or "/", control) or _target("", match[1] or "/")
    return ManagedConnection(
        api_id=target.api_id,
        stage_name=target.stage_name if target.rest in ("", "/") else "",
        connection_id=unquote(match[2] or ""),
    )


def _only_stage(raw_path: str, control: Control) -> Target | None:
    target = _target("", raw_path)
    apis = control.stages_named(target.stage_name)
    return Target(api_id=apis[0], stage_name=target.stage_name, rest=target.rest) if len(apis) == 1 else None


def _target(api_id: str, path: str) -> Target:
    name, slash, rest = path.removeprefix("/").partition("/")
    return Target(api_id=api_id, stage_name=unquote(name), rest=slash + rest)
