"""docs/client.md says what client.js does."""

from __future__ import annotations

import re

import pytest

from tests.browser.conftest import ROOT

CLIENT = (ROOT / "static/apigw_ws/client.js").read_text()
PAGE = (ROOT / "docs/client.md").read_text()


def between(start: str, end: str) -> str:
    return CLIENT.split(start, 1)[1].split(end, 1)[0]


def test_every_option_is_documented() -> None:
    options = re.findall(r"^  (?:/\*\*.*\*/ )?(\w+): ", between("const DEFAULTS = {", "\n};"), re.MULTILINE)

    assert len(options) > 10
    assert [name for name in options if f"`{name}`" not in PAGE] == []


def test_every_error_code_is_documented() -> None:
    codes = set(re.findall(r"GatewaySocketError\(\s*\"(\w+)\"", CLIENT))

    assert len(codes) > 5
    assert [code for code in codes if f"| `{code}` |" not in PAGE] == []


@pytest.mark.parametrize("event", ["open", "message", "close", "reconnecting", "state", "error"])
def test_every_event_is_documented(event: str) -> None:
    assert f'"{event}"' in CLIENT
    assert f"| `{event}` |" in PAGE


def test_it_is_small() -> None:
    code = [line for line in CLIENT.splitlines() if line.strip() and not re.match(r"\s*(//|/?\*)", line)]

    assert len(code) < 300
