"""Times that the browser reckons on (``live.js``), so that they are not sent again."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString


def moment(when: datetime | None, *, until: bool = False) -> SafeString | None:
    """A time that the browser shows as how long ago, or how soon, and tells on hover."""
    if when is None:
        return None
    local = timezone.localtime(when)
    return format_html(
        '<time class="live-time" datetime="{}" title="{}" data-live="{}">{}</time>',
        when.isoformat(),
        f"{local:%Y-%m-%d %H:%M:%S %Z}",
        "until" if until else "since",
        f"{local:%H:%M:%S}",
    )
