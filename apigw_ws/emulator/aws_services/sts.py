"""STS: who is asking, and as whom else they may ask."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from apigw_ws.emulator.roles import Roles, Session
from apigw_ws.emulator.values import AwsError

Values = dict[str, Any]
#: Seconds. More than this a role gives only where somebody has raised its maximum.
_HOUR: Final = 3600


class Sts:
    def __init__(self, account_id: str, roles: Roles) -> None:
        self.account_id = account_id
        self._roles = roles

    def operations(self, token: str) -> dict[str, Any]:
        """What the bearer of this token is answered; without one it is the made-up user of the keys."""
        session = self._roles.session(token)
        return {
            "GetCallerIdentity": partial(self._get_caller_identity, session),
            "AssumeRole": partial(self._assume_role, session),
        }

    def _get_caller_identity(self, session: Session | None, asked: Values) -> Values:
        if session is None:
            arn, user = f"arn:aws:iam::{self.account_id}:user/emulator", "AIDAEMULATOR000000000"
            return {"Account": self.account_id, "Arn": arn, "UserId": user}
        return {"Account": session.account_id, "Arn": session.arn, "UserId": _user_id(session)}

    def _assume_role(self, session: Session | None, asked: Values) -> Values:
        """AWS does not tell an unknown role from a wrong external ID."""
        arn, seconds = asked["RoleArn"], asked.get("DurationSeconds", _HOUR)
        if not self._roles.trusts(arn, asked.get("ExternalId", "")):
            who = self._get_caller_identity(session, {})["Arn"]
            message = f"User: {who} is not authorized to perform: sts:AssumeRole on resource: {arn}"
            raise AwsError("AccessDenied", 403, message)
        if seconds > _HOUR:
            message = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
            raise AwsError("ValidationError", 400, message)
        given = self._roles.assume(arn, asked["RoleSessionName"], seconds)
        return {
            "Credentials": {
                "AccessKeyId": given.session.access_key,
                "SecretAccessKey": given.secret_key,
                "SessionToken": given.token,
                "Expiration": given.session.expires,
            },
            "AssumedRoleUser": {"AssumedRoleId": _user_id(given.session), "Arn": given.session.arn},
        }


def _user_id(session: Session) -> str:
    return f"AROAEMULATOR000000000:{session.name}"
