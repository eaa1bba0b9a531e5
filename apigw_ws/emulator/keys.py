"""The access keys that may sign requests: given on the command line, or made at the first start."""

from __future__ import annotations

import secrets
import string

from apigw_ws.emulator.state import State

#: AWS's own example account, recognisable in every ARN.
DEFAULT_ACCOUNT = "123456789012"
_ALPHABET = string.ascii_uppercase + "234567"


def access_keys(state: State, access_key: str = "", secret_key: str = "") -> dict[str, str]:
    """Secrets by access key: the given pair alone, else the pair that the state keeps.

    A pair is made and saved where the state has none.
    """
    if access_key and secret_key:
        return {access_key: secret_key}
    kept = state.section("keys")
    if not kept:
        kept["AKIA" + "".join(secrets.choice(_ALPHABET) for _ in range(16))] = secrets.token_urlsafe(30)
        state.save()
    return dict(kept)


def account_id(state: State, wanted: str = "") -> str:
    """The account that the state's resources belong to; the first start decides it."""
    account = state.section("account")
    if "id" not in account:
        account["id"] = wanted or DEFAULT_ACCOUNT
        state.save()
    return str(account["id"])
