"""The account's own settings, asked with the real boto3."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from apigw_ws.emulator.aws_services.account import Account
from apigw_ws.emulator.state import State
from tests.emulator.aws import refused
from tests.emulator.serving import running_emulator

ROLE = "arn:aws:iam::123456789012:role/logs"


@pytest.fixture(scope="module")
def account() -> Iterator[Any]:
    with running_emulator() as served:
        yield served.client("apigateway")


def change(op: str, path: str, value: str) -> list[dict[str, str]]:
    return [{"op": op, "path": path, "value": value}]


def test_an_account_has_a_log_role_once_it_is_given_one(account: Any) -> None:
    assert "cloudwatchRoleArn" not in account.get_account()

    account.update_account(patchOperations=change("replace", "/cloudwatchRoleArn", ROLE))

    assert account.get_account()["cloudwatchRoleArn"] == ROLE
    assert account.get_account()["throttleSettings"] == {"burstLimit": 5000, "rateLimit": 10000.0}


def test_nothing_else_of_an_account_can_be_changed(account: Any) -> None:
    with refused(400, "BadRequestException", "Invalid patch path /features"):
        account.update_account(patchOperations=change("replace", "/features", "x"))


def test_other_things_of_the_first_version_are_not_built(account: Any) -> None:
    with refused(404, "UnknownOperationException"):
        account.get_rest_apis()


def test_the_role_outlives_a_restart(tmp_path: Path) -> None:
    state = State(tmp_path / "state.json")
    Account(state).update_account({"patchOperations": change("replace", "/cloudwatchRoleArn", ROLE)})
    state.save()

    again = Account(State(tmp_path / "state.json"))

    assert again.get_account({})["cloudwatchRoleArn"] == ROLE
