"""Every error this package raises on purpose.

ApigwWsError
├── Refused                  a guard refused an event; carries the guard's name, the status and the facts
├── ConfigurationError       a setting is missing or wrong (also ImproperlyConfigured)
├── PayloadTooLarge          a message is over 128 KB (also ValueError)
├── BanRefused               a ban would hit whoever makes it, or far too many people
├── BroadcastError           an audience, a message or the state of a broadcast does not allow what was asked
├── NotProvisioned           a gateway has no API or stage in AWS yet
├── ConnectionGone           the connection is closed: AWS answered 410 Gone
└── AwsError                 AWS refused or failed a call; carries its code, request ID and operation
    ├── AwsUnreachable       no answer: name, network, TLS, time-out, credentials not found
    └── Throttled            429: ask again later

Provisioning
├── PlanChanged              what AWS holds has changed since the plan was shown (ApigwWsError)
├── RunInProgress            somebody is already applying to this gateway (ApigwWsError)
├── OwnershipConflict        something we need exists in AWS and is not ours (ApigwWsError)
├── SecretOutdated           a deployment sends a secret that is no longer accepted (ApigwWsError)
├── RotationRefused          a step in the rotation of a secret is too early or too late (ApigwWsError)
└── NotConfirmed             the name typed is not that of the gateway to be torn down (ApigwWsError)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.core.exceptions import ImproperlyConfigured

#: AWS: 131,072 bytes, in either direction (https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html).
MAX_MESSAGE_BYTES: Final = 128 * 1024


class ApigwWsError(Exception):
    """Base of every error raised on purpose by this package."""


class ConfigurationError(ApigwWsError, ImproperlyConfigured):
    """A setting is missing or wrong; the message names it and says what to write."""


class Refused(ApigwWsError):
    """A guard refused an event.

    ``facts`` are what an operator needs to understand the refusal (never a secret);
    the client only ever learns ``status``.
    """

    def __init__(self, guard: str, status: int, reason: str, facts: Mapping[str, Any] | None = None) -> None:
        super().__init__(reason)
        self.guard = guard
        self.status = status
        self.reason = reason
        self.facts = dict(facts or {})


class PayloadTooLarge(ApigwWsError, ValueError):
    """A message is over AWS's limit of 131,072 bytes; nothing was sent."""


class BanRefused(ApigwWsError):
    """A ban would hit whoever makes it, or far too many people; nothing was done."""


class BroadcastError(ApigwWsError):
    """A broadcast's audience, message or state does not allow what was asked; nothing was sent."""


class NotProvisioned(ApigwWsError):
    """A gateway has no API or no deployed stage in AWS yet."""


class ConnectionGone(ApigwWsError):
    """The connection does not exist any longer (AWS: 410 GoneException)."""


class AwsError(ApigwWsError):
    """AWS refused or failed a call.

    ``code`` is AWS's error code, ``request_id`` what AWS's support asks for (either may be empty),
    ``operation`` the API operation, and ``status`` the HTTP status (0 without an answer).
    """

    def __init__(
        self, message: str, *, code: str = "", request_id: str = "", operation: str = "", status: int = 0
    ) -> None:
        super().__init__(message)
        self.code = code
        self.request_id = request_id
        self.operation = operation
        self.status = status


class AwsUnreachable(AwsError):
    """No answer came: name resolution, network, TLS, a time-out, or no credentials to sign with."""


class Throttled(AwsError):
    """AWS answered 429; the same call may succeed later."""


class PlanChanged(ApigwWsError):
    """What AWS holds has changed since the plan was shown; look at the new plan first."""


class RunInProgress(ApigwWsError):
    """Another run is applying to this gateway; the message says whose and since when."""


class OwnershipConflict(ApigwWsError):
    """Something the spec needs exists in AWS but was not made by us."""


class SecretOutdated(ApigwWsError):
    """After going back to that deployment, Django would refuse every event; nothing was done."""


class RotationRefused(ApigwWsError):
    """A step in the rotation of a gateway's secret would be too early or too late; nothing was done."""


class NotConfirmed(ApigwWsError):
    """The gateway's name was not repeated correctly; nothing was done."""
