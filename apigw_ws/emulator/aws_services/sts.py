"""STS: who is asking."""

from __future__ import annotations

from typing import Any


class Sts:
    def __init__(self, account_id: str) -> None:
        self.account_id = account_id

    def operations(self) -> dict[str, Any]:
        return {"GetCallerIdentity": self.get_caller_identity}

    def get_caller_identity(self, asked: dict[str, Any]) -> dict[str, Any]:
        """One made-up user; every key that may sign is hers."""
        return {
            "Account": self.account_id,
            "Arn": f"arn:aws:iam::{self.account_id}:user/emulator",
            "UserId": "AIDAEMULATOR000000000",
        }
