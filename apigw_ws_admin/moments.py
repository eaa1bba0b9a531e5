"""Times that the browser reckons on (``live.js``), so that they are not sent again; and figures of lists."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final

from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apigw_ws_admin.pages import ago


def exactly(when: datetime) -> str:
    """To the second, with its zone."""
    return f"{timezone.localtime(when):%Y-%m-%d %H:%M:%S %Z}"


def moment(when: datetime | None, *, until: bool = False) -> SafeString | None:
    """A time that the browser shows as how long ago, or how soon, and tells on hover."""
    if when is None:
        return None
    return format_html(
        '<time class="live-time" datetime="{}" title="{}" data-live="{}">{}</time>',
        when.isoformat(),
        exactly(when),
        "until" if until else "since",
        f"{timezone.localtime(when):%H:%M:%S}",
    )


def told(when: datetime, text: str) -> SafeString:
    """A time in these words, and on hover exactly."""
    html = '<time class="apigw-time" datetime="{}" title="{}">{}</time>'
    return format_html(html, when.isoformat(), exactly(when), text)


def past(when: datetime) -> SafeString:
    """How long ago it was when the page was asked for."""
    return told(when, ago(when))


class ReadableFigures:
    """For a ModelAdmin: its list tells fields of times by ``past``, and groups the digits of numbers."""

    model: type[models.Model]
    #: Unfold asks for it with each row, and a template that does not find it takes a millisecond.
    list_sections: Any = ()

    def get_list_display(self, request: HttpRequest) -> Sequence[Any]:
        columns = super().get_list_display(request)  # type: ignore[misc]
        return [column if hasattr(self, str(column)) else _readable(self.model, column) for column in columns]


def _readable(model: type[models.Model], column: Any) -> Any:
    try:
        field: Any = model._meta.get_field(column)
    except FieldDoesNotExist:
        return column
    shown = next((show for kind, show in _SHOWN.items() if isinstance(field, kind)), None)
    return _column(field, shown) if shown else column


def _column(field: Any, shown: Callable[[Any], Any]) -> Callable[[models.Model], Any]:
    def column(record: models.Model) -> Any:
        value = getattr(record, field.name)
        return None if value is None else shown(value)

    column.__name__ = field.name
    column.short_description = field.verbose_name  # type: ignore[attr-defined]
    column.admin_order_field = field.name  # type: ignore[attr-defined]
    return column


def grouped(number: int) -> str:
    return str(number_format(number, force_grouping=True))


_SHOWN: Final[dict[type, Callable[[Any], Any]]] = {models.DateTimeField: past, models.IntegerField: grouped}
