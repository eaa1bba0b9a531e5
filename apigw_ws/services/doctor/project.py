"""What concerns all gateways."""

from __future__ import annotations

from django.utils.translation import gettext as _

from apigw_ws.services.doctor import checking
from apigw_ws.services.doctor.findings import Finding, Level


def of_project() -> list[Finding]:
    """What the system checks find in the project, which asks nobody."""
    return checking.of_project() or [_nothing_wrong()]


def _nothing_wrong() -> Finding:
    return Finding(
        key="checks",
        title=_("Settings, views and URLs"),
        level=Level.GREEN,
        why=_("The system checks find nothing to complain about."),
    )
