"""What the rules of the control plane may look at."""

from __future__ import annotations

import secrets
import string
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from apigw_ws.emulator.control.tables import Tables
from apigw_ws.emulator.values import AwsError

Values = dict[str, Any]
_ALPHABET = string.ascii_lowercase + string.digits


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    tables: Tables
    region: str
    account_id: str
    #: ``http://127.0.0.1:PORT``: known only once the server listens.
    endpoint: Callable[[], str]
    now: Callable[[], float]
    #: The certificate's description as ACM gives it, or None, by ARN.
    certificate: Callable[[str], Values | None]


def new_id(length: int) -> str:
    """An id as API Gateway makes them: lower-case letters and digits."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def bad_request(message: str) -> AwsError:
    return AwsError("BadRequestException", 400, message)


def conflict(message: str) -> AwsError:
    return AwsError("ConflictException", 409, message)


def not_found(message: str) -> AwsError:
    return AwsError("NotFoundException", 404, message)


def limit_reached(things: str, owner: str) -> AwsError:
    message = (
        f"Maximum number of {things} for this {owner} has been reached. "
        f"Please contact AWS if you need additional {things}."
    )
    return AwsError("TooManyRequestsException", 429, message)
