"""Times, told one way: roughly, and on hover to the second with their zone.

In the operator's zone (``zones``). The browser keeps them true, and puts the zone right where it was not
known yet (``moments.js``); ``live.js`` reckons those that count seconds.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince, timeuntil
from django.utils.timezone import template_localtime  # type: ignore[attr-defined,unused-ignore]
from django.utils.translation import gettext as _

#: What a time of day, or a day, is written as: ``data-clock`` says which to ``moments.js``.
CLOCKS: Final = {"time": "H:i", "exact": "H:i:s", "full": "Y-m-d H:i", "date": "Y-m-d", "day": "j M"}


def age(moment: datetime) -> str:
    """How long ago it was, for “… ago”."""
    return _("less than a minute") if timezone.now() - moment < timedelta(minutes=1) else timesince(moment)


def ago(moment: datetime) -> str:
    """How long ago it was, or how soon it is, roughly, where there is little room."""
    passed = timezone.now() - moment
    if abs(passed) < timedelta(minutes=1):
        return _("just now")
    if passed < timedelta():
        return _("in %s") % timeuntil(moment, depth=1)
    return _("%s ago") % timesince(moment, depth=1)


def exactly(when: datetime) -> str:
    """To the second, with its zone."""
    return f"{template_localtime(when):%Y-%m-%d %H:%M:%S %Z}"


def moment(when: datetime | None, *, until: bool = False) -> SafeString | None:
    """A time that the browser shows as how long ago, or how soon, and tells on hover."""
    if when is None:
        return None
    return format_html(
        '<time class="live-time" datetime="{}" title="{}" data-live="{}">{}</time>',
        when.isoformat(),
        exactly(when),
        "until" if until else "since",
        f"{template_localtime(when):%H:%M:%S}",
    )


def told(when: datetime, text: str) -> SafeString:
    """A time in these words, and on hover exactly."""
    html = '<time class="apigw-time" datetime="{}" title="{}">{}</time>'
    return format_html(html, when.isoformat(), exactly(when), text)


def past(when: datetime | None) -> SafeString | None:
    """How long ago it was, or how soon it is; None without a time."""
    if when is None:
        return None
    html = '<time class="apigw-time" datetime="{}" title="{}" data-ago="{}">{}</time>'
    return format_html(html, when.isoformat(), exactly(when), _("just now"), ago(when))


def at_length(when: datetime) -> SafeString:
    """Where there is room for both: how long ago it was, and when."""
    return format_html('{} <span class="apigw-exact">{}</span>', past(when), told(when, exactly(when)))


def clock(when: datetime | None, form: str = "") -> SafeString | None:
    """The time of day, with the date where that is not today's; or one of ``CLOCKS``. None without a time."""
    if when is None:
        return None
    here = template_localtime(when)
    form = form or ("exact" if here.date() == template_localtime(timezone.now()).date() else "full")
    html = '<time class="apigw-time" datetime="{}" title="{}" data-clock="{}">{}</time>'
    return format_html(html, when.isoformat(), exactly(when), form, date_format(here, CLOCKS[form]))


def lasting(seconds: float) -> str:
    """How long something took, to two or three digits: 80 ms, 1.2 s, 2 min 5 s."""
    if seconds < 1:
        return _("%(number)s ms") % {"number": round(seconds * 1000)}
    if seconds < 120:
        return _("%s s") % number_format(seconds, 1)
    return _("%(minutes)d min %(seconds)d s") % {"minutes": seconds // 60, "seconds": seconds % 60}
