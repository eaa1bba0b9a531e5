"""What the cells of a session show. The browser reckons times on, so that they are not sent again."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString

#: The first that fits names the program: others than Firefox say that they are Chrome or Safari, too.
_PROGRAMS: Final = (
    (re.compile(r"Edg\w*/(\d+)"), "Edge"),
    (re.compile(r"OPR/(\d+)"), "Opera"),
    (re.compile(r"Firefox/(\d+)"), "Firefox"),
    (re.compile(r"Chrome/(\d+)"), "Chrome"),
    (re.compile(r"Version/(\d+).*Safari/"), "Safari"),
)


def moment(when: datetime | None, *, until: bool = False) -> SafeString | None:
    """A time that the browser shows as how long ago, or how soon, and tells on hover."""
    if when is None:
        return None
    local = timezone.localtime(when)
    return format_html(
        '<time class="live-time" datetime="{}" title="{}" data-live="{}">{}</time>',
        when.isoformat(),
        date_format(local, "Y-m-d H:i:s T"),
        "until" if until else "since",
        f"{local:%H:%M:%S}",
    )


def program(user_agent: str) -> str:
    """“Firefox 128”, else the first product that the user agent names."""
    for pattern, name in _PROGRAMS:
        if found := pattern.search(user_agent):
            return f"{name} {found[1]}"
    return user_agent.partition(" ")[0].replace("/", " ")
