"""IDs on pages: in letters of one width, with a button that copies them (``copying.js``)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, Final

from django.db import models
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

#: Fields of records that hold one.
FIELDS: Final = frozenset({"api_id", "connection_id", "deployment_id", "uid"})

_HTML: Final = (
    '<span class="apigw-id"><code>{}</code>'
    ' <button type="button" aria-label="{}" aria-live="polite" data-copy="{}">{}</button></span>'
)


def identifier(text: str) -> SafeString:
    """An ID as a page about one thing shows it. Lists leave the button out: ``code`` is enough there."""
    return format_html(_HTML, text, _("Copy %s") % text, _("Copied"), _("Copy"))


def copyable(model: type[models.Model], names: Iterable[Any]) -> tuple[Any, ...]:
    """Read-only fields for a ModelAdmin, in which IDs can be copied."""
    return tuple(_column(model, name) if name in FIELDS else name for name in names)


class CopyableIds:
    """For a ModelAdmin of records, which nobody edits."""

    model: type[models.Model]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Sequence[Any]:
        return copyable(self.model, super().get_readonly_fields(request, obj))  # type: ignore[misc]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Sequence[Any]:
        return copyable(self.model, super().get_fields(request, obj))  # type: ignore[misc]


@cache
def _column(model: type[models.Model], name: str) -> Any:
    field: Any = model._meta.get_field(name)

    def column(record: models.Model) -> SafeString | None:
        text = getattr(record, name)
        return identifier(str(text)) if text else None

    column.__name__ = name
    column.short_description = field.verbose_name  # type: ignore[attr-defined]
    return column
