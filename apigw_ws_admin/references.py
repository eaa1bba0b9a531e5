"""What records refer to, on their pages."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.http import HttpRequest
from unfold.admin import ModelAdmin


class OpenLinks(ModelAdmin):  # type: ignore[misc]
    """A link to those who may see what it leads to, and a name to others: Django links it for everybody."""

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.opened(request, super().get_readonly_fields(request, obj))

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.opened(request, super().get_fields(request, obj))

    def opened(self, request: HttpRequest, names: Iterable[Any]) -> tuple[Any, ...]:
        """The fields, those of what this person may not see without their links."""
        return tuple(_named(self.model, name) if self._is_closed(request, name) else name for name in names)

    def _is_closed(self, request: HttpRequest, name: Any) -> bool:
        try:
            model: Any = self.model._meta.get_field(name).related_model
        except FieldDoesNotExist:
            return False
        if not (model and self.admin_site.is_registered(model)):
            return False
        return not self.admin_site.get_model_admin(model).has_view_permission(request)


@cache
def _named(model: type[models.Model], name: str) -> Callable[[models.Model], Any]:
    """A read-only field of the same name and title, without the link."""

    def field(record: models.Model) -> Any:
        return getattr(record, name)

    field.__name__ = name
    known: Any = model._meta.get_field(name)
    field.short_description = known.verbose_name  # type: ignore[attr-defined]
    return field
