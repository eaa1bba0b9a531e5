"""Reads from the URL, which people share, what to show of the timeline."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from django import forms
from django.http import QueryDict
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from apigw_ws.services.activity import YEARS, Kind, Result, Wanted
from apigw_ws_admin.widgets import LongSelect

KINDS: Final[Mapping[Kind, str | Promise]] = {
    Kind.RUN: _("Runs"),
    Kind.EVENT: _("Audit events"),
    Kind.BROADCAST: _("Broadcasts"),
    Kind.REFUSAL: _("Refusals"),
}
RESULTS: Final = {
    Result.DONE: _("Done"),
    Result.WRONG: _("Failed, refused or cancelled"),
    Result.UNDER_WAY: _("Under way"),
}
#: Time ranges until now, and their names.
SPANS: Final = {
    "1h": (dt.timedelta(hours=1), _("1 hour")),
    "24h": (dt.timedelta(hours=24), _("24 hours")),
    "7d": (dt.timedelta(days=7), _("7 days")),
    "30d": (dt.timedelta(days=30), _("30 days")),
}
USUAL: Final = "24h"
#: The shortest time range: charts have whole seconds.
SHORTEST: Final = dt.timedelta(minutes=1)


class Moment(forms.DateTimeField):
    """A time in the URL: ISO 8601, in UTC; without a zone, in Django's."""

    def to_python(self, value: Any) -> dt.datetime | None:
        try:
            moment = parse_datetime(str(value or ""))
        except ValueError:
            moment = None
        if moment is None or moment.year not in YEARS:
            return None
        return timezone.make_aware(moment) if timezone.is_naive(moment) else moment.astimezone(dt.UTC)


class AskForm(forms.Form):
    """Invalid values are ignored: the link may be somebody else's."""

    kind = forms.MultipleChoiceField(label=_("What"), required=False, widget=forms.CheckboxSelectMultiple)
    who = forms.CharField(
        label=_("Who"), required=False, max_length=255, widget=UnfoldAdminTextInputWidget({"size": 12})
    )
    gateway = forms.TypedChoiceField(
        label=_("Gateway"), required=False, coerce=int, empty_value=None, widget=LongSelect
    )
    result = forms.TypedChoiceField(
        label=_("Result"),
        required=False,
        coerce=Result,
        empty_value=None,
        choices=[("", _("All")), *RESULTS.items()],
        widget=UnfoldAdminSelectWidget,
    )
    since = Moment(
        label=_("From"),
        required=False,
        widget=UnfoldAdminTextInputWidget({"type": "datetime-local", "step": 1}),
    )
    until = Moment(
        label=pgettext_lazy("until when", "To"),
        required=False,
        widget=UnfoldAdminTextInputWidget({"type": "datetime-local", "step": 1}),
    )

    def __init__(
        self, data: QueryDict | None, *, kinds: tuple[Kind, ...], gateways: Mapping[int, str], **more: Any
    ) -> None:
        super().__init__(data, auto_id="activity-%s", label_suffix="", **more)
        self.fields["kind"].choices = [(kind, KINDS[kind]) for kind in kinds]  # type: ignore[attr-defined]
        self.fields["gateway"].choices = [("", _("All")), *gateways.items()]  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What to show, of a fixed time range or one that ends now."""

    wanted: Wanted
    #: One of SPANS; empty for a fixed time range.
    span: str
    #: When it was asked.
    now: dt.datetime
    #: The URL's parameters, without those of the time range.
    query: QueryDict

    @property
    def since(self) -> dt.datetime:
        return self.wanted.since or self.now

    @property
    def until(self) -> dt.datetime:
        return self.wanted.until or self.now

    @property
    def goes_on(self) -> bool:
        return self.until >= self.now

    def at(self, since: dt.datetime, until: dt.datetime) -> str:
        """Return the query of the same between these times."""
        return self._query(since=written(since), until=written(until))

    def of_span(self, span: str) -> str:
        return self._query(span=span)

    def without_filters(self) -> str:
        return replace(self, query=QueryDict()).here()

    def by(self, who: str) -> str:
        query = self.query.copy()
        query["who"] = who
        return replace(self, query=query).here()

    def here(self) -> str:
        """Return the query of this page, without a position."""
        return self.of_span(self.span) if self.span else self.at(self.since, self.until)

    def _query(self, **times: str) -> str:
        query = self.query.copy()
        for name, value in times.items():
            query[name] = value
        return query.urlencode()


def asked(data: QueryDict, *, kinds: tuple[Kind, ...], gateways: Mapping[int, str]) -> Asked:
    """Return what the URL asks for, of the kinds that this user may see."""
    form = AskForm(data, kinds=kinds, gateways=gateways)
    form.is_valid()
    values, now = form.cleaned_data, timezone.now()
    span, since, until = _time(data.get("span", ""), values.get("since"), values.get("until"), now)
    wanted = Wanted(
        kinds=tuple(map(Kind, values.get("kind") or ())) or kinds,
        who=values.get("who", "").replace("\0", ""),
        gateway=values.get("gateway"),
        result=values.get("result"),
        since=since,
        until=until,
    )
    query = QueryDict(mutable=True)
    for name in ("kind", "who", "gateway", "result"):
        if values_of := [value for value in data.getlist(name) if value]:
            query.setlist(name, values_of)
    return Asked(wanted=wanted, span=span, now=now, query=query)


def form_of(asked: Asked, *, kinds: tuple[Kind, ...], gateways: Mapping[int, str]) -> AskForm:
    """Return the form, filled in; the browser writes the times in its zone."""
    wanted = asked.wanted
    initial = {
        "kind": [] if wanted.kinds == kinds else wanted.kinds,
        "who": wanted.who,
        "gateway": wanted.gateway,
        "result": wanted.result,
    }
    form = AskForm(None, kinds=kinds, gateways=gateways, initial=initial)
    for name, moment in (("since", wanted.since), ("until", wanted.until)):
        if moment and not asked.span:
            form.fields[name].widget.attrs["data-moment"] = written(moment)
    return form


def written(moment: dt.datetime) -> str:
    """As the URL has it."""
    return moment.astimezone(dt.UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _time(
    span: str, since: dt.datetime | None, until: dt.datetime | None, now: dt.datetime
) -> tuple[str, dt.datetime, dt.datetime | None]:
    """The name in SPANS, the start and the end; None: until now."""
    if since is None and until is None:
        span = span if span in SPANS else USUAL
        return span, now - SPANS[span][0], None
    begin = since or (until or now) - SPANS[USUAL][0]
    return "", begin, max(until or now, begin + SHORTEST)
