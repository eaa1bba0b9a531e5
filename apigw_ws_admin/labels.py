"""Coloured labels in lists, for Unfold's ``@display(label=…)``."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apigw_ws.conf import conf
from apigw_ws.models import ApiGateway, WebSocketToken

#: What selects the colour, and the text.
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
#: The colour of a broadcast's state.
BROADCAST: Final = {
    "draft": "default",
    "scheduled": "info",
    "queued": "info",
    "sending": "info",
    "paused": "warning",
    "cancelling": "warning",
    "cancelled": "default",
    "done": "success",
    "failed": "danger",
}
#: The colour of what became of a broadcast's recipient.
RECIPIENT: Final = {
    "gone": "default",
    "forbidden": "danger",
    "throttled": "warning",
    "too_large": "danger",
    "failed": "danger",
    "cancelled": "default",
}
#: The colour of a trace's state.
TRACE: Final = {"running": "success", "stopped": "default", "full": "warning", "over": "default"}
#: The colour of what the doctor finds.
FINDING: Final = {"green": "success", "unknown": "default", "amber": "warning", "red": "danger"}

#: For how many minutes somebody is banned; 0: until it is lifted.
BAN_MINUTES: Final = (
    (15, _("15 minutes")),
    (60, _("An hour")),
    (24 * 60, _("A day")),
    (7 * 24 * 60, _("A week")),
    (30 * 24 * 60, _("30 days")),
    (0, _("Until it is lifted")),
)
#: The colour of a connect token's state.
TOKEN: Final = {"used": "success", "valid": "info", "expired": "warning"}


def token_state(token: WebSocketToken) -> Label:
    if token.used_on:
        return "used", _("Used")
    if timezone.now() - token.created_on < timedelta(seconds=conf.token_max_age):
        return "valid", _("Valid")
    return "expired", _("Expired")


def environment_colour(gateway: ApiGateway) -> str:
    """Return the environment of the gateway's account; empty if it has none."""
    return ENVIRONMENT[gateway.account.environment] if gateway.account else ""


def status_colour(status: int) -> str:
    """Of the HTTP status with which a handler answered."""
    if status < 400:
        return "success"
    return "warning" if status < 500 else "danger"
