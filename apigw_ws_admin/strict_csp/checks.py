"""Checks what the strict policy needs from the project, if the app is installed."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from django.contrib.staticfiles import finders
from django.core.checks import CheckMessage, Error

ALPINE: Final = "unfold/js/alpine/alpine.js"
STATIC: Final = Path(__file__).parent / "static"


def check_alpine(**_: Any) -> list[CheckMessage]:
    """With Unfold's Alpine, such a policy leaves pages covered by an overlay that is never removed."""
    if finders.find(ALPINE) == str(STATIC / ALPINE):
        return []
    hint = "Put “apigw_ws_admin.strict_csp” before “unfold” in INSTALLED_APPS."
    return [Error("Pages come with the Alpine that needs 'unsafe-eval'.", hint=hint, id="apigw_ws.E010")]
