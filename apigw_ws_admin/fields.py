"""Fields of records, as lists and pages show them: times, numbers and IDs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, Final

from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.http import HttpRequest
from django.utils.formats import number_format

from apigw_ws_admin.identifiers import code, identifiers
from apigw_ws_admin.moments import at_length, past

#: Fields of records that hold an ID, or several.
IDS: Final = frozenset({"account_id", "api_id", "connection_id", "deployment_id", "request_ids", "uid"})
Shown = Callable[[Any], Any]


class ReadableFigures:
    """For a ModelAdmin: its list tells times by ``past``, groups the digits of numbers and copies IDs."""

    model: type[models.Model]
    #: Unfold asks for it with each row, and a template that does not find it takes a millisecond.
    list_sections: Any = ()

    def get_list_display(self, request: HttpRequest) -> Sequence[Any]:
        columns = super().get_list_display(request)  # type: ignore[misc]
        return [
            column if hasattr(self, str(column)) else _shown(self.model, column, "cell" if place else "link")
            for place, column in enumerate(columns)
        ]


class CopyableIds:
    """For a ModelAdmin of records, which nobody edits."""

    model: type[models.Model]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Sequence[Any]:
        return copyable(self.model, super().get_readonly_fields(request, obj))  # type: ignore[misc]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Sequence[Any]:
        return copyable(self.model, super().get_fields(request, obj))  # type: ignore[misc]


def copyable(model: type[models.Model], names: Iterable[Any]) -> tuple[Any, ...]:
    """Read-only fields for a ModelAdmin, in which IDs can be copied, and times and numbers read at length."""
    return tuple(_shown(model, name, "page") for name in names)


def grouped(number: int) -> str:
    return str(number_format(number, force_grouping=True))


def _id(text: Any) -> Any:
    return identifiers(str(text))


#: How an ID and a time are shown: as the link of a row, in another cell of it, and on a page.
_WAYS: Final[Mapping[str, tuple[Shown, Callable[[datetime], Any]]]] = {
    "link": (lambda text: code(str(text)), past),
    "cell": (_id, past),
    "page": (_id, at_length),
}


@cache
def _shown(model: type[models.Model], name: Any, where: str) -> Any:
    """The field as a column or a read-only field. What else there is under that name is as it was."""
    try:
        field: Any = model._meta.get_field(name)
    except FieldDoesNotExist:
        return name
    id_shown, time_shown = _WAYS[where]
    if name in IDS:
        return _column(field, id_shown)
    if isinstance(field, models.DateTimeField):
        return _column(field, time_shown)
    return _column(field, grouped) if isinstance(field, models.IntegerField) else name


def _column(field: Any, shown: Shown) -> Callable[[models.Model], Any]:
    def column(record: models.Model) -> Any:
        value = getattr(record, field.name)
        return None if value in {None, ""} else shown(value)

    column.__name__ = field.name
    column.short_description = field.verbose_name  # type: ignore[attr-defined]
    column.admin_order_field = field.name  # type: ignore[attr-defined]
    return column
