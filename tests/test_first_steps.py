"""What docs/first-steps.md tells a newcomer to paste does what it says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.core.checks import run_checks
from pytest_django import Settings

from apigw_ws.models import ApiGateway
from tests.emulator.serving import Served

PAGE = Path(__file__).resolve().parent.parent / "docs/first-steps.md"
SETTINGS, VIEW, URLS, GATEWAY, TEST = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)


@pytest.fixture(autouse=True)
def project(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "firststeps"
    package.mkdir()
    (package / "chat.py").write_text(VIEW)
    (package / "urls.py").write_text(URLS.replace("mysite", "firststeps"))
    monkeypatch.syspath_prepend(tmp_path)
    settings.ROOT_URLCONF = "firststeps.urls"


@pytest.mark.django_db  # some checks read gateways
def test_the_settings_are_right(settings: Settings) -> None:
    pasted: dict[str, Any] = {"INSTALLED_APPS": []}
    exec(SETTINGS, pasted)
    settings.APIGW_WS = pasted["APIGW_WS"]

    assert pasted["INSTALLED_APPS"] == ["apigw_ws"]
    assert [found for found in run_checks() if "apigw_ws" in str(found.id)] == []


@pytest.mark.django_db
def test_the_test_passes() -> None:
    pasted: dict[str, Any] = {}
    exec(TEST, pasted)
    method = "test_an_unknown_action_is_answered"

    getattr(pasted["ChatTests"](method), method)()


@pytest.mark.django_db
def test_the_gateway_is_made(aws: Served, capsys: pytest.CaptureFixture[str]) -> None:
    exec(GATEWAY, {})

    assert capsys.readouterr().out == f"{ApiGateway.objects.get().client_url}?channel=lobby\n"
