"""What the strict variant needs of the project that installs it. The ID goes on from those of the console."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from django.contrib.staticfiles import finders
from django.core.checks import CheckMessage, Error, register

ALPINE: Final = "unfold/js/alpine/alpine.js"


@register
def check_alpine(**_: Any) -> list[CheckMessage]:
    """With Unfold's, a policy without 'unsafe-eval' covers every page with a layer that nothing removes."""
    ours = Path(__file__).parent / "static" / ALPINE
    if finders.find(ALPINE) == str(ours):
        return []
    hint = "Put “apigw_ws_admin.strict_csp” before “unfold” in INSTALLED_APPS."
    return [Error("Pages come with the Alpine that needs 'unsafe-eval'.", hint=hint, id="apigw_ws.E010")]
