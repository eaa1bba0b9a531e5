"""The app that takes the place of Unfold's Alpine."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles import finders

from apigw_ws_admin.strict_csp.checks import ALPINE, STATIC, check_alpine


@pytest.fixture(autouse=True)
def own_finders() -> Iterator[None]:
    finders.get_finder.cache_clear()
    yield
    finders.get_finder.cache_clear()


def test_pages_must_come_with_its_alpine(settings: Any) -> None:
    assert [each.id for each in check_alpine()] == ["apigw_ws.E010"]

    finders.get_finder.cache_clear()
    settings.STATICFILES_DIRS = [STATIC]
    assert check_alpine() == []


def test_its_alpine_is_the_published_one() -> None:
    folder = Path(STATIC / ALPINE).parent

    told = (folder / "README").read_text().split("sha256 ")[1].strip()
    assert told == hashlib.sha256((folder / "alpine.js").read_bytes()).hexdigest()
    assert "MIT License" in (folder / "LICENSE").read_text()
