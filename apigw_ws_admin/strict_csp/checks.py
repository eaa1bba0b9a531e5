"""What the stricter policy needs of the project. Where the app is not installed, nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from django.contrib.staticfiles import finders
from django.core.checks import CheckMessage, Error

ALPINE: Final = "unfold/js/alpine/alpine.js"
STATIC: Final = Path(__file__).parent / "static"


def check_alpine(**_: Any) -> list[CheckMessage]:
    """With Unfold's, a policy without 'unsafe-eval' leaves pages covered by a layer that nothing removes."""
    if finders.find(ALPINE) == str(STATIC / ALPINE):
        return []
    hint = "Put “apigw_ws_admin.strict_csp” before “unfold” in INSTALLED_APPS."
    return [Error("Pages come with the Alpine that needs 'unsafe-eval'.", hint=hint, id="apigw_ws.E010")]
