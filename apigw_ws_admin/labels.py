"""Coloured labels in lists, for Unfold's ``@display(label=…)``."""

from __future__ import annotations

from typing import Final

from django.utils.functional import Promise

#: What picks the colour, and the text.
Label = tuple[str, str | Promise]

#: The colour of a run's state.
RUN: Final = {"done": "success", "failed": "danger", "running": "info", "interrupted": "warning"}
#: The colour of an account's environment: the more there is to lose, the louder.
ENVIRONMENT: Final = {"production": "danger", "staging": "warning", "development": "info"}

#: The colour of a gateway's health.
HEALTH: Final = {
    "healthy": "success",
    "needs_apply": "warning",
    "failing": "danger",
    "never_applied": "default",
    "unknown": "info",
}
