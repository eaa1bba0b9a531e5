"""What goes into a delivery, and what comes out."""

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
    #: Nobody wanted it any longer.
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    connection_id: str
    #: Whatever the caller knows it by; comes back with the outcome.
    ref: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What happened to one target."""

    target: Target
    result: Result
    #: AWS's error code, else botocore's name for what went wrong, else the status; empty if it was sent.
    code: str = ""
    #: How often AWS was asked; 0: not at all, because the delivery was stopped before.
    attempts: int = 0
    #: What AWS said of it, with its request ID.
    said: str = ""


class Answer(NamedTuple):
    """What became of one call. ``status`` is 0 if no answer came."""

    status: int
    code: str = ""
    said: str = ""


OK: Final = Answer(200)


def said(message: str, request_id: str) -> str:
    """AWS's words for a person. Of a wrong signature it says after a blank line what was signed."""
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
    """Where ``@connections`` is, and as whom it is called, as boto3 resolved it: see ``aws.posting``."""

    #: ``/@connections/…`` follows, so it ends with the stage unless a custom domain knows it.
    url: str
    region: str
    #: Asked again each second of a delivery, since those of a role are renewed.
    credentials: Callable[[], Credentials]
    #: One call with boto3, where there is no pycurl. Raises nothing.
    post: Callable[[str, bytes], Answer]
    #: The file of certificates that TLS trusts.
    ca_bundle: str = ""
    #: The URL of a proxy, which may hold a password.
    proxy: str = field(default="", repr=False)
    service: str = "execute-api"


class Line(Protocol):
    """Calls under way. Used by one thread; nothing is under way when it is new, nor after ``close``."""

    def begin(self, connection_id: str, what: Any) -> None: ...

    def answers(self, wait: float) -> list[tuple[Any, Answer]]:
        """What was answered, each with its ``what``; waits so many seconds for the first."""
        ...

    def close(self) -> None: ...
