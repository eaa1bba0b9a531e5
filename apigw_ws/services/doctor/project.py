"""What concerns all gateways. AWS is not asked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apigw_ws.conf import conf
from apigw_ws.models import Sighting
from apigw_ws.services import chores, patrol, reaper
from apigw_ws.services.doctor import checking
from apigw_ws.services.doctor.findings import Finding, Verdict, age, amber, finding, green, red

#: How many ticks of the reaper may be missing before nobody seems to do them.
MISSING: Final = 3


def of_project() -> list[Finding]:
    """What the system checks find, whether the reaper is at work, and what could not be looked at in AWS."""
    return [*of_setup(), *of_looks()]


def of_setup() -> list[Finding]:
    """Those among which there can be problems."""
    checks = checking.of_project()
    fine = green(_("The system checks find nothing to complain about."))
    return [
        *(checks or [finding("checks", _("Settings, views and URLs"), fine)]),
        of_reaper(),
    ]


def of_looks() -> list[Finding]:
    """The gateways that could not be seen in AWS while nobody opened their pages, if any; one query."""
    missed = patrol.missed()
    return [finding("looks", _("Looks at AWS"), _looks(missed))] if missed else []


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


def why_missed(missed: Sequence[Sighting]) -> str:
    """Return a sentence about gateways that could not be looked at, with the first one's name and problem."""
    why = ngettext(
        "%(number)d gateway could not be looked at in AWS, “%(gateway)s”: %(why)s",
        "%(number)d gateways could not be looked at in AWS, among them “%(gateway)s”: %(why)s",
        len(missed),
    )
    return why % {"number": len(missed), "gateway": missed[0].gateway, "why": missed[0].problem}


def _looks(missed: Sequence[Sighting]) -> Verdict:
    remedy = _("Until they can, their drift and certificates are shown as they were last seen.")
    return amber(why_missed(missed), remedy)
