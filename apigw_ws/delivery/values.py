"""Values that go into a delivery, and that come out of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, NamedTuple, Protocol


class Result(StrEnum):
    SENT = "sent"
    #: AWS no longer knows the connection.
    GONE = "gone"
    #: AWS does not let these credentials send through this gateway.
    FORBIDDEN = "forbidden"
    #: AWS limits the rate, or the client's buffer stayed full.
    THROTTLED = "throttled"
    TOO_LARGE = "too_large"
    FAILED = "failed"
    #: The delivery was stopped before.
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    connection_id: str
    #: The caller's own reference, which comes back with the outcome.
    ref: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What happened to one target."""

    target: Target
    result: Result
    #: AWS's error code, else botocore's name for what went wrong, else the status; empty if it was sent.
    code: str = ""
    #: How many calls were made; 0 if the delivery was stopped before.
    attempts: int = 0
    #: What AWS said, with its request ID.
    said: str = ""


class Answer(NamedTuple):
    """The result of one call. ``status`` is 0 without an answer."""

    status: int
    code: str = ""
    said: str = ""


OK: Final = Answer(200)


def said(message: str, request_id: str) -> str:
    """AWS's message, without the signed text that follows a blank line if a signature is wrong."""
    words = message.partition("\n\n")[0].strip()[:500]
    return f"{words} (request ID {request_id})".strip() if request_id else words


class Credentials(Protocol):
    """As botocore freezes them."""

    @property
    def access_key(self) -> str: ...
    @property
    def secret_key(self) -> str: ...
    @property
    def token(self) -> str | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """The URL and the credentials for ``@connections``, as boto3 resolved them: see ``aws.posting``."""

    #: ``/@connections/…`` is appended, so it ends with the stage, unless a custom domain implies it.
    url: str
    region: str
    #: Called every second of a delivery, because a role's credentials are renewed.
    credentials: Callable[[], Credentials]
    #: Makes one call with boto3, for use without pycurl. Raises nothing.
    post: Callable[[str, bytes], Answer]
    #: The file of trusted TLS certificates.
    ca_bundle: str = ""
    #: The URL of a proxy, which may contain a password.
    proxy: str = field(default="", repr=False)
    service: str = "execute-api"


class Line(Protocol):
    """Makes calls, for one thread. Nothing is under way at first and after ``close``."""

    def begin(self, connection_id: str, what: Any) -> None: ...

    def answers(self, wait: float) -> list[tuple[Any, Answer]]:
        """Return the answers, each with its ``what``, after waiting up to so many seconds for the first."""
        ...

    def close(self) -> None: ...
