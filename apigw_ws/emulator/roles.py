"""Roles that can be assumed, and the temporary credentials for it.

Nothing is kept of these: the token says all of it, sealed with the emulator's own secret key, and the secret
key that goes with it is derived from the token. So they outlive a restart, as on AWS.
"""

from __future__ import annotations

import base64
import hmac
import json
import secrets
import string
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Final

from apigw_ws.emulator.values import AwsError

_ALPHABET: Final = string.ascii_uppercase + "234567"


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Somebody who acts as a role, until ``expires`` (seconds since 1970)."""

    access_key: str
    role_arn: str
    name: str
    expires: int

    @property
    def account_id(self) -> str:
        return self.role_arn.split(":")[4]

    @property
    def arn(self) -> str:
        """AWS leaves the role's path out of it."""
        partition, role = self.role_arn.split(":")[1], self.role_arn.rpartition("/")[2]
        return f"arn:{partition}:sts::{self.account_id}:assumed-role/{role}/{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What to sign with as a role."""

    session: Session
    secret_key: str = field(repr=False)
    token: str = field(repr=False)


class Roles:
    """``known`` are the external IDs that roles demand, by ARN; empty if one demands none."""

    def __init__(self, known: Mapping[str, str], secret: str, now: Callable[[], float] = time.time) -> None:
        self._known = known
        self._secret = secret.encode()
        self._now = now

    def trusts(self, arn: str, external_id: str) -> bool:
        """Whether there is such a role, and it may be assumed with this external ID."""
        return arn in self._known and self._known[arn] in ("", external_id)

    def assume(self, arn: str, name: str, seconds: int) -> Given:
        session = Session(
            access_key="ASIA" + "".join(secrets.choice(_ALPHABET) for _ in range(16)),
            role_arn=arn,
            name=name,
            expires=int(self._now()) + seconds,
        )
        told = base64.urlsafe_b64encode(json.dumps(asdict(session)).encode()).decode()
        token = f"{told}.{self._seal('token', told)}"
        return Given(session=session, secret_key=self._seal("key", token), token=token)

    def session(self, token: str) -> Session | None:
        """Who has been given the token; None for what is no token of ours."""
        told, _, seal = token.partition(".")
        if not hmac.compare_digest(seal.encode(), self._seal("token", told).encode()):
            return None
        return Session(**json.loads(base64.urlsafe_b64decode(told)))

    def secret_key(self, access_key: str, token: str) -> str:
        """The secret key that goes with the token.

        Raises:
            AwsError: 403; the token has expired, or is not this access key's.
        """
        session = self.session(token)
        if session is None or session.access_key != access_key:
            message = "The security token included in the request is invalid."
            raise AwsError("UnrecognizedClientException", 403, message)
        if session.expires <= self._now():
            message = "The security token included in the request is expired"
            raise AwsError("ExpiredTokenException", 403, message)
        return self._seal("key", token)

    def _seal(self, purpose: str, text: str) -> str:
        return hmac.digest(self._secret, f"{purpose} {text}".encode(), "sha256").hex()
