"""Converts between model fields and values in files: JSON values, the same in every language."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import models
from django.utils.translation import gettext as _
from import_export.widgets import Widget

_TRUTHS: Final = {"true": True, "false": False, "1": True, "0": False}


class ModelWidget(Widget):
    """For import-export: a value of this model field. Invalid ones are refused, not converted."""

    def __init__(self, field: models.Field[Any, Any]) -> None:
        super().__init__()
        self.field = field

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> Any:
        """Raises ValueError."""
        return value_of(self.field, value)

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> Any:
        return plain(value)


def plain(value: Any) -> Any:
    """Return the value for JSON: times in ISO 8601 and UTC, everything else as it is."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return str(value) if isinstance(value, UUID) else value


def value_of(field: models.Field[Any, Any], value: Any) -> Any:
    """Return what the field stores for a value from a file. Raises ValueError."""
    if value is None or value == "":
        return None if field.null else field.get_default()
    match field:
        case models.DateTimeField():
            return _moment(value)
        case models.JSONField():
            return _structure(value)
        case models.BooleanField():
            return _truth(value)
        case models.FloatField() | models.IntegerField():
            return _number(field, value)
    if not isinstance(value, str):
        raise ValueError(_("“%s” is no text. Put it in quotes.") % (value,))
    return value


def record_of(fields: Iterable[models.Field[Any, Any]], values: Mapping[str, Any]) -> dict[str, Any]:
    """As ``value_of``, for several fields; a field without a value gets its default."""
    known = {field.name: field for field in fields}
    check_names(values, known)
    return {
        name: value_of(field, values[name]) if name in values else field.get_default()
        for name, field in known.items()
    }


def check_names(values: Any, known: Iterable[str]) -> None:
    """Raise ValueError if ``values`` is not a mapping, or has other names."""
    if not isinstance(values, dict):
        raise ValueError(_("“%s” has no names and values.") % (values,))
    if unknown := [*values.keys() - known]:
        raise ValueError(_("“%(name)s” is unknown.") % {"name": min(unknown)})


def listed(value: Any) -> list[Any]:
    """Return a list, which CSV has as text. Raises ValueError."""
    found = _structure(value) if value else []
    if not isinstance(found, list):
        raise ValueError(_("“%s” is no list.") % (value,))
    return found


def problems(error: ValidationError) -> tuple[str, ...]:
    """Return the problems, each with the column that it is about."""
    if not hasattr(error, "error_dict"):
        return tuple(error.messages)
    return tuple(
        message if name == NON_FIELD_ERRORS else f"{name}: {message}"
        for name, messages in error.message_dict.items()
        for message in messages
    )


def within(name: str, key: object, error: ValidationError) -> ValidationError:
    """Return the error of a part of the record as an error of the column ``name``."""
    return ValidationError({name: [f"{key}: {problem}" for problem in problems(error)]})


def _structure(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        raise ValueError(_("“%s” is not JSON.") % value) from None


def _truth(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if (known := _TRUTHS.get(str(value).lower())) is None:
        raise ValueError(_("“%s” is neither true nor false.") % (value,))
    return known


def _number(field: models.Field[Any, Any], value: Any) -> Any:
    problem = ValueError(_("“%s” is no number that fits here.") % (value,))
    if isinstance(value, bool | list | dict):
        raise problem
    try:
        number = field.to_python(value)
    except (ValidationError, OverflowError):
        raise problem from None
    if not math.isfinite(number) or (isinstance(value, float) and number != value):
        raise problem
    return number


def _moment(value: Any) -> datetime:
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        moment = None
    if moment is None or moment.tzinfo is None:
        raise ValueError(_("“%s” is no time with its zone, such as 2026-01-31T12:00:00Z.") % (value,))
    return moment
