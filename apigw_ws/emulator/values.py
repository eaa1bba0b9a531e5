"""What the emulator's parts hand to each other: requests, answers, errors and deployed stages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRequest:
    """An HTTP request as it was received: nothing decoded, nothing normalised (SigV4 needs the raw bytes)."""

    method: str
    raw_path: str
    raw_query: str = ""
    #: Names in lower case, in the order received.
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    def header(self, name: str, default: str = "") -> str:
        return next((value for key, value in self.headers if key == name.lower()), default)


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpResponse:
    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


class AwsError(Exception):
    """An error that AWS would answer: its code, HTTP status, message and further members."""

    def __init__(self, code: str, status: int, message: str | None = None, **members: Any) -> None:
        super().__init__(message or code)
        self.code = code
        self.status = status
        self.message = message
        self.members = members


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployedRoute:
    """A route of a deployment, with its integration. Members have botocore's names (``RouteKey``)."""

    key: str
    route: Mapping[str, Any]
    integration: Mapping[str, Any] | None
    #: A RouteResponse exists, so the integration's answer goes back to the client.
    two_way: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployedStage:
    """What a stage serves now: the snapshot of its deployment, with the stage's live settings."""

    api_id: str
    stage_name: str
    api: Mapping[str, Any]
    stage: Mapping[str, Any]
    routes: Mapping[str, DeployedRoute] = field(default_factory=dict)
