"""Every string of the source is translated, and compiled."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.skipif(not shutil.which("xgettext"), reason="gettext's tools are not installed")
def test_each_language_has_every_string_and_fills_in_what_the_source_does() -> None:
    """Otherwise ``.ci/messages`` names the strings: run it, translate them, and run it again."""
    checked = subprocess.run(
        [sys.executable, ROOT / ".ci" / "messages", "--check"], capture_output=True, text=True, check=False
    )

    assert (checked.stdout, checked.stderr, checked.returncode) == ("", "", 0)
