"""Coloured labels in lists, for Unfold's ``@display(label=…)``."""

from __future__ import annotations

from typing import Final

from django.utils.functional import Promise

from apigw_ws.models import ApiGateway

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
#: The colour of a session's state.
SESSION: Final = {"live": "success", "idle": "warning", "expired": "danger", "closed": "default"}
#: The colour of what the doctor finds.
FINDING: Final = {"green": "success", "unknown": "default", "amber": "warning", "red": "danger"}


def environment_colour(gateway: ApiGateway) -> str:
    """Of the gateway's account; empty where it has none."""
    return ENVIRONMENT[gateway.account.environment] if gateway.account else ""
