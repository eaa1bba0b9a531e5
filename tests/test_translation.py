"""Every string of the source is translated, and compiled."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from apigw_ws.aws.operations import FIELDS
from apigw_ws.aws.spec import ApiSpec, StageSpec

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.skipif(not shutil.which("xgettext"), reason="gettext's tools are not installed")
def test_each_language_has_every_string_and_fills_in_what_the_source_does() -> None:
    """Otherwise ``.ci/messages`` names the strings: run it, translate them, and run it again."""
    checked = subprocess.run(
        [sys.executable, ROOT / ".ci" / "messages", "--check"], capture_output=True, text=True, check=False
    )

    assert (checked.stdout, checked.stderr, checked.returncode) == ("", "", 0)


def test_plans_have_words_for_every_field_of_an_api_and_a_stage() -> None:
    names = {field.name.replace("_", " ") for spec in (ApiSpec, StageSpec) for field in fields(spec)}

    assert names <= set(FIELDS)
