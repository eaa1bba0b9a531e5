"""What concerns all gateways. AWS is not asked."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.utils import timezone
from django.utils.translation import gettext as _

from apigw_ws.conf import conf
from apigw_ws.services import chores, reaper
from apigw_ws.services.doctor import checking
from apigw_ws.services.doctor.findings import Finding, Verdict, age, amber, finding, green, red

#: How many ticks of the reaper may be missing before nobody seems to do them.
MISSING: Final = 3


def of_project() -> list[Finding]:
    """What the system checks find in the project, and whether the reaper is at work."""
    checks = checking.of_project()
    fine = green(_("The system checks find nothing to complain about."))
    return [
        *(checks or [finding("checks", _("Settings, views and URLs"), fine)]),
        of_reaper(),
    ]


def of_reaper() -> Finding:
    """Whether somebody closes the sessions whose end nobody told; one query."""
    return finding("reaper", _("Reaper"), _reaper())


def _reaper() -> Verdict:
    last = chores.last_turn(reaper.NAME)
    remedy = _("Keep “manage.py ws_reap --forever” running, beside the worker.")
    if last is None or last.started_on is None:
        why = _("It has never run: sessions whose end nobody told stay live for ever.")
        return amber(why, remedy)
    ago = {"age": age(last.started_on)}
    if timezone.now() - last.started_on > MISSING * timedelta(seconds=conf.reaper_interval):
        why = _("Its last tick was %(age)s ago: sessions whose end nobody told stay live.")
        return red(why % ago, remedy)
    if last.error_text:
        why = _("Its last tick, %(age)s ago, failed: %(error)s.")
        said = {**ago, "error": last.error_text.rstrip(".")}
        return amber(why % said, _("Remove the cause; it tries again by itself."))
    return green(_("Its last tick was %(age)s ago.") % ago)
