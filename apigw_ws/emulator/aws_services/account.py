"""What API Gateway keeps for a whole account, which only the first version of its API tells."""

from __future__ import annotations

from typing import Any

from apigw_ws.emulator.state import State
from apigw_ws.emulator.values import AwsError

Values = dict[str, Any]
ROLE = "/cloudwatchRoleArn"


class Account:
    """Without a role, as a new account is, it writes no logs."""

    def __init__(self, state: State) -> None:
        self._kept = state.section("account_settings")

    def operations(self) -> dict[str, Any]:
        return {"GetAccount": self.get_account, "UpdateAccount": self.update_account}

    def get_account(self, asked: Values) -> Values:
        return {
            **self._kept,
            "throttleSettings": {"burstLimit": 5000, "rateLimit": 10000.0},
            "features": ["UsagePlans"],
            "apiKeyVersion": "4",
        }

    def update_account(self, asked: Values) -> Values:
        for operation in asked.get("patchOperations", ()):
            if (operation.get("op"), operation.get("path")) != ("replace", ROLE):
                message = f"Invalid patch path {operation.get('path')}"
                raise AwsError("BadRequestException", 400, message)
            self._kept[ROLE[1:]] = operation.get("value", "")
        return self.get_account(asked)
