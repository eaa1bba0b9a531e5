"""What all imported resources share: nothing is guessed, and a file is imported as a whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, ClassVar, Final

import tablib
from django.contrib.auth import get_permission_codename
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from import_export.fields import Field
from import_export.resources import Diff, ModelResource
from import_export.results import RowResult

from apigw_ws.models import ApiGateway, AuditEvent
from apigw_ws.services import audit
from apigw_ws_admin.resources.formats import CSV, JSON, YAML, Format, Record
from apigw_ws_admin.resources.strict import BadFile
from apigw_ws_admin.resources.values import ModelWidget

#: Stands for a column that a record does not have: the stored value stays.
_MISSING: Final = object()


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a value was, and becomes; None for no value."""

    name: str
    before: Any
    after: Any

    @property
    def was(self) -> str:
        return self._shown(self.before, self.after)

    @property
    def becomes(self) -> str:
        return self._shown(self.after, self.before)

    @property
    def gone(self) -> bool:
        """Whether a part is removed."""
        return isinstance(self.before, dict) and self.after is None

    def _shown(self, value: Any, other: Any) -> str:
        """What differs between two mappings; empty if nothing does."""
        if isinstance(value, dict) and isinstance(other, dict):
            value = {key: item for key, item in value.items() if other.get(key, _MISSING) != item}
        return value or "" if isinstance(value, str | None) else json.dumps(value, ensure_ascii=False)


class Differences(Diff):
    """The differences between a record, or the defaults of a new one, and the file."""

    def __init__(self, resource: Transfer, instance: Any, new: bool) -> None:
        self.left = self.right = resource.facts(instance)

    def compare_with(self, resource: Transfer, instance: Any) -> None:
        self.right = resource.facts(instance)

    def as_html(self) -> tuple[Change, ...]:
        """Called by import-export; a template renders it."""
        return tuple(
            Change(name=name, before=self.left.get(name), after=self.right.get(name))
            for name in dict.fromkeys((*self.left, *self.right))
            if self.left.get(name) != self.right.get(name)
        )


class Transfer(ModelResource):
    """Records that move between installations, identified by their ``import_id_fields``.

    ``by`` exports or imports, from ``ip``.
    """

    #: Models that are imported along and may be removed: importing needs permission to change them, too.
    parts: ClassVar[tuple[type[models.Model], ...]] = ()
    #: The columns that name a record for people.
    naming: ClassVar[tuple[str, ...]]
    #: What to do after an import; may be empty.
    next_step: ClassVar[str | Promise] = ""
    formats: ClassVar[tuple[Format, ...]] = (JSON, YAML, CSV)

    class Meta:
        clean_model_instances = True
        store_instance = True
        skip_unchanged = True
        store_row_values = True
        use_transactions = True

    def __init__(self, *, by: Any = None, ip: str | None = None) -> None:
        super().__init__()
        self.by, self.ip = by, ip
        self._rows: dict[Hashable, int] = {}
        self._locks = False

    @classmethod
    def field_from_django_field(
        cls, field_name: str, django_field: models.Field[Any, Any], readonly: bool
    ) -> Field:
        return Field(attribute=field_name, column_name=field_name, widget=ModelWidget(django_field))

    @classmethod
    def get_diff_class(cls) -> type[Diff]:
        return Differences

    @classmethod
    def permissions(cls) -> list[str]:
        """Return the permissions that importing needs."""
        verbs = {cls._meta.model: ("add", "change")} | dict.fromkeys(cls.parts, ("add", "change", "delete"))
        return [
            f"{model._meta.app_label}.{get_permission_codename(verb, model._meta)}"
            for model in verbs
            for verb in verbs[model]
        ]

    def columns(self) -> list[str]:
        return list(self.get_export_headers())

    def record(self, instance: Any) -> dict[str, Any]:
        """Return what a file has of the record."""
        return {field.column_name: field.export(instance) for field in self.get_export_fields()}

    def facts(self, instance: Any) -> dict[str, Any]:
        """Return the record's values, each of which is compared."""
        return self.record(instance)

    def records(self, queryset: QuerySet[Any]) -> Iterator[Record]:
        """Return those of ``queryset`` that this user may export."""
        return map(self.record, self.iter_queryset(self.filter_export(queryset)))

    def dataset(self, records: Sequence[Record]) -> tablib.Dataset:
        """Return the records for ``import_data``. Raises BadFile for unknown or missing columns."""
        columns = list(dict.fromkeys(name for record in records for name in record))
        for name in columns:
            if name not in self.columns():
                raise BadFile(self._unknown(name))
        for name in self.get_import_id_fields():
            if name not in columns:
                raise BadFile(_("There is no column “%s”, which tells the records apart.") % name)
        rows = ([record.get(name, _MISSING) for name in columns] for record in records)
        return tablib.Dataset(*rows, headers=columns)

    def named(self, record: Record) -> str:
        """Return the record's name for people."""
        return " · ".join(str(record[name]) for name in self.naming if record.get(name))

    def get_queryset(self) -> QuerySet[Any]:
        """What may be here already. While it is imported, nobody else changes a record that was compared."""
        found: QuerySet[Any] = super().get_queryset()
        return found.select_for_update(of=("self",)) if self._locks else found

    def before_import_row(self, row: dict[str, Any], **kwargs: Any) -> None:
        self._locks = not kwargs["dry_run"]
        for name in [name for name, value in row.items() if value is _MISSING]:
            del row[name]
        number = kwargs["row_number"]
        if (earlier := self._rows.setdefault(self.key(row), number)) != number:
            raise ValidationError(_("Row %d is about the same. Leave one of them out.") % earlier)
        super().before_import_row(row, **kwargs)

    def after_import_row(self, row: Any, row_result: RowResult, **kwargs: Any) -> None:
        super().after_import_row(row, row_result, **kwargs)
        if not kwargs["dry_run"] and not row_result.is_skip():
            self.noted(row_result.instance, row_result.diff, new=row_result.is_new())

    def noted(self, instance: Any, changes: tuple[Change, ...], *, new: bool) -> None:
        """Audit what was done to a record."""
        gateway = instance if isinstance(instance, ApiGateway) else None
        audit.record(
            AuditEvent.Verb.ADD if new else AuditEvent.Verb.CHANGE,
            gateway,
            what="" if gateway else f"{instance._meta.verbose_name} {instance}",
            by=self.by,
            ip=self.ip,
            before=None if new else {change.name: change.before for change in changes},
            after={change.name: change.after for change in changes},
        )

    def get_instance(self, instance_loader: Any, row: Mapping[str, Any]) -> Any:
        """The stored record; None for an invalid name, which is reported later."""
        try:
            return super().get_instance(instance_loader, row)
        except ValueError:
            return None

    def key(self, row: Mapping[str, Any]) -> Hashable:
        """Return what identifies a row's record."""
        return tuple(repr(row.get(name)) for name in self.get_import_id_fields())

    def skip_row(
        self,
        instance: Any,
        original: Any,
        row: Any,
        import_validation_errors: Mapping[str, Any] | None = None,
    ) -> bool:
        if import_validation_errors or original.pk is None:
            return False
        return self.record(instance) == self.record(original)

    def _unknown(self, name: str) -> str:
        if near := get_close_matches(name, self.columns(), 1):
            return _("There is no column “%(name)s”. Is “%(near)s” meant?") % {"name": name, "near": near[0]}
        return _("There is no column “%(name)s”. These are known: %(known)s.") % {
            "name": name,
            "known": ", ".join(self.columns()),
        }
