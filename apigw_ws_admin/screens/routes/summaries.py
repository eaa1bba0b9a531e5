"""Summarises in a line what saving the rows would do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apigw_ws.exceptions import ConfigurationError
from apigw_ws.models import ApiGateway
from apigw_ws.services import route_states
from apigw_ws_admin.screens.routes.forms import RouteFormSet


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    #: "2 added", "1 URL changed"; none if there is nothing to save.
    changes: tuple[str, ...]
    #: How it gets to AWS, or why not; empty if it cannot be saved.
    outcome: str
    #: How many rows cannot be saved as they are.
    incomplete: int
    #: The keys that a save removes from AWS at once.
    leaving: tuple[str, ...] = ()
    confirmed: bool = False


def summary(formset: RouteFormSet, settings: int = 0) -> Summary:
    """Return what saving the validated rows, and so many settings of the gateway, would do."""
    changes = tuple(_changes(formset, settings))
    leaving = tuple(formset.leaving()) if formset.applies_at_once else ()
    incomplete = sum(bool(form.errors) for form in formset.forms if not formset.removes(form))
    return Summary(
        changes=changes,
        outcome=_outcome(formset) if changes and not incomplete else "",
        incomplete=incomplete,
        leaving=leaving,
        confirmed=formset.data.get(formset.CONFIRMATION) == " ".join(leaving),
    )


def _changes(formset: RouteFormSet, settings: int) -> Iterator[str]:
    counts = _count(formset)
    for what in _sentences(0):
        if number := counts[what]:
            yield _sentences(number)[what] % number
    if settings:
        yield ngettext("%d setting changed", "%d settings changed", settings) % settings


def _count(formset: RouteFormSet) -> Counter[str]:
    counts: Counter[str] = Counter()
    for form in formset.forms:
        if formset.removes(form):
            counts["removed"] += bool(form.instance.pk)
        elif form.instance.pk is None:
            counts["added"] += form.has_changed()
        else:
            counts.update(_fields(form))
    return counts


def _fields(form: Any) -> Iterator[str]:
    for name in form.changed_data:
        yield name if name != "enabled" else "on" if form.cleaned_data.get("enabled") else "off"


def _sentences(number: int) -> dict[str, str]:
    """Yield the sentences in order."""
    return {
        "added": ngettext("%d added", "%d added", number),
        "integration_url": ngettext("%d URL changed", "%d URLs changed", number),
        "route_key": ngettext("%d key changed", "%d keys changed", number),
        "name": ngettext("%d name changed", "%d names changed", number),
        "two_way": ngettext("%d two-way switch changed", "%d two-way switches changed", number),
        "integration_timeout": ngettext("%d timeout changed", "%d timeouts changed", number),
        "on": ngettext("%d switched on", "%d switched on", number),
        "off": ngettext("%d switched off", "%d switched off", number),
        "removed": ngettext("%d removed", "%d removed", number),
    }


def _outcome(formset: RouteFormSet) -> str:
    gateway: ApiGateway = formset.instance
    if gateway.push_mode == ApiGateway.PushMode.MANUAL:
        return _("nothing is sent to AWS until you apply it.")
    try:
        deploys = route_states.deploys(gateway, formset.kept())
    except ConfigurationError as problem:
        return str(problem)
    if not deploys:
        return _("no deployment is needed.")
    if not formset.may_apply:
        return _("1 deployment, once somebody who may apply it does so.")
    if gateway.push_mode == ApiGateway.PushMode.AUTO:
        return _("1 deployment, applied at once.")
    return _("1 deployment, after the plan is shown for review.")
