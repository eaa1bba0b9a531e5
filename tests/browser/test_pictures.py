"""The script that takes the documentation's pictures takes one."""

from __future__ import annotations

import runpy
import shutil
import struct
from pathlib import Path
from typing import Any

import pytest

from tests.demo.running import Demo

pytestmark = pytest.mark.browser

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.skipif(shutil.which("chromium") is None, reason="Chromium is not installed")
def test_a_picture_is_taken_of_a_demo(demo: Demo, tmp_path: Path) -> None:
    pytest.importorskip("playwright", reason="playwright is not installed")
    pytest.importorskip("PIL", reason="pillow is not installed")
    script: dict[str, Any] = runpy.run_path(str(ROOT / "docs/pictures.py"))
    testing = [picture for picture in script["PICTURES"] if picture.name == "test-console"]

    script["take"](testing, demo.lines, 0, tmp_path)

    png = (tmp_path / "test-console.png").read_bytes()
    assert struct.unpack(">II", png[16:24]) == (1440, 900)
    assert 10_000 < len(png) < 200_000
